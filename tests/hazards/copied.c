// SPDX-License-Identifier: Apache-2.0
/*
 * Row: coroutines that take turns on one stack, of which each one's part is copied out and in (greenlet). What one
 * has open looks left while another runs there; it returns all the same.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [agent]
 *   work = int work(int number)
 *   [tool]
 *   inner = int inner(int number)
 * check: (SELECT count(*) = 50 AND sum(success) = 50 FROM pipeline_traces)
 * check: (SELECT count(*) = 150 FROM pipeline_spans WHERE span_name = 'agent:work')
 * check: (SELECT count(*) = 300 FROM pipeline_spans WHERE span_name = 'tool:inner')
 */
#include <alloca.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "hazard.h"

#define N 3

int all(int number);
int work(int number);
int inner(int number);

#ifdef LIBRARY
static ucontext_t hub, turns[N], mover;
static char mover_stack[65536], saved[N][65536], *top;
static size_t bytes[N];
static volatile bool started[N], done[N];
static volatile int current, from, to;
static int answers[N];

/* On a stack of its own: takes out `from`, puts in `to`. -1: the hub, above all that is copied. */
static void move(void)
{
	for (;;) {
		if (from >= 0) {
			char *low = (char *)turns[from].uc_mcontext.gregs[REG_RSP] - 128;

			bytes[from] = (size_t)(top - low);
			memcpy(saved[from], low, bytes[from]);
		}
		if (to >= 0)
			memcpy(top - bytes[to], saved[to], bytes[to]);
		swapcontext(&mover, to < 0 ? &hub : &turns[to]);
	}
}

static void yield(void)
{
	from = current;
	to = -1;
	swapcontext(&turns[current], &mover);
}

TRACED int inner(int number)
{
	yield();
	BARRIER();
	return number + 1;
}

TRACED int work(int number)
{
	int answer = inner(number);

	yield();
	answer = answer * 3 + inner(answer);
	BARRIER();
	return answer;
}

/* At another depth each. */
static __attribute__((noinline)) void begin(int number)
{
	size_t room = 64 + (size_t)(number * 2 % N) * 408;
	volatile char *depth = memset(alloca(room), 0, room);

	depth[0] = 1;
	answers[number] = work(number);
	depth[0] = 2;
	done[number] = true;
}

static __attribute__((noinline)) void go_on(int number)
{
	volatile bool back = false;

	getcontext(&hub);
	if (back)
		return;
	back = true;
	top = (char *)hub.uc_mcontext.gregs[REG_RSP];
	current = number;
	if (!started[number]) {
		started[number] = true;
		begin(number);
		return;
	}
	from = -1;
	to = number;
	setcontext(&mover);
}

TRACED int all(int number)
{
	bool any = true;

	getcontext(&mover);
	mover.uc_stack.ss_sp = mover_stack;
	mover.uc_stack.ss_size = sizeof(mover_stack);
	makecontext(&mover, move, 0);
	for (int i = 0; i < N; i++)
		started[i] = done[i] = false;
	while (any) {
		any = false;
		for (int i = 0; i < N; i++) {
			if (done[i])
				continue;
			any = true;
			go_on(i);
		}
	}
	for (int i = 0; i < N; i++)
		number = number * 7 + answers[i];
	return number;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 50; i++)
		printf("%d\n", all(i));
	return 0;
}
#endif
