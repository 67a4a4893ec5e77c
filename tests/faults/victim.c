// SPDX-License-Identifier: Apache-2.0
/*
 * A program to be killed: `victim LEDGER BASE THREADS CALLS PAUSE_US [HOW AT WHERE]`. Each thread makes CALLS calls, sleeps
 * PAUSE_US, and so on; the last thread stays in one call all the time, the others do job after job. At call AT of its
 * first thread it ends itself: HOW is kill, term, segv, abort, exit, _exit or return; WHERE is inside (a call) or between.
 * SIGUSR1 makes any thread _exit wherever it is.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ledger.h"
#include "mine.h"
#include "work.h"

#define PARTS 3

struct victim_thread {
	struct ledger_thread *count;
	unsigned int index;
	unsigned int calls;
};

static struct ledger *ledger;
static unsigned int n_threads, burst, pause_us;
static const char *how = "", *where = "";
static unsigned long at;

static void end(void)
{
	if (!strcmp(how, "kill"))
		raise(SIGKILL);
	else if (!strcmp(how, "term"))
		raise(SIGTERM);
	else if (!strcmp(how, "abort"))
		abort();
	else if (!strcmp(how, "segv"))
		*(volatile int *)NULL = 0;
	else if (!strcmp(how, "exit"))
		exit(6);
	else
		_exit(7);
}

/* Whether this is where the program ends. */
static bool is_the_end(const struct victim_thread *thread, const char *here)
{
	return at && thread->index == 0 && thread->count->parts.begun >= at && !strcmp(where, here);
}

static void count(uint64_t *counter)
{
	/* release: not before what was called */
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELEASE);
}

static long number_of(const struct victim_thread *thread, uint64_t n)
{
	return (long)(ledger->base + ((uint64_t)thread->index << 32) + n);
}

static void in_part(struct victim_thread *thread)
{
	count(&thread->count->parts.begun);
	if (is_the_end(thread, "inside"))
		end();
}

/* A text whose length and letters the number tells: (number % PART_TEXT_MOST) times its last digit. */
static void do_part(struct victim_thread *thread)
{
	long number = number_of(thread, thread->count->parts.done + 1);
	char text[PART_TEXT_MOST + 1];
	size_t bytes = (size_t)number % PART_TEXT_MOST;

	memset(text, '0' + (int)(number % 10), bytes);
	text[bytes] = '\0';
	part(number, text, in_part, thread);
	count(&thread->count->parts.done);
	if (++thread->calls % burst == 0 && pause_us) {
		mine(true);
		usleep(pause_us);
		mine(false);
	}
	if (is_the_end(thread, "between"))
		end();
}

static int in_job(struct victim_thread *thread)
{
	count(&thread->count->jobs.begun);
	for (int i = 0; i < PARTS; i++)
		do_part(thread);
	return PARTS;
}

static bool is_over(const struct victim_thread *thread)
{
	return at && thread->count->parts.done >= at && !strcmp(how, "return");
}

static int in_stay(struct victim_thread *thread)
{
	count(&thread->count->stays.begun);
	while (!is_over(thread))
		do_part(thread);
	return 0;
}

static void *work(void *data)
{
	struct victim_thread *thread = data;

	__atomic_add_fetch(&ledger->running, 1, __ATOMIC_RELEASE);
	mine(false);
	if (thread->index && thread->index == n_threads - 1) {
		stay(number_of(thread, 1), in_stay, thread);
		count(&thread->count->stays.done);
	}
	while (!is_over(thread)) {
		job(number_of(thread, thread->count->jobs.done + 1), in_job, thread);
		count(&thread->count->jobs.done);
	}
	mine(true);
	return NULL;
}

static void leave(int unused)
{
	(void)unused;
	_exit(8);
}

static bool open_ledger(const char *path, const char *base)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*ledger)) < 0)
		return false;
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (ledger == MAP_FAILED)
		return false;
	ledger->base = strtoull(base, NULL, 10);
	ledger->pid = (uint64_t)getpid();
	return true;
}

int main(int argc, char **argv)
{
	static struct victim_thread threads[LEDGER_THREADS];
	pthread_t handles[LEDGER_THREADS];

	mine(true);
	if (argc < 6 || !open_ledger(argv[1], argv[2]))
		return 2;
	n_threads = (unsigned int)atoi(argv[3]);
	burst = (unsigned int)atoi(argv[4]);
	pause_us = (unsigned int)atoi(argv[5]);
	if (n_threads < 1 || n_threads > LEDGER_THREADS || burst < 1)
		return 2;
	if (argc >= 9) {
		how = argv[6];
		at = strtoul(argv[7], NULL, 10);
		where = argv[8];
	}
	signal(SIGUSR1, leave);
	for (unsigned int i = 0; i < n_threads; i++) {
		threads[i] = (struct victim_thread){&ledger->threads[i], i, 0};
		if (i && pthread_create(&handles[i], NULL, work, &threads[i]))
			return 2;
	}
	work(&threads[0]);
	for (unsigned int i = 1; i < n_threads; i++)
		pthread_join(handles[i], NULL);
	printf("%lu\n", (unsigned long)at);
	fflush(stdout);
	mine(false);
	return 0;
}
