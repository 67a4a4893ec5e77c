// SPDX-License-Identifier: Apache-2.0
/*
 * Row: exit, _exit, quick_exit, abort, SIGKILL, SIGSEGV inside of wrapped calls: what was recorded is read afterwards,
 * and what was open is `interrupted`.
 *
 * rules:
 *   [pipeline]
 *   all = int all(const char *how)
 *   later = int later(int number)
 *   [agent]
 *   finish = int finish(const char *how)
 *   [tool]
 *   leaf = int leaf(int number)
 * run: exit
 * run: _exit
 * run: quick_exit
 * run: abort
 * run: kill
 * run: segv
 * run: trap
 * run: term
 * run: atexit
 * run: thread
 * spans:
 *   10 trace all interrupted
 *   10 agent:finish (all) interrupted
 *   30 tool:leaf (all) -
 *   10 tool:leaf agent:finish -
 *   1 pipeline:later agent:finish -
 *   1 tool:leaf pipeline:later -
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hazard.h"

int all(const char *how);
int finish(const char *how);
int leaf(int number);
int later(int number);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int later(int number)
{
	return leaf(number);
}

static void at_exit(void)
{
	printf("at exit %d\n", later(1));
}

static void *exit_here(void *unused)
{
	exit(8);
	return unused;
}

TRACED int finish(const char *how)
{
	pthread_t thread;

	leaf(0);
	if (!strcmp(how, "exit"))
		exit(3);
	if (!strcmp(how, "_exit"))
		_exit(4);
	if (!strcmp(how, "quick_exit"))
		quick_exit(5);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "kill"))
		raise(SIGKILL);
	if (!strcmp(how, "segv"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "trap"))
		__builtin_trap();
	if (!strcmp(how, "term"))
		raise(SIGTERM);
	if (!strcmp(how, "atexit") && atexit(at_exit) == 0)
		exit(6);
	pthread_create(&thread, NULL, exit_here, NULL);
	pause();
	return 0;
}

TRACED int all(const char *how)
{
	int sum = leaf(1) + leaf(2) + leaf(3);

	printf("%s %d\n", how, sum);
	fflush(stdout);
	return finish(how);
}
#endif

#ifdef PROGRAM
int main(int argc, char **argv)
{
	return all(argc > 1 ? argv[1] : "exit");
}
#endif
