// SPDX-License-Identifier: Apache-2.0
#include "loader.h"

int job(const char *name, int (*what)(int), int argument)
{
	(void)name;
	return what(argument);
}

int measure(int number)
{
	return number * 3;
}
