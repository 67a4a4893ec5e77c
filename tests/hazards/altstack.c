// SPDX-License-Identifier: Apache-2.0
/*
 * Row: wrapped calls on an alternate signal stack, in a handler that returns and in one that leaves; the same
 * after a stack has overflowed, perhaps inside of the shim: then the handler's call runs unrecorded.
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int (*what)(int), int number)
 *   [agent]
 *   outer = int outer(int (*what)(int), int number)
 *   [tool]
 *   leaf = int leaf(int number)
 *   deeper = int deeper(int number)
 * check: (SELECT count(*) = 4 AND sum(success) = 4 FROM pipeline_traces)
 * check: (SELECT count(*) = 4 FROM pipeline_spans WHERE span_name = 'agent:outer')
 * check: (SELECT count(*) = 3 FROM pipeline_spans WHERE span_name = 'agent:outer' AND error = 'left by longjmp')
 * check: (SELECT count(*) BETWEEN 7 AND 8 AND sum(success) = count(*) FROM pipeline_spans WHERE span_name = 'tool:leaf')
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "hazard.h"

int round_of(int (*what)(int), int number);
int outer(int (*what)(int), int number);
int leaf(int number);
int deeper(int number);
extern sigjmp_buf back;

#ifdef LIBRARY
sigjmp_buf back;

TRACED int leaf(int number)
{
	BARRIER();
	return number * 2;
}

TRACED int deeper(int number)
{
	volatile char room[1000];

	room[number % 1000] = 1;
	return deeper(number + 1) + room[number % 7];
}

TRACED int outer(int (*what)(int), int number)
{
	int answer = what(number);

	BARRIER();
	return answer + 1;
}

TRACED int round_of(int (*what)(int), int number)
{
	volatile int answer = -1;

	if (!sigsetjmp(back, 1))
		answer = outer(what, number);
	return answer + leaf(number);
}
#endif

#ifdef PROGRAM
static volatile sig_atomic_t heard;

static void hear(int signal)
{
	(void)signal;
	heard += leaf(heard + 1);
}

static void leave(int signal)
{
	(void)signal;
	heard += leaf(heard + 1);
	siglongjmp(back, 1);
}

static int raise_and_return(int number)
{
	raise(SIGUSR1);
	return number;
}

static int raise_and_leave(int number)
{
	raise(SIGUSR2);
	return number;
}

static int crash(int number)
{
	*(volatile int *)(unsigned long)number = 1;
	return number;
}

static int overflow(int number)
{
	return deeper(number);
}

int main(void)
{
	char room[65536]; /* in the thread's own: above the calls that are interrupted */
	stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
	struct sigaction action = {.sa_handler = hear, .sa_flags = SA_ONSTACK};
	struct rlimit limit = {1 << 20, RLIM_INFINITY};
	int sum;

	setrlimit(RLIMIT_STACK, &limit);
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = leave;
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sum = round_of(raise_and_return, 1);
	sum = sum * 10 + round_of(raise_and_leave, 2);
	sum = sum * 10 + round_of(crash, 3);
	sum = sum * 10 + round_of(overflow, 4);
	sigaltstack(NULL, &stack);
	printf("%d %d %d\n", sum, heard, stack.ss_flags);
	return 0;
}
#endif
