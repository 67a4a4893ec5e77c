// SPDX-License-Identifier: Apache-2.0
/*
 * Row: dlopen from a library whose RUNPATH is $ORIGIN: who calls it is what it looks at. Lazily, by dlsym, and what
 * the loaded library needs of its own folder.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   inner = int inner(int number)
 *   helper = int helper(int number)
 *   missing = int missing(int number)
 * spans:
 *   2 trace all -
 *   2 tool:inner (all) -
 *   2 tool:helper tool:inner -
 * only: lib
 * build: mkdir -p plugins/more
 * build: $CC $PIC -shared -DHELPER -o plugins/more/libhelper.so $SRC $LINK
 * build: $CC $PIC -shared -DINNER -o plugins/libinner.so $SRC $LINK -Lplugins/more -Wl,-rpath,$ORIGIN/more,--enable-new-dtags -lhelper
 * build: $CC $PIC -shared -DOUTER -o plugins/libouter.so $SRC $LINK -Wl,-rpath,$ORIGIN,--enable-new-dtags
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -Lplugins -Wl,-rpath,$ORIGIN/plugins -Wl,-rpath-link,plugins -louter
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "hazard.h"

int all(int number);
int inner(int number);
int helper(int number);

#ifdef HELPER
TRACED int helper(int number)
{
	BARRIER();
	return number * 11;
}
#endif

#ifdef INNER
TRACED int inner(int number)
{
	return helper(number) + 1;
}
#endif

#ifdef OUTER
TRACED int all(int number)
{
	void *library = dlopen("libinner.so", RTLD_LAZY | RTLD_LOCAL);
	int (*inner)(int);

	if (!library) {
		printf("%s\n", dlerror());
		return -1;
	}
	inner = (int (*)(int))dlsym(library, "inner");
	if (dlsym(library, "missing") || !strstr(dlerror(), "undefined symbol: missing"))
		puts("missing is not missed");
	if (dlopen("libnowhere.so", RTLD_LAZY) || !strstr(dlerror(), "libnowhere.so"))
		puts("nowhere is somewhere");
	return inner(number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	void *library = dlopen("libinner.so", RTLD_LAZY | RTLD_NOLOAD);

	printf("%d\n", library != NULL);
	printf("%d\n", all(1));
	printf("%d\n", all(2));
	return 0;
}
#endif
