// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a fork while another thread is in the midst of a dlopen, or of an atexit, which no thread goes on with in the
 * child; calls of wrapped functions there, and a thread.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * spans:
 *   1 trace all -
 *   7 tool:leaf (all) -
 * only: lib
 * build: $CC $PIC -shared -DNEEDED -o libneeded.so $SRC $LINK -Wl,-soname,./libslow.so
 * build: $CC $PIC -shared -DPLUGIN -o libplugin.so $SRC $LINK -Wl,--no-as-needed ./libneeded.so
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hazard.h"

int all(int number);
int leaf(int number);
int needed(int number);
void *__libc_calloc(size_t n, size_t bytes);

#if defined(NEEDED) || defined(PLUGIN)
int needed(int number)
{
	return number;
}
#endif

#ifdef LIBRARY
#define SLOW "./libslow.so"

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

/* Finds a pipe instead of what the library needs, and waits until somebody opens its other end. */
static void *load(void *unused)
{
	(void)unused;
	return dlopen("./libplugin.so", RTLD_NOW);
}

static __thread bool enters;
static bool blocks, entered;

static void nothing(void)
{
}

/* Called by atexit, too, when it has no room for more: with its list locked. */
TRACED void *calloc(size_t n, size_t bytes)
{
	while (enters && __atomic_load_n(&blocks, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&entered, true, __ATOMIC_RELEASE);
		sched_yield();
	}
	return __libc_calloc(n, bytes);
}

static void *enter(void *unused)
{
	enters = true;
	for (int i = 0; i < 100; i++)
		atexit(nothing);
	return unused;
}

static int child(int number)
{
	pthread_t thread;

	number = leaf(number);
	pthread_create(&thread, NULL, run, &number);
	pthread_join(thread, NULL);
	return leaf(number);
}

/* In a child; the status with which that ends. */
static int apart(void (*end)(int), int number)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		end(child(number));
	waitpid(pid, &status, 0);
	return status;
}

static int during_dlopen(int number)
{
	pthread_t thread;
	void *found;
	int fd = -1, status;

	unlink(SLOW);
	mkfifo(SLOW, 0600);
	pthread_create(&thread, NULL, load, NULL);
	while (fd < 0) /* there is nobody at the other end */
		fd = open(SLOW, O_WRONLY | O_NONBLOCK);
	status = apart(exit, number);
	close(fd);
	pthread_join(thread, &found);
	return status + !found;
}

static int during_atexit(int number)
{
	pthread_t thread;
	int status;

	blocks = true;
	pthread_create(&thread, NULL, enter, NULL);
	while (!__atomic_load_n(&entered, __ATOMIC_ACQUIRE))
		sched_yield();
	status = apart(_exit, number);
	__atomic_store_n(&blocks, false, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	return status;
}

TRACED int all(int number)
{
	number = leaf(number);
	return number + during_dlopen(number) + during_atexit(number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	return 0;
}
#endif
