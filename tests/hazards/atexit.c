// SPDX-License-Identifier: Apache-2.0
/*
 * Row: the first wrapped call of a process is one that the C library makes while it holds a lock of its own: atexit, which
 * has room for 32 handlers, allocates more of it by the program's calloc.
 *
 * rules:
 *   [pipeline]
 *   clear = void *calloc(size_t count, size_t bytes)
 * check: (SELECT count(*) >= 1 AND sum(success) = count(*) FROM pipeline_traces)
 */
#include <stdio.h>
#include <stdlib.h>

#include "hazard.h"

#define HANDLERS 100

#ifdef LIBRARY
void *__libc_calloc(size_t count, size_t bytes);

TRACED void *calloc(size_t count, size_t bytes)
{
	return __libc_calloc(count, bytes);
}
#endif

#ifdef PROGRAM
static int handled;

static void handle(void)
{
	if (++handled % 10 == 0)
		printf("%d handlers have run\n", handled);
}

int main(void)
{
	for (int i = 0; i < HANDLERS; i++)
		if (atexit(handle))
			return 1;
	puts("all are registered");
	return 0;
}
#endif
