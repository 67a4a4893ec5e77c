// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a library that is opened late announces its functions itself: nobody looks a name up or starts a thread, and what it
 * calls is seen all the same.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * spans:
 *   1 trace all -
 *   6 tool:leaf (all) -
 * only: lib
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIC -shared -DPLUGIN -o libplugin.so $SRC $LINK -L. -lhazard
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

#include "hazard.h"

int all(int number);
int leaf(int number);
extern int (*announced)(int number);

#ifdef PLUGIN
static int work(int number)
{
	for (int i = 0; i < 5; i++)
		number = leaf(number);
	return number;
}

__attribute__((constructor)) static void announce(void)
{
	announced = work;
}
#endif

#ifdef LIBRARY
int (*announced)(int number);

TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int all(int number)
{
	const struct timespec second = {.tv_sec = 1};

	number = leaf(number); /* from now on the shim looks five times a second */
	if (!dlopen("./libplugin.so", RTLD_NOW))
		return -1;
	nanosleep(&second, NULL);
	return announced(number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	return 0;
}
#endif
