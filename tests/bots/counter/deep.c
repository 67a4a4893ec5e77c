// SPDX-License-Identifier: Apache-2.0
/* `deep THREADS DEPTH CALLS`: each thread calls deep(thread, DEPTH), which calls itself until 1, and there step() CALLS times. */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "count.h"

#define MOST 64

static long depth, n_calls;

long deep(int thread, long n)
{
	long sum = 0;

	if (n > 1)
		return deep(thread, n - 1) + 1;
	for (long i = 0; i < n_calls; i++)
		sum += step(i);
	return sum;
}

static void *run(void *context)
{
	deep((int)(uintptr_t)context, depth);
	return NULL;
}

int main(int argc, char **argv)
{
	int n_threads = argc == 4 ? atoi(argv[1]) : 0;
	pthread_t threads[MOST];

	if (n_threads < 1 || n_threads > MOST)
		return 2;
	depth = atol(argv[2]);
	n_calls = atol(argv[3]);
	for (int i = 0; i < n_threads; i++)
		pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i);
	for (int i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	printf("%d threads\n", n_threads);
	return 0;
}
