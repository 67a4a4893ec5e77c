// SPDX-License-Identifier: Apache-2.0
/*
 * Row: thread-local variables of every model around wrapped calls, in libraries loaded at the start and later; their
 * access calls __tls_get_addr, which keeps registers that no other function keeps, with descriptors too.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   bump = int bump(int by)
 * spans:
 *   3 trace all -
 *   18 tool:bump (all) -
 */
#include <pthread.h>
#include <stdio.h>

#include "hazard.h"

int all(int number);
int bump(int by);
extern _Thread_local int global;

#ifdef LIBRARY
_Thread_local int global = 5;
static _Thread_local int local = 7;
static _Thread_local char room[4096];

TRACED int bump(int by)
{
	room[by] = (char)(room[by] + 1);
	global += by;
	local += global;
	return local + room[by];
}

static void *work(void *number)
{
	int n = *(int *)number;

	*(int *)number = bump(n) + global + bump(n + 1) * 3 + local;
	return number;
}

TRACED int all(int number)
{
	int numbers[3] = {number, number + 1, number + 2};
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work, &numbers[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	work(&numbers[2]);
	return numbers[0] * 7 + numbers[1] * 5 + numbers[2];
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 3; i++)
		printf("%d %d\n", all(i), global);
	return 0;
}
#endif
