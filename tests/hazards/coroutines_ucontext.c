// SPDX-License-Identifier: Apache-2.0
/*
 * Row: swapcontext coroutines. The parent of a call is the top frame of the stack it runs on, or, on a stack with
 * none, of the thread that first entered it. One is thrown away in the middle of its work, and another made on its stack.
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int number)
 *   [agent]
 *   work = int work(int number)
 *   [tool]
 *   before = int before(int number)
 *   after = int after(int number)
 *   main = int on_main(int number)
 * spans:
 *   3 trace round -
 *   9 agent:work (round) -
 *   2 agent:work (round) left by longjmp
 *   1 agent:work (round) interrupted
 *   12 tool:before agent:work -
 *   12 tool:after agent:work -
 *   33 tool:main (round) -
 */
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "hazard.h"

#define N 4

int round_of(int number);
int work(int number);
int before(int number);
int after(int number);
int on_main(int number);
void yield(void);

#ifdef LIBRARY
static ucontext_t home, fibers[N];
static int current, answers[N];

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

TRACED int on_main(int number)
{
	BARRIER();
	return number * 3;
}

void yield(void)
{
	swapcontext(&fibers[current], &home);
}

TRACED int work(int number)
{
	int answer = before(number);

	yield();
	answer += after(answer);
	yield();
	BARRIER();
	return answer;
}

static int rounds;

/* Deeper in each round: what was thrown away on this stack lies above, as if it were a caller. */
static void start(int number)
{
	volatile char *room = __builtin_alloca(512 * (size_t)rounds);

	room[0] = 0;
	answers[number] = work(number);
}

TRACED int round_of(int number)
{
	static char stacks[N][65536];
	int sum = number;

	rounds++;
	for (int i = 0; i < N; i++) {
		getcontext(&fibers[i]);
		fibers[i].uc_stack.ss_sp = stacks[i];
		fibers[i].uc_stack.ss_size = sizeof(stacks[i]);
		fibers[i].uc_link = &home;
		makecontext(&fibers[i], (void (*)(void))start, 1, i);
	}
	for (int step = 0; step < 3; step++)
		for (int i = 0; i < N - (step == 2); i++) {
			current = i;
			swapcontext(&home, &fibers[i]);
			sum = sum * 3 % 65521 + on_main(i);
		}
	for (int i = 0; i < N; i++)
		sum = sum * 5 % 65521 + answers[i];
	return sum;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 3; i++)
		printf("%d\n", round_of(i));
	return 0;
}
#endif
