// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a program that lives within limits: few descriptors, few threads, little memory, no file it may write. It
 * computes the same; what cannot be recorded is not, and at most one line says why.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * run: files
 * run: memory
 * run: threads
 * run: size
 * run: core
 * may_say: .
 * check: (SELECT count(*) >= 6 AND sum(success) = count(*) FROM pipeline_traces)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hazard.h"

int all(int number);
int leaf(int number);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int all(int number)
{
	return leaf(number) * leaf(number + 1);
}
#endif

#ifdef PROGRAM
static void limit(int what, rlim_t most)
{
	struct rlimit limit = {most, most};

	if (setrlimit(what, &limit))
		printf("no limit: %s\n", strerror(errno));
}

static void live_within(const char *what)
{
	if (!strcmp(what, "files"))
		limit(RLIMIT_NOFILE, 3);
	else if (!strcmp(what, "memory"))
		limit(RLIMIT_AS, 1 << 20); /* less than it has: nothing more is mapped */
	else if (!strcmp(what, "threads"))
		limit(RLIMIT_NPROC, 1);
	else if (!strcmp(what, "size"))
		limit(RLIMIT_FSIZE, 0);
	else
		limit(RLIMIT_CORE, 0);
}

int main(int argc, char **argv)
{
	int sum = 0;

	signal(SIGXFSZ, SIG_IGN);
	puts(argc > 1 ? argv[1] : "");
	fflush(stdout);
	live_within(argc > 1 ? argv[1] : "core");
	for (int i = 0; i < 6; i++)
		sum = sum * 3 + all(i);
	/* what it is not allowed, it is not allowed */
	printf("%d %d\n", sum, open("/dev/null", O_RDONLY) < 0);
	printf("%d\n",
	       mmap(NULL, 1 << 22, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	return 0;
}
#endif
