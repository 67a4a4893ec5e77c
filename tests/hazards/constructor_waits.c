// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a library's constructor waits for a thread that another one starts meanwhile, who must not wait for the library.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   inner = int some::inner(int number)
 *   leaf = int leaf(int number)
 * check: (SELECT count(*) = 1 AND sum(success) = 1 FROM pipeline_traces)
 * only: lib
 * build: $CC $PIC -shared -DPLUGIN -o libplugin.so $SRC $LINK
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#include "hazard.h"

int all(int number);
int leaf(int number);
int inner(int number) __asm__("_ZN4some5innerEi");
extern sem_t begun, seen;

#ifdef PLUGIN
/* A name of C++: to read it takes a module. */
TRACED int inner(int number)
{
	BARRIER();
	return number + 2;
}

__attribute__((constructor)) static void begin(void)
{
	sem_post(&begun);
	sem_wait(&seen);
	inner(1);
}
#endif

#ifdef LIBRARY
sem_t begun, seen;

TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

static void *load(void *unused)
{
	(void)unused;
	return dlopen("./libplugin.so", RTLD_NOW);
}

static void *run(void *number)
{
	*(int *)number = leaf(*(int *)number);
	sem_post(&seen);
	return NULL;
}

TRACED int all(int number)
{
	pthread_t loader, runner;
	void *library;

	sem_init(&begun, 0, 0);
	sem_init(&seen, 0, 0);
	pthread_create(&loader, NULL, load, NULL);
	sem_wait(&begun);
	pthread_create(&runner, NULL, run, &number);
	pthread_join(runner, NULL);
	pthread_join(loader, &library);
	return library ? number : -1;
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	return 0;
}
#endif
