// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a library that brings the only unwinder takes it away again, and comes back with it at another place, where it
 * unwinds through a wrapped call before anybody has looked anything up.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   call = int call(void *function, int number)
 * spans:
 *   1 trace all -
 *   3 tool:call (all) thread exited
 * only: lib
 * build: $CC $PIC -shared -fexceptions -DPLUGIN -o libplugin.so $SRC $LINK -Wl,--no-as-needed -lgcc_s
 * build: $CC $PIC -shared -fexceptions -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIE -fexceptions -rdynamic -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unwind.h>

#include "hazard.h"

typedef int function_fn(int number);
typedef int call_fn(function_fn *function, int number);

int all(int number);
call_fn call;
void *unwinder(void);
extern call_fn *caller; /* as the program's slot has it */
extern int left;

#ifdef PLUGIN
static struct _Unwind_Exception exception;
static jmp_buf back;

static void begin(void) __attribute__((constructor, noinline));

static _Unwind_Reason_Code stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
				struct _Unwind_Exception *of, struct _Unwind_Context *context,
				void *unused)
{
	(void)version, (void)class, (void)of, (void)unused;
	if (actions & _UA_END_OF_STACK)
		abort();
	if (_Unwind_GetRegionStart(context) == (uintptr_t)begin)
		longjmp(back, 1);
	return _URC_NO_REASON;
}

static int leave(int number)
{
	_Unwind_ForcedUnwind(&exception, stop, NULL);
	return number;
}

static void begin(void)
{
	if (setjmp(back))
		left++;
	else
		caller(leave, 1);
}

void *unwinder(void)
{
	return (void *)_Unwind_ForcedUnwind;
}
#endif

#ifdef LIBRARY
call_fn *caller;
int left;

TRACED int call(function_fn *function, int number)
{
	int answer = function(number);

	BARRIER();
	return answer;
}

/* What was there, and whoever comes, lies elsewhere. */
static void occupy(void *place)
{
	mmap((void *)((uintptr_t)place & ~4095UL), 4096, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

TRACED int all(int number)
{
	for (int i = 0; i < number; i++) {
		void *library = dlopen("./libplugin.so", RTLD_NOW);
		void *(*unwinder)(void), *place;

		if (!library) {
			puts(dlerror());
			return -1;
		}
		unwinder = (void *(*)(void))dlsym(library, "unwinder");
		place = unwinder();
		dlclose(library);
		occupy(place);
	}
	return left;
}
#endif

#ifdef PROGRAM
int main(void)
{
	caller = call;
	printf("%d\n", all(3));
	return 0;
}
#endif
