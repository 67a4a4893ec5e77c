// SPDX-License-Identifier: Apache-2.0
/*
 * Row: wrapped functions that libraries call back: qsort, bsearch, tsearch, nested functions on an executable stack's
 * trampolines, pthread_once, signal handlers and thread starts that are wrapped themselves.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   compare = int compare(const void *, const void *)
 *   qsort = qsort
 *   once = void once(void)
 *   start = start
 *   handle = void handle(int signal)
 * check: (SELECT count(*) = 2 AND sum(success) = 2 FROM pipeline_traces)
 * check: (SELECT count(*) = 2 FROM pipeline_spans WHERE span_name = 'tool:qsort')
 * check: (SELECT count(*) > 20 FROM pipeline_spans WHERE span_name = 'tool:compare')
 * check: (SELECT count(*) = 2 AND count(DISTINCT thread_id) = 2 FROM pipeline_spans WHERE span_name = 'tool:start')
 * check: (SELECT count(*) = 1 FROM pipeline_spans WHERE span_name = 'tool:once')
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "hazard.h"

int all(int number);
int compare(const void *a, const void *b);
void once(void);
void *start(void *argument);
void handle(int signal);

#ifdef LIBRARY
static int counted;

TRACED int compare(const void *a, const void *b)
{
	int one = *(const int *)a, other = *(const int *)b;

	return (one > other) - (one < other);
}

TRACED void once(void)
{
	counted += 100;
}

TRACED void *start(void *argument)
{
	counted += *(int *)argument;
	return argument;
}

TRACED void handle(int signal)
{
	counted += signal;
}

static int sorted(int seed)
{
	int numbers[50], wanted;

	for (int i = 0; i < 50; i++)
		numbers[i] = seed = (seed * 7919 + 13) % 10007;
	wanted = numbers[20];
	qsort(numbers, 50, sizeof(int), compare);
	for (int i = 0; i + 1 < 50; i++)
		if (numbers[i] > numbers[i + 1])
			return -1;
	return *(int *)bsearch(&wanted, numbers, 50, sizeof(int), compare);
}

TRACED int all(int number)
{
	static pthread_once_t did = PTHREAD_ONCE_INIT;
	pthread_t thread;

	pthread_once(&did, once);
	pthread_create(&thread, NULL, start, &number);
	pthread_join(thread, NULL);
	signal(SIGUSR1, handle);
	raise(SIGUSR1);
	return sorted(number) * 1000 + counted;
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	printf("%d\n", all(2));
	return 0;
}
#endif
