// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a program that closes every descriptor at its start, in the middle of calls, and by close_range; that changes
 * its folder; whose descriptors have the numbers they would have.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * spans:
 *   6 trace all -
 *   18 tool:leaf (all) -
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hazard.h"

int all(int number);
int leaf(int number);

#ifdef LIBRARY
static void close_all(int number)
{
	if (number % 2)
		syscall(SYS_close_range, 3, ~0U, 0);
	else
		for (int i = 3; i < 1000; i++)
			close(i);
}

TRACED int leaf(int number)
{
	int fd = open("/dev/null", O_RDONLY);

	close_all(number);
	return fd * 100 + number;
}

TRACED int all(int number)
{
	int sum = leaf(number) + leaf(number + 1);

	return sum + leaf(number + 2);
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	if (chdir("/"))
		return 1;
	for (int i = 0; i < 6; i++)
		printf("%d\n", all(i));
	return 0;
}
#endif
