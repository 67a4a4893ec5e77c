// SPDX-License-Identifier: Apache-2.0
/*
 * Row: threads of two real-time priorities on one core, which both want what the shim holds for a moment: the higher must
 * not wait for the lower in a way that keeps it from running. The flusher has no such priority.
 *
 * rules:
 *   [pipeline]
 *   leaf = long leaf(const char *text)
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hazard.h"

long leaf(const char *text);

#ifdef LIBRARY
TRACED long leaf(const char *text)
{
	BARRIER();
	return text[0];
}
#endif

#ifdef PROGRAM
static volatile int is_done;

static int set_priority(int priority)
{
	struct sched_param param = {.sched_priority = priority};

	return pthread_setschedparam(pthread_self(), priority ? SCHED_FIFO : SCHED_OTHER, &param);
}

static void *be_high(void *unused)
{
	const struct timespec moment = {.tv_nsec = 200000};
	struct sigaction action;

	set_priority(50);
	for (int i = 0; i < 20; i++) {
		nanosleep(&moment, NULL);
		sigaction(SIGSEGV, NULL, &action);
	}
	is_done = 1;
	return unused;
}

static void stay_on_one_core(void)
{
	cpu_set_t all, one;
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* Of this process's threads, whoever they are. */
static int count_real_time(void)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(threads)))
		n += atoi(entry->d_name) && sched_getscheduler(atoi(entry->d_name)) == SCHED_FIFO;
	closedir(threads);
	return n;
}

int main(void)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	struct sigaction action;
	pthread_t high;
	long sum = 0;

	stay_on_one_core();
	pthread_create(&high, NULL, be_high, NULL);
	printf("%d\n", set_priority(1)); /* it may not be allowed to */
	sum += leaf("first");
	while (!is_done) {
		sigaction(SIGSEGV, NULL, &action);
		sum += leaf("f") - 'f';
	}
	pthread_join(high, NULL);
	for (int i = 0; i < 10000 && count_real_time() > 1; i++)
		nanosleep(&moment, NULL);
	printf("%d real-time, %ld\n", count_real_time(), sum);
	return 0;
}
#endif
