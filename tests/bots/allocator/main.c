// SPDX-License-Identifier: Apache-2.0
/* A program on an allocator of its own, that allocates on several threads inside its jobs. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ends/job.h"

#define THREADS 4
#define JOBS    50

static void allocate(void)
{
	char *blocks[64];

	for (size_t i = 0; i < 64; i++) {
		blocks[i] = malloc(i * 100 + 1);
		memset(blocks[i], (int)i, i * 100 + 1);
	}
	for (size_t i = 0; i < 64; i++)
		free(blocks[i]);
}

static void *work(void *sum)
{
	for (int i = 0; i < JOBS; i++)
		*(int *)sum += job("allocator", 2, allocate);
	return sum;
}

int main(void)
{
	int sums[THREADS] = {0}, all = 0;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &sums[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		all += sums[i];
	}
	printf("%d\n", all);
	return 0;
}
