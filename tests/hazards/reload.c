// SPDX-License-Identifier: Apache-2.0
/*
 * Row: dlclose of a library with wrapped functions, and its reload, a hundred times, at the same place and at others,
 * and of another library where it lay.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   work = int work(int number)
 *   inner = int inner(int number)
 *   other = int other(int number)
 * spans:
 *   1 trace all -
 *   100 tool:work (all) -
 *   200 tool:inner tool:work -
 *   50 tool:other (all) -
 * only: lib
 * build: $CC $PIC -shared -DPLUGIN -o libplugin.so $SRC $LINK
 * build: $CC $PIC -shared -DOTHER -o libother.so $SRC $LINK
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>

#include "hazard.h"

int all(int number);
int work(int number);
int inner(int number);
int other(int number);

#ifdef PLUGIN
TRACED int inner(int number)
{
	BARRIER();
	return number + 2;
}

TRACED int work(int number)
{
	return inner(number) + inner(number * 2);
}
#endif

#ifdef OTHER
TRACED int other(int number)
{
	BARRIER();
	return number - 2;
}
#endif

#ifdef LIBRARY
static int call(const char *path, const char *name, int number)
{
	void *library = dlopen(path, number % 3 ? RTLD_LAZY : RTLD_NOW);
	int (*function)(int) = (int (*)(int))dlsym(library, name);
	int answer = function(number);

	dlclose(library);
	return answer;
}

TRACED int all(int number)
{
	int sum = 0;

	for (int i = 0; i < number; i++) {
		sum = sum * 3 % 65521 + call("./libplugin.so", "work", i);
		if (i % 2)
			sum += call("./libother.so", "other", i);
		if (i % 10 == 9) /* the next one lies elsewhere */
			mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	return sum;
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(100));
	return 0;
}
#endif
