// SPDX-License-Identifier: Apache-2.0
/*
 * Row: another wrapper library that finds what it wraps by dlsym(RTLD_NEXT), with libc's functions and a library's.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   work = int work(int number)
 *   getenv = char *getenv(const char *name)
 * spans:
 *   2 trace all -
 *   2 tool:work (all) -
 *   2 tool:work tool:work -
 *   2 tool:getenv (all) -
 *   2 tool:getenv tool:getenv -
 * only: lib
 * build: $CC $PIC -shared -DREAL -o libreal.so $SRC $LINK
 * build: $CC $PIC -shared -DWRAPPER -o libwrapper.so $SRC $LINK
 * build: $CC $PIC -shared -DMIDDLE -o libmiddle.so $SRC $LINK
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -Wl,--no-as-needed -lwrapper -lreal -lmiddle
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "hazard.h"

int all(int number);
int work(int number);
int unruled(int number);

#ifdef REAL
TRACED int unruled(int number)
{
	BARRIER();
	return number * 17;
}

TRACED int work(int number)
{
	BARRIER();
	return number * 13;
}
#endif

#ifdef WRAPPER
/* Named by no rule: the look-up is the dynamic linker's alone, which asks who called. */
TRACED int unruled(int number)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "unruled");

	return real == unruled ? -1 : real(number) + 1;
}

TRACED int work(int number)
{
	static int (*real)(int);

	if (!real)
		real = (int (*)(int))dlsym(RTLD_NEXT, "work");
	return real(number) + 1;
}

TRACED char *getenv(const char *name)
{
	static char *(*real)(const char *);
	char *answer;

	if (!real)
		real = (char *(*)(const char *))dlsym(RTLD_NEXT, "getenv");
	answer = real(name);
	return answer ? answer + 1 : "not set";
}
#endif

#ifdef MIDDLE
TRACED int all(int number)
{
	printf("%s %d\n", getenv("NOBODY_SETS_THIS"), unruled(number));
	return work(number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	printf("%d\n", all(2));
	return 0;
}
#endif
