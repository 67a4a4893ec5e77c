// SPDX-License-Identifier: Apache-2.0
/*
 * spawn RUNS [NAME=VALUE]... [-- [NAME=VALUE]...]...: how long /bin/true takes from spawn to wait,
 * in each of several environments, in turns. Prints a line for each: RUNS times in us.
 */

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define ENVIRONMENTS 8
#define VARIABLES    16

struct environment {
	char *variables[VARIABLES + 1];
	int n;
	double *times_us;
};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_one(struct environment *environment)
{
	char *argv[] = {"true", NULL};
	double start = now_us();
	int status;
	pid_t pid;

	errno = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environment->variables);
	if (errno || waitpid(pid, &status, 0) != pid || status != 0) {
		perror("/bin/true");
		exit(1);
	}
	return now_us() - start;
}

static int read_environments(char **argv, int runs, struct environment *ret)
{
	int n = 1;

	for (; *argv; argv++) {
		struct environment *last = &ret[n - 1];

		if (strcmp(*argv, "--") == 0 && n < ENVIRONMENTS)
			n++;
		else if (last->n < VARIABLES)
			last->variables[last->n++] = *argv;
	}
	for (int i = 0; i < n; i++) {
		ret[i].times_us = calloc((size_t)runs, sizeof(double));
		if (!ret[i].times_us)
			exit(1);
	}
	return n;
}

int main(int argc, char **argv)
{
	static struct environment environments[ENVIRONMENTS];
	int runs = argc > 1 ? atoi(argv[1]) : 0;
	int n;

	if (runs < 1) {
		fprintf(stderr, "usage: spawn RUNS [NAME=VALUE]... [-- [NAME=VALUE]...]...\n");
		return 2;
	}
	n = read_environments(argv + 2, runs, environments);
	for (int i = 0; i < n; i++)
		time_one(&environments[i]);
	for (int run = 0; run < runs; run++)
		for (int i = 0; i < n; i++)
			environments[i].times_us[run] = time_one(&environments[i]);
	for (int i = 0; i < n; i++)
		for (int run = 0; run < runs; run++)
			printf("%.1f%c", environments[i].times_us[run],
			       run + 1 < runs ? ' ' : '\n');
	return 0;
}
