// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a library with an interpreter of Python, or what looks like one, that is closed again without having been used.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   never = python some.module:function
 *   leaf = int leaf(int number)
 * spans:
 *   1 trace all -
 *   2 tool:leaf (all) -
 * only: lib
 * build: $CC $PIC -shared -DPLUGIN -o libplugin.so $SRC $LINK
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "hazard.h"

int all(int number);
int leaf(int number);
const char *Py_GetVersion(void);
int Py_IsInitialized(void);
int PySys_AddAuditHook(void *hook, void *data);

#ifdef PLUGIN
const char *Py_GetVersion(void)
{
	return "3.11.2 (main)";
}

int Py_IsInitialized(void)
{
	return 0;
}

int PySys_AddAuditHook(void *hook, void *data)
{
	return !hook || !data;
}
#endif

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

static void *run(void *number)
{
	*(int *)number = leaf(*(int *)number);
	return NULL;
}

TRACED int all(int number)
{
	struct timespec half = {.tv_nsec = 500000000};
	void *library = dlopen("./libplugin.so", RTLD_NOW);
	pthread_t thread;

	number = leaf(number); /* from now on the shim looks five times a second */
	nanosleep(&half, NULL);
	dlclose(library);
	pthread_create(&thread, NULL, run, &number);
	pthread_join(thread, NULL);
	return number;
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	return 0;
}
#endif
