// SPDX-License-Identifier: Apache-2.0
/*
 * `counter FILE THREADS CALLS [PAUSE_US [AT_ONCE]]`: each thread calls count(thread, 1), count(thread, 2), ... CALLS times (0: until
 * SIGTERM), and then says so in FILE, which outlives it: one number a thread, how many of its calls have returned. A
 * call of it makes one call more. With a pause it rests for so long after each call, or
 * after so many. At the end it prints the sum.
 */

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "count.h"

#define MOST 64

static uint64_t *returned; /* by thread, in FILE */
static uint64_t n_calls;
static volatile sig_atomic_t enough;
static useconds_t pause_us;
static uint64_t at_once = 1;

static void *run(void *context)
{
	int thread = (int)(uintptr_t)context;

	for (uint64_t n = 1; (!n_calls || n <= n_calls) && !enough; n++) {
		count(thread, (long)n);
		__atomic_store_n(&returned[thread], n, __ATOMIC_RELEASE);
		if (pause_us && n % at_once == 0)
			usleep(pause_us);
	}
	return NULL;
}

static void on_term(int number)
{
	(void)number;
	enough = 1;
}

static int map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, MOST * sizeof(*returned)) < 0)
		return -1;
	returned = mmap(NULL, MOST * sizeof(*returned), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return returned == MAP_FAILED ? -1 : 0;
}

int main(int argc, char **argv)
{
	int n_threads = argc > 2 ? atoi(argv[2]) : 0;
	pthread_t threads[MOST];
	uint64_t sum = 0;

	if (argc < 4 || argc > 6 || n_threads < 1 || n_threads > MOST || map(argv[1]) < 0)
		return 2;
	n_calls = strtoull(argv[3], NULL, 10);
	pause_us = argc > 4 ? (useconds_t)atoi(argv[4]) : 0;
	signal(SIGTERM, on_term);
	if (argc > 5)
		at_once = strtoull(argv[5], NULL, 10);
	for (int i = 0; i < n_threads; i++)
		pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i);
	for (int i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < n_threads; i++)
		sum += returned[i];
	printf("%lu\n", sum);
	return 0;
}
