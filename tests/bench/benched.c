// SPDX-License-Identifier: Apache-2.0
/* The functions whose calls are measured: as little as a function can do. */

#include "benched.h"

int ping(int number)
{
	return number + 1;
}

const char *echo(const char *s)
{
	return s;
}

int idle(int number)
{
	return number + 1;
}

__attribute__((noipa)) int descend(int depth, int (*bottom)(void))
{
	volatile int result = depth > 1 ? descend(depth - 1, bottom) : bottom();

	return result;
}

void converse(void (*body)(void *data), void *data)
{
	body(data);
}
