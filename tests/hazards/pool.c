// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a thread pool made inside the first pipeline: its later work is outside of that trace, and the work it does
 * while that pipeline is open is inside.
 *
 * rules:
 *   [pipeline]
 *   ask = int ask(int number)
 *   own = int own(int number)
 *   [tool]
 *   work = int work(int number)
 * spans:
 *   4 trace ask -
 *   2 trace own -
 *   1 tool:work (ask) -
 *   2 tool:work (own) -
 * check: (SELECT json_extract(t.input_data, '$.number') = 0 FROM pipeline_traces t JOIN pipeline_spans USING (trace_id) WHERE pipeline_name = 'ask')
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#include "hazard.h"

int ask(int number);
int own(int number);
int work(int number);

#ifdef LIBRARY
static struct {
	sem_t asked, done;
	int (*what)(int);
	int number, answer;
	pthread_t thread;
} pool;

TRACED int work(int number)
{
	BARRIER();
	return number * number;
}

TRACED int own(int number)
{
	return work(number) + 1;
}

static void *serve(void *unused)
{
	for (;;) {
		sem_wait(&pool.asked);
		if (!pool.what)
			return unused;
		pool.answer = pool.what(pool.number);
		sem_post(&pool.done);
	}
}

static int hand_over(int (*what)(int), int number)
{
	pool.what = what;
	pool.number = number;
	sem_post(&pool.asked);
	if (!what)
		return pthread_join(pool.thread, NULL);
	sem_wait(&pool.done);
	return pool.answer;
}

TRACED int ask(int number)
{
	if (number == 0) {
		sem_init(&pool.asked, 0, 0);
		sem_init(&pool.done, 0, 0);
		pthread_create(&pool.thread, NULL, serve, NULL);
	}
	if (number == 9)
		return hand_over(NULL, 0);
	if (number >= 2)
		return hand_over(own, number);
	return hand_over(work, number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", ask(0));
	printf("%d\n", ask(1));
	printf("%d\n", ask(2));
	printf("%d\n", ask(3));
	return 0;
}
#endif
