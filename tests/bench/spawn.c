// SPDX-License-Identifier: Apache-2.0
/*
 * spawn RUNS COMMAND... -- [NAME=VALUE]... [-- [NAME=VALUE]...]...: how long COMMAND takes from spawn to
 * wait, in each of several environments, in turns. Prints a line for each: RUNS times in us.
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

static double time_one(char **command, struct environment *environment)
{
	double start = now_us();
	int status;
	pid_t pid;

	errno = posix_spawn(&pid, command[0], NULL, NULL, command, environment->variables);
	if (errno || waitpid(pid, &status, 0) != pid || status != 0) {
		perror(command[0]);
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

/* Ends the command; what follows it, or NULL. */
static char **split(char **argv)
{
	for (; *argv; argv++)
		if (strcmp(*argv, "--") == 0) {
			*argv = NULL;
			return argv + 1;
		}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct environment environments[ENVIRONMENTS];
	int runs = argc > 2 ? atoi(argv[1]) : 0;
	char **command = argv + 2;
	char **rest = runs > 0 ? split(command) : NULL;
	int n;

	if (!rest || !command[0]) {
		fprintf(stderr, "usage: spawn RUNS COMMAND... -- [NAME=VALUE]... [-- ...]...\n");
		return 2;
	}
	n = read_environments(rest, runs, environments);
	for (int i = 0; i < n; i++)
		time_one(command, &environments[i]);
	for (int run = 0; run < runs; run++)
		for (int i = 0; i < n; i++)
			environments[i].times_us[run] = time_one(command, &environments[i]);
	for (int i = 0; i < n; i++)
		for (int run = 0; run < runs; run++)
			printf("%.1f%c", environments[i].times_us[run],
			       run + 1 < runs ? ' ' : '\n');
	return 0;
}
