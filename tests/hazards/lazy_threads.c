// SPDX-License-Identifier: Apache-2.0
/*
 * Row: lazy binding: slots that are bound for the first time by eight threads at once, in the middle of a pipeline, with
 * vector arguments that the dynamic linker's resolver has to keep.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   scale = double scale(double by, double what)
 *   f* = f?
 * check: (SELECT count(*) = 1 AND sum(success) = 1 FROM pipeline_traces)
 * check: (SELECT count(*) = 64 FROM pipeline_spans WHERE span_name GLOB 'tool:f?')
 * check: (SELECT count(*) = 64 AND sum(json_extract(output_data, '$.result') = json_extract(input_data, '$.by') * json_extract(input_data, '$.what')) = 64 FROM pipeline_spans WHERE span_name = 'tool:scale')
 */
#include <pthread.h>
#include <stdio.h>

#include "hazard.h"

int all(int number);
double scale(double by, double what);
#define FUNCTIONS X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define X(n)      double f##n(double a, float b, long double c);
FUNCTIONS
#undef X

#ifdef LIBRARY
TRACED double scale(double by, double what)
{
	return by * what;
}

#define X(n)                                                 \
	TRACED double f##n(double a, float b, long double c) \
	{                                                    \
		return scale(a, n) + b + (double)c;          \
	}
FUNCTIONS
#undef X

static pthread_barrier_t barrier;

static void *work(void *ret)
{
	double sum = 0;

	pthread_barrier_wait(&barrier);
#define X(n) sum = sum * 2 + f##n(n, 0.5f, 0.25L);
	FUNCTIONS
#undef X
	*(double *)ret = sum;
	return NULL;
}

TRACED int all(int number)
{
	pthread_t threads[8];
	double sums[8];
	int same = 0;

	pthread_barrier_init(&barrier, NULL, 8);
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, work, &sums[i]);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 8; i++)
		same += sums[i] == sums[0];
	return number + same * 1000 + (int)sums[0];
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(0));
	return 0;
}
#endif
