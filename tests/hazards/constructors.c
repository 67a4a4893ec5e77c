// SPDX-License-Identifier: Apache-2.0
/*
 * Row: wrapped calls before main, in constructors that run before ours and after, and after it, in destructors and
 * what atexit registered, in thread-local clean-up, and in a constructor of a library loaded late.
 *
 * rules:
 *   [trace]
 *   orphans = trace
 *   [tool]
 *   note = int note(const char *when)
 * check: (SELECT count(*) >= 3 AND sum(success) = count(*) FROM pipeline_traces)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "hazard.h"

int note(const char *when);

#ifdef LIBRARY
static int notes;

TRACED int note(const char *when)
{
	printf("%s\n", when);
	return ++notes;
}

__attribute__((constructor(101))) static void first(void)
{
	note("constructor of the library");
}

__attribute__((destructor(101))) static void last(void)
{
	note("destructor of the library");
	fflush(stdout);
}
#endif

#ifdef PROGRAM
static pthread_key_t key;

__attribute__((constructor)) static void begin(void)
{
	note("constructor");
}

__attribute__((destructor)) static void end_it(void)
{
	note("destructor");
}

static void at_exit(void)
{
	note("atexit");
}

static void forget(void *when)
{
	note(when);
}

static void *start(void *unused)
{
	pthread_setspecific(key, "thread is gone");
	note("thread");
	return unused;
}

int main(void)
{
	pthread_t thread;

	atexit(at_exit);
	pthread_key_create(&key, forget);
	pthread_create(&thread, NULL, start, NULL);
	pthread_join(thread, NULL);
	return note("main");
}
#endif
