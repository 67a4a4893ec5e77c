// SPDX-License-Identifier: Apache-2.0
/*
 * memory CALLS: the resident memory of a program with one thread after CALLS calls, once it has
 * settled: VmRSS, RssAnon, RssFile and RssShmem in kB.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benched.h"
#include "spool.h"

#define FIGURES 4
#define STEADY  10 /* equal readings in a row, 100 ms apart */

static void body(void *data)
{
	for (int i = *(int *)data; i > 0; i--)
		echo("Ten push-ups a day, in the morning, and the goal is to stay with it for a "
		     "month.");
}

static void read_figures(long ret[FIGURES])
{
	static const char *const names[FIGURES] = {"VmRSS:", "RssAnon:", "RssFile:", "RssShmem:"};
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	if (!status) {
		perror("/proc/self/status");
		exit(1);
	}
	while (fgets(line, sizeof(line), status))
		for (int i = 0; i < FIGURES; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				ret[i] = atol(line + strlen(names[i]));
	fclose(status);
}

int main(int argc, char **argv)
{
	long before[FIGURES] = {0}, figures[FIGURES] = {0};
	int calls = argc > 1 ? atoi(argv[1]) : 0;
	struct bench_spool spool;

	converse(body, &calls);
	if (bench_spool_open(&spool))
		bench_spool_wait(&spool, UINT64_MAX);
	for (int steady = 0; steady < STEADY; steady++) {
		memcpy(before, figures, sizeof(before));
		usleep(100000);
		read_figures(figures);
		if (memcmp(before, figures, sizeof(before)) != 0)
			steady = 0;
	}
	printf("%ld %ld %ld %ld\n", figures[0], figures[1], figures[2], figures[3]);
	return 0;
}
