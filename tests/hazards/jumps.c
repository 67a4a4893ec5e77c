// SPDX-License-Identifier: Apache-2.0
/*
 * Row: longjmp and siglongjmp over wrapped calls, out of some of them, out of signal handlers; longjmp itself
 * is not hooked.
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int number)
 *   [agent]
 *   outer = int outer(int number, int how)
 *   [tool]
 *   inner = int inner(int number, int how)
 *   leaf = int leaf(int number)
 * spans:
 *   60 trace round -
 *   40 agent:outer (round) left by longjmp
 *   20 agent:outer (round) -
 *   60 tool:inner agent:outer left by longjmp
 *   60 tool:leaf tool:inner -
 *   60 tool:leaf (round) -
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

#include "hazard.h"

int round_of(int number);
int outer(int number, int how);
int inner(int number, int how);
int leaf(int number);
void away(int how);

extern jmp_buf far;
extern sigjmp_buf near;

#ifdef LIBRARY
jmp_buf far;
sigjmp_buf near;

TRACED int leaf(int number)
{
	BARRIER();
	return number * 2;
}

TRACED int inner(int number, int how)
{
	int twice = leaf(number);

	away(how);
	BARRIER();
	return twice;
}

/* How 0: over both calls; 1: out of the inner one; 2: over both, from a handler. */
TRACED int outer(int number, int how)
{
	int kept = number;

	if (how == 1 && sigsetjmp(near, 1))
		return -1;
	kept += inner(number, how);
	BARRIER();
	return kept;
}

TRACED int round_of(int number)
{
	volatile int answer = 0;
	volatile int how = number % 3;

	if (how == 2) {
		if (!sigsetjmp(near, 1))
			answer = outer(number, how);
	} else if (!setjmp(far)) {
		answer = outer(number, how);
	}
	return answer + leaf(number);
}
#endif

#ifdef PROGRAM
static void handle(int signal)
{
	siglongjmp(near, signal);
}

void away(int how)
{
	if (how == 0)
		longjmp(far, 1);
	if (how == 1)
		siglongjmp(near, 1);
	raise(SIGUSR1);
}

int main(void)
{
	int sum = 0;

	signal(SIGUSR1, handle);
	for (int i = 0; i < 60; i++)
		sum = sum * 3 % 65521 + round_of(i);
	printf("%d\n", sum);
	return sum % 100;
}
#endif
