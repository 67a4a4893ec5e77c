// SPDX-License-Identifier: Apache-2.0
/*
 * Row: 10,000 short threads, 1,000 threads at once, all on stacks of 16 KB: rings are reused, memory stays bounded.
 *
 * rules:
 *   [pipeline]
 *   brief = int brief(int number)
 *   crowd = int crowd(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * notwild: a thousand threads with a span for each of their libc calls take minutes
 * check: (SELECT count(*) = 2 AND sum(success) = 2 FROM pipeline_traces)
 * check: (SELECT sum(success) = count(*) AND count(*) > 10500 FROM pipeline_spans)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "hazard.h"

#define AT_ONCE 1000

int brief(int number);
int crowd(int number);
int leaf(int number);

#ifdef LIBRARY
static pthread_attr_t small;
static pthread_barrier_t barrier;

TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

static void *one(void *number)
{
	return (void *)(long)leaf((int)(long)number);
}

static void *one_of_many(void *number)
{
	long answer;

	pthread_barrier_wait(&barrier);
	answer = leaf((int)(long)number);
	pthread_barrier_wait(&barrier);
	return (void *)answer;
}

TRACED int brief(int number)
{
	int sum = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	for (long i = 0; i < number; i++) {
		pthread_t thread;
		void *answer;

		if (pthread_create(&thread, &small, one, (void *)i))
			return -1;
		pthread_join(thread, &answer);
		sum += (int)(long)answer % 7;
	}
	return sum;
}

TRACED int crowd(int number)
{
	pthread_t *threads = calloc((size_t)number, sizeof(*threads));
	int sum = 0;

	pthread_barrier_init(&barrier, NULL, (unsigned)number);
	for (long i = 0; i < number; i++)
		if (pthread_create(&threads[i], &small, one_of_many, (void *)i))
			return -1;
	for (int i = 0; i < number; i++) {
		void *answer;

		pthread_join(threads[i], &answer);
		sum += (int)(long)answer % 7;
	}
	free(threads);
	return sum;
}
#endif

#ifdef PROGRAM
static long field(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[200];
	long value = 0;

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, name, &value) == 1)
			break;
	fclose(file);
	return value;
}

int main(void)
{
	long before = field("VmRSS: %ld"), after;

	printf("%d\n", brief(10000));
	printf("%d\n", crowd(AT_ONCE));
	after = field("VmRSS: %ld");
	printf("%d\n", after - before < 150000);
	return 0;
}
#endif
