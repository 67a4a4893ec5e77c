// SPDX-License-Identifier: Apache-2.0
/*
 * threads N CALLS BURSTS: CPU time of a call in ns, while N threads call at once; one line a burst.
 *
 * Every thread makes CALLS calls inside a pipeline of its own, then all wait until the recorder can have
 * caught up. The first burst is not timed. CPU time, since there are more threads than cores.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "benched.h"

#define MOST_THREADS 64
#define PAUSE_US     5000
#define A_THREAD_US  4000 /* what the recorder needs for one thread's burst */

static struct {
	int n, calls, bursts;
	pthread_barrier_t barrier;
	double ns[MOST_THREADS];
} bench;

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void run(void *data)
{
	double start = cpu_ns();

	for (int i = 0; i < bench.calls; i++)
		ping(i);
	*(double *)data = (cpu_ns() - start) / bench.calls;
}

static void *work(void *data)
{
	for (int i = 0; i <= bench.bursts; i++) {
		pthread_barrier_wait(&bench.barrier);
		converse(run, data);
		pthread_barrier_wait(&bench.barrier);
	}
	return NULL;
}

static void start(pthread_t *threads)
{
	pthread_barrier_init(&bench.barrier, NULL, (unsigned int)bench.n + 1);
	for (int i = 0; i < bench.n; i++) {
		if (!pthread_create(&threads[i], NULL, work, &bench.ns[i]))
			continue;
		perror("threads");
		exit(1);
	}
}

static void tell(void)
{
	double sum = 0;

	for (int i = 0; i < bench.n; i++)
		sum += bench.ns[i];
	printf("%.3f\n", sum / bench.n);
}

int main(int argc, char **argv)
{
	pthread_t threads[MOST_THREADS];

	if (argc != 4 || atoi(argv[1]) < 1 || atoi(argv[1]) > MOST_THREADS) {
		fprintf(stderr, "usage: threads N CALLS BURSTS\n");
		return 2;
	}
	bench.n = atoi(argv[1]);
	bench.calls = atoi(argv[2]);
	bench.bursts = atoi(argv[3]);
	start(threads);
	for (int i = 0; i <= bench.bursts; i++) {
		usleep(PAUSE_US + (unsigned int)bench.n * A_THREAD_US);
		pthread_barrier_wait(&bench.barrier);
		pthread_barrier_wait(&bench.barrier);
		if (i)
			tell();
	}
	for (int i = 0; i < bench.n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
