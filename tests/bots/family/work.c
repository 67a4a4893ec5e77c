// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "work.h"

int help(const char *name)
{
	return (int)strlen(name);
}

int chapter(const char *name)
{
	return help(name) > 0 ? 0 : -1;
}

int learn(const char *name, int (*inside)(void))
{
	return help(name) > 0 ? inside() : -1;
}
