// SPDX-License-Identifier: Apache-2.0
/*
 * Row: fibers resumed on another thread than they began on, in the middle of wrapped calls.
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int number)
 *   [agent]
 *   work = int work(int number)
 *   [tool]
 *   before = int before(int number)
 *   after = int after(int number)
 * spans:
 *   5 trace round -
 *   20 agent:work (round) -
 *   20 tool:before agent:work -
 *   20 tool:after agent:work -
 */
#include <pthread.h>
#include <stdio.h>
#include <ucontext.h>

#include "hazard.h"

#define N 4

int round_of(int number);
int work(int number);
int before(int number);
int after(int number);

#ifdef LIBRARY
static ucontext_t homes[2], fibers[N];
static int current, side, answers[N];

TRACED int before(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int after(int number)
{
	BARRIER();
	return number * 2;
}

TRACED int work(int number)
{
	int answer = before(number);

	swapcontext(&fibers[current], &homes[side]);
	answer += after(answer);
	BARRIER();
	return answer;
}

static void start(int number)
{
	answers[number] = work(number);
	setcontext(&homes[side]);
}

static void resume_all(int from)
{
	side = from;
	for (int i = 0; i < N; i++) {
		current = i;
		swapcontext(&homes[side], &fibers[i]);
	}
}

static void *elsewhere(void *unused)
{
	resume_all(1);
	return unused;
}

TRACED int round_of(int number)
{
	static char stacks[N][65536];
	pthread_t thread;
	int sum = number;

	for (int i = 0; i < N; i++) {
		getcontext(&fibers[i]);
		fibers[i].uc_stack.ss_sp = stacks[i];
		fibers[i].uc_stack.ss_size = sizeof(stacks[i]);
		makecontext(&fibers[i], (void (*)(void))start, 1, i);
	}
	resume_all(0);
	pthread_create(&thread, NULL, elsewhere, NULL);
	pthread_join(thread, NULL);
	for (int i = 0; i < N; i++)
		sum = sum * 5 % 65521 + answers[i];
	return sum;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 5; i++)
		printf("%d\n", round_of(i));
	return 0;
}
#endif
