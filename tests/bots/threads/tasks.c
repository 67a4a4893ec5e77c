// SPDX-License-Identifier: Apache-2.0
#include "tasks.h"

int request(const char *name, int (*what)(int), int argument)
{
	(void)name;
	return what(argument);
}

int subrequest(int (*what)(int), int argument)
{
	return what(argument);
}

int task(int number)
{
	return number;
}

int group(int (*what)(int), int argument)
{
	int answer = what(argument);

	task(-1);
	return answer;
}

/* Not a tail call: there is something to do after it. */
long left(long depth)
{
	return depth ? right(depth - 1) + 1 : 0;
}

long right(long depth)
{
	return depth ? left(depth - 1) + 2 : 0;
}

long tail_left(long depth, long sum)
{
	return depth ? tail_right(depth - 1, sum + 1) : sum;
}

long tail_right(long depth, long sum)
{
	return depth ? tail_left(depth - 1, sum + 2) : sum;
}
