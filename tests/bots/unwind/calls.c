// SPDX-License-Identifier: Apache-2.0
/* In C, so that it needs no C++ runtime of its own; compiled with -fexceptions. */

#include "calls.h"

/* Also calls of the function itself go out of the library and in again. */
#define OUTSIDE __attribute__((noipa))

int leaf(int argument)
{
	return argument;
}

OUTSIDE int reach(int (*what)(int), int argument)
{
	volatile int result = what(argument);

	return result;
}

OUTSIDE int deep(int depth, int (*what)(int), int argument)
{
	volatile int result = depth > 1 ? deep(depth - 1, what, argument) : reach(what, argument);

	return result;
}

static void count(int **counter)
{
	**counter += 1;
}

OUTSIDE int tidy(int depth, int (*what)(int), int *argument)
{
	__attribute__((cleanup(count))) int *counter = argument;

	return depth > 1 ? tidy(depth - 1, what, argument) : reach(what, *counter);
}

OUTSIDE int hop(int depth, int number)
{
	return depth ? skip(depth - 1, number) : number;
}

OUTSIDE int skip(int depth, int number)
{
	return depth ? hop(depth - 1, number) : number;
}

float scale(int (*what)(int), float by)
{
	return (float)what(0) + by;
}

int play(void (*what)(void))
{
	what();
	return 0;
}
