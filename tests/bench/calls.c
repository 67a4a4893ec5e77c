// SPDX-License-Identifier: Apache-2.0
/*
 * calls ping|echo|own_ping|own_echo|idle inside|outside CALLS BURSTS [step]: ns per call, one line a burst.
 *
 * Calls come in bursts with a pause after each, in which the recorder (traceshim's flusher,
 * uftrace's writer) catches up: a recorder that lags drops calls, and a dropped call is cheap. The
 * first burst is not timed. With `step`, the calls lie between two SIGSTOPs instead (step.c).
 */

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "benched.h"
#include "spool.h"

#define STRING_BYTES 110
#define PAUSE_US     5000

struct burst {
	void (*calls)(const struct burst *);
	int n;
	bool step;
	char *string;
	double ns; /* a call */
};

static void call_ping(const struct burst *burst)
{
	for (int i = 0; i < burst->n; i++)
		ping(i);
}

static void call_echo(const struct burst *burst)
{
	for (int i = 0; i < burst->n; i++)
		echo(burst->string);
}

static void call_own_ping(const struct burst *burst)
{
	for (int i = 0; i < burst->n; i++)
		own_ping(i);
}

static void call_own_echo(const struct burst *burst)
{
	for (int i = 0; i < burst->n; i++)
		own_echo(burst->string);
}

static void call_idle(const struct burst *burst)
{
	for (int i = 0; i < burst->n; i++)
		idle(i);
}

static void (*find(const char *name))(const struct burst *)
{
	static const struct {
		const char *name;
		void (*calls)(const struct burst *);
	} all[] = {{"ping", call_ping},
		   {"echo", call_echo},
		   {"own_ping", call_own_ping},
		   {"own_echo", call_own_echo}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(name, all[i].name) == 0)
			return all[i].calls;
	return call_idle;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void run_stepped(const struct burst *burst)
{
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0); /* step.c answers for it */
	raise(SIGSTOP);
	burst->calls(burst);
	raise(SIGSTOP);
	prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
}

static void run(void *data)
{
	struct burst *burst = data;
	double start = now_ns();

	if (burst->step)
		run_stepped(burst);
	else
		burst->calls(burst);
	burst->ns = burst->n ? (now_ns() - start) / burst->n : 0;
}

/* The calling thread gets a core of its own, the process's other threads the rest. */
static void spread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	cpu_set_t mine, others;
	struct dirent *entry;
	int cpu = 0;

	CPU_ZERO(&mine);
	if (!tasks || sched_getaffinity(0, sizeof(others), &others) < 0 || CPU_COUNT(&others) < 2)
		goto out;
	while (!CPU_ISSET(cpu, &others))
		cpu++;
	CPU_SET(cpu, &mine);
	CPU_CLR(cpu, &others);
	while ((entry = readdir(tasks))) {
		pid_t task = atoi(entry->d_name);

		if (task)
			sched_setaffinity(task, sizeof(mine), task == getpid() ? &mine : &others);
	}
out:
	if (tasks)
		closedir(tasks);
}

static void run_burst(struct burst *burst, bool inside)
{
	if (inside)
		converse(run, burst);
	else
		run(burst);
}

/* The first burst tells how much of the ring one takes; later ones wait for that and a fifth. */
static int run_bursts(struct burst *burst, bool inside, int n)
{
	struct bench_spool spool;
	uint64_t bytes = 0;
	bool traced;

	run_burst(burst, inside);
	traced = bench_spool_open(&spool);
	if (traced)
		bytes = bench_spool_head(&spool) * 6 / 5;
	spread();
	for (int i = 0; i < n; i++) {
		usleep(PAUSE_US);
		if (traced)
			bench_spool_wait(&spool, bytes);
		run_burst(burst, inside);
		printf("%.3f\n", burst->ns);
	}
	if (!traced || !bench_spool_lost(&spool))
		return 0;
	fprintf(stderr, "calls: %llu spans were lost; the figures do not count\n",
		(unsigned long long)bench_spool_lost(&spool));
	return 1;
}

int main(int argc, char **argv)
{
	struct burst burst = {.string = malloc(STRING_BYTES + 1)};

	if (argc < 5 || !burst.string) {
		fprintf(stderr, "usage: calls ping|echo|own_ping|own_echo|idle inside|outside "
				"CALLS BURSTS [step]\n");
		return 2;
	}
	memset(burst.string, 'x', STRING_BYTES);
	burst.string[STRING_BYTES] = '\0';
	burst.calls = find(argv[1]);
	burst.n = atoi(argv[3]);
	burst.step = argc > 5;
	return run_bursts(&burst, strcmp(argv[2], "inside") == 0, atoi(argv[4]));
}
