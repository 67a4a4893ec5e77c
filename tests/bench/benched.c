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

void converse(void (*body)(void *data), void *data)
{
	body(data);
}
