// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a handler interrupts the shim, calls what it interrupted, and leaves by siglongjmp.
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * check: (SELECT count(*) = sum(success OR error = 'left by longjmp') FROM pipeline_traces)
 * check: (SELECT count(*) FROM pipeline_spans WHERE NOT success AND error <> 'left by longjmp') = 0
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

#include "hazard.h"

int round_of(int number);
int leaf(int number);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int round_of(int number)
{
	int sum = 0;

	for (int i = 0; i < 50; i++)
		sum += leaf(number + i);
	return sum;
}
#endif

#ifdef PROGRAM
static volatile sig_atomic_t armed, left, wrong;
static sigjmp_buf back;

static void tick(int signal)
{
	(void)signal;
	if (!armed)
		return;
	wrong += leaf(6) != 7;
	armed = 0;
	left++;
	siglongjmp(back, 1);
}

int main(void)
{
	struct itimerval often = {{0, 700}, {0, 700}};
	struct sigaction action = {.sa_handler = tick};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (left < 150)
		if (!sigsetjmp(back, 1)) {
			armed = 1;
			for (int i = 0; i < 1000; i++)
				wrong += round_of(i) != 50 * i + 1275;
			armed = 0;
		}
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	printf("%d %d\n", wrong, round_of(1));
	return 0;
}
#endif
