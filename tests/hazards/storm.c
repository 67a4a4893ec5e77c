// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a signal handler interrupts the shim, every millisecond, and calls what it interrupted.
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 *   note = const char *note(const char *text)
 * check: (SELECT count(*) BETWEEN 1 AND 100 AND sum(success) = count(*) FROM pipeline_traces WHERE pipeline_name = 'round')
 * check: (SELECT count(*) FROM pipeline_spans WHERE NOT success) = 0
 * check: (SELECT count(*) > 1000 FROM pipeline_spans)
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "hazard.h"

int round_of(int number);
int leaf(int number);
const char *note(const char *text);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number * 7 + 1;
}

TRACED const char *note(const char *text)
{
	BARRIER();
	return text + 1;
}

TRACED int round_of(int number)
{
	int sum = number;

	for (int i = 0; i < 200; i++)
		sum = sum * 31 % 65521 + leaf(i) + note("a note")[i % 5];
	return sum;
}
#endif

#ifdef PROGRAM
static volatile sig_atomic_t ticks, wrong;

static void tick(int signal)
{
	(void)signal;
	ticks++;
	wrong += leaf(6) != 43 || strcmp(note("xyz"), "yz") != 0;
}

int main(void)
{
	struct itimerval often = {{0, 1000}, {0, 1000}};
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
	int sum = 0;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 100; i++)
		sum = sum * 3 % 65521 + round_of(i);
	while (ticks < 20)
		sum += leaf(1) - 8;
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	printf("%d %d\n", sum, wrong);
	return 0;
}
#endif
