// SPDX-License-Identifier: Apache-2.0
/*
 * fill THREADS CALLS: every thread makes so many calls, a string in and out, inside a pipeline of its own; then the program
 * is killed, so that whoever comes next finds what it recorded.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benched.h"

#define STRING_BYTES 110

static char string[STRING_BYTES + 1];
static int calls;

static void run(void *unused)
{
	(void)unused;
	for (int i = 0; i < calls; i++)
		echo(string);
}

static void *work(void *unused)
{
	converse(run, unused);
	return NULL;
}

int main(int argc, char **argv)
{
	int n = argc == 3 ? atoi(argv[1]) : 0;
	pthread_t threads[n + 1];

	if (n < 1)
		return 2;
	calls = atoi(argv[2]);
	memset(string, 'x', STRING_BYTES);
	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			return 1;
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return kill(getpid(), SIGKILL);
}
