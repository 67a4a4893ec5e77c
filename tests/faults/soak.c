// SPDX-License-Identifier: Apache-2.0
/*
 * A program to be left running: `soak LEDGER`. 32 threads do jobs, one makes threads that do one each, one forks children
 * that do some; SIGTERM ends it. The ledger's first threads are the 32, then those of the short threads, then the
 * children; only `done` counts.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"
#include "work.h"

#define WORKERS  32
#define CHURN    WORKERS
#define CHILDREN (WORKERS + 1)
#define PARTS    3
#define PAUSE_US 50000

struct victim_thread {
	unsigned int index;
};

static struct ledger *ledger;
static volatile sig_atomic_t over;

static void count(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELEASE);
}

static void in_part(struct victim_thread *thread)
{
	(void)thread;
}

static int in_job(struct victim_thread *thread)
{
	struct ledger_thread *counts = &ledger->threads[thread->index];

	for (int i = 0; i < PARTS; i++) {
		part((long)counts->parts.done, "some text of no great length", in_part, thread);
		count(&counts->parts.done);
	}
	return 0;
}

static void do_job(struct victim_thread *thread)
{
	struct ledger_thread *counts = &ledger->threads[thread->index];

	job((long)counts->jobs.done, in_job, thread);
	count(&counts->jobs.done);
}

static void *work(void *thread)
{
	while (!over) {
		do_job(thread);
		usleep(PAUSE_US);
	}
	return NULL;
}

static void *do_one(void *thread)
{
	do_job(thread);
	return NULL;
}

static void *churn(void *unused)
{
	static struct victim_thread thread = {CHURN};
	pthread_t made[4];

	while (!over) {
		for (int i = 0; i < 4; i++)
			if (pthread_create(&made[i], NULL, do_one, &thread))
				abort();
		for (int i = 0; i < 4; i++)
			pthread_join(made[i], NULL);
		usleep(PAUSE_US);
	}
	return unused;
}

static void *make_children(void *unused)
{
	static struct victim_thread thread = {CHILDREN};

	while (!over) {
		pid_t child = fork();

		if (child == 0) {
			for (int i = 0; i < 5; i++)
				do_job(&thread);
			exit(0);
		}
		waitpid(child, NULL, 0);
		usleep(PAUSE_US * 4);
	}
	return unused;
}

static void end(int unused)
{
	(void)unused;
	over = 1;
}

int main(int argc, char **argv)
{
	static struct victim_thread threads[WORKERS];
	pthread_t handles[WORKERS + 2];
	int fd = argc == 2 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || ftruncate(fd, sizeof(*ledger)) < 0)
		return 2;
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (ledger == MAP_FAILED)
		return 2;
	signal(SIGTERM, end);
	for (unsigned int i = 0; i < WORKERS; i++) {
		threads[i].index = i;
		pthread_create(&handles[i], NULL, work, &threads[i]);
	}
	pthread_create(&handles[WORKERS], NULL, churn, NULL);
	pthread_create(&handles[WORKERS + 1], NULL, make_children, NULL);
	for (unsigned int i = 0; i < WORKERS + 2; i++)
		pthread_join(handles[i], NULL);
	return 0;
}
