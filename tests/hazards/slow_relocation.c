// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a library without pages that become read-only takes its time to be relocated, and what is not bound yet is seen by
 * whoever walks over the libraries meanwhile.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * spans:
 *   1 trace all -
 *   11 tool:leaf (all) -
 * only: lib
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIC -shared -DPLUGIN -o libplugin.so $SRC $LINK -Wl,-z,norelro -L. -lhazard
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

#include "hazard.h"

int all(int number);
int leaf(int number);
int work(int number);
int chosen(int number);

#ifdef PLUGIN
static int count(int number)
{
	return number;
}

/* No function of a library can be called yet. */
static int (*choose(void))(int)
{
	struct timespec second = {.tv_sec = 1};
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_nanosleep), "D"(&second), "S"(0L)
			 : "rcx", "r11", "memory");
	(void)result;
	return count;
}

int chosen(int number) __attribute__((ifunc("choose"), visibility("default")));

/* Bound before the slots of functions that are called. */
int (*volatile choice)(int) = chosen;

TRACED int work(int number)
{
	for (int i = 0; i < 10; i++)
		number = leaf(number);
	return choice(number);
}
#endif

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int all(int number)
{
	void *library;
	int (*work)(int);

	number = leaf(number); /* from now on the shim looks five times a second */
	library = dlopen("./libplugin.so", RTLD_NOW);
	work = (int (*)(int))dlsym(library, "work");
	return work(number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	return 0;
}
#endif
