// SPDX-License-Identifier: Apache-2.0
/*
 * Row: asynchronous cancellation, at whatever instruction of a wrapped call or of the shim; deferred cancellation
 * inside of one, with clean-up handlers that call wrapped functions.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [agent]
 *   busy = int busy(int number)
 *   sleeper = int sleeper(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * check: (SELECT count(*) = 1 AND sum(success) = 1 FROM pipeline_traces)
 * check: (SELECT count(*) = 20 FROM pipeline_spans WHERE span_name = 'agent:sleeper' AND error = 'thread exited')
 * check: (SELECT count(*) > 100 FROM pipeline_spans WHERE span_name = 'tool:leaf')
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

#include "hazard.h"

int all(int number);
int busy(int number);
int sleeper(int number);
int leaf(int number);

#ifdef LIBRARY
static sem_t started;
static int cleaned;

TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

static void clean(void *unused)
{
	(void)unused;
	cleaned = leaf(cleaned);
}

TRACED int sleeper(int number)
{
	pthread_cleanup_push(clean, NULL);
	sem_post(&started);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return number;
}

TRACED int busy(int number)
{
	for (int i = 0;; i++)
		number = leaf(number) & 0xff;
	return number;
}

static void *sleep_on(void *unused)
{
	sleeper(1);
	return unused;
}

static void *spin(void *unused)
{
	leaf(1);
	sem_post(&started);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	busy(1);
	return unused;
}

static int cancelled(void *(*what)(void *), int after_us)
{
	pthread_t thread;
	void *answer;

	pthread_create(&thread, NULL, what, NULL);
	sem_wait(&started);
	usleep(after_us);
	pthread_cancel(thread);
	pthread_join(thread, &answer);
	return answer == PTHREAD_CANCELED;
}

TRACED int all(int number)
{
	int sum = 0;

	sem_init(&started, 0, 0);
	for (int i = 0; i < number; i++) {
		sum += cancelled(sleep_on, 0);
		sum += cancelled(spin, 50 + i * 7);
	}
	return sum * 1000 + cleaned;
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(20));
	return 0;
}
#endif
