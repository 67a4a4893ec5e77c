// SPDX-License-Identifier: Apache-2.0
/* A thread draws it, for a store may take its time before it gives the first row. */
#include "progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "amount.h"

#define FIRST_MS 1000
#define NEXT_MS  200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static pthread_t drawer;
static const char *what;
static uint64_t count;
static bool runs, over;

static struct timespec in(int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000L;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static void *draw(void *unused)
{
	bool drawn = false;
	uint64_t n;

	(void)unused;
	pthread_mutex_lock(&lock);
	while (!over) {
		struct timespec next = in(drawn ? NEXT_MS : FIRST_MS);

		while (!over && !pthread_cond_timedwait(&ended, &lock, &next))
			;
		if (over)
			break;
		n = __atomic_load_n(&count, __ATOMIC_RELAXED);
		if (n)
			fprintf(stderr, "\r%s %s read ", ts_amount_count(n).text, what);
		else
			fprintf(stderr, "\rreading %s", what);
		drawn = true;
	}
	pthread_mutex_unlock(&lock);
	if (drawn)
		fputs("\r\033[K", stderr);
	return unused;
}

void ts_progress_begin(const char *counted)
{
	sigset_t all, before;

	if (!isatty(STDERR_FILENO))
		return;
	what = counted;
	count = 0;
	over = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	runs = pthread_create(&drawer, NULL, draw, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void ts_progress_count(uint64_t n)
{
	__atomic_store_n(&count, n, __ATOMIC_RELAXED);
}

void ts_progress_end(void)
{
	if (!runs)
		return;
	pthread_mutex_lock(&lock);
	over = true;
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&lock);
	pthread_join(drawer, NULL);
	runs = false;
}
