// SPDX-License-Identifier: Apache-2.0
/* In C, so that it needs no C++ runtime of its own; compiled with -fexceptions. */

#include "calls.h"

int leaf(int argument)
{
	return argument;
}

int reach(int (*what)(int), int argument)
{
	volatile int result = what(argument);

	return result;
}

int deep(int depth, int (*what)(int), int argument)
{
	volatile int result = depth > 1 ? deep(depth - 1, what, argument) : reach(what, argument);

	return result;
}

int hop(int depth, int number)
{
	return depth ? skip(depth - 1, number) : number;
}

int skip(int depth, int number)
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
