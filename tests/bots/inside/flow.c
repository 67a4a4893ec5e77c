// SPDX-License-Identifier: Apache-2.0
/* Ways into static functions and out of them. */

#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "inside.h"

#define apart static __attribute__((noinline, noclone))

/* Tail calls: `first` jumps to `second`, that to `third`. */
apart int third(int number, int more)
{
	__asm__ volatile("");
	return number * 2 + more;
}

apart int second(int number, int more)
{
	__asm__ volatile("");
	return third(number + 1, more - 1);
}

apart int first(int number)
{
	__asm__ volatile("");
	return second(number + 1, 5);
}

/* Itself and each other, as deep as asked for. */
apart int down(int number)
{
	int below = number > 0 ? down(number - 1) : 0;

	__asm__ volatile("" : "+r"(below));
	return below + 1;
}

static int is_odd(int number);

apart int is_even(int number)
{
	int below = number > 0 ? is_odd(number - 1) : 1;

	__asm__ volatile("" : "+r"(below));
	return below;
}

apart int is_odd(int number)
{
	int below = number > 0 ? is_even(number - 1) : 0;

	__asm__ volatile("" : "+r"(below));
	return below;
}

int deep(int number)
{
	return down(number) + is_even(number);
}

/* The registers at every depth. */
apart int deeper(int number)
{
	int n = registers(1) + (number > 0 ? deeper(number - 1) : 0);

	__asm__ volatile("" : "+r"(n));
	return n;
}

int depths(int number)
{
	return deeper(number);
}

/* A place to stop at. */
__attribute__((noinline)) void stop_here(void)
{
	__asm__ volatile("");
}

apart int marked_inner(int number)
{
	stop_here();
	return number + 1;
}

apart int marked_outer(int number)
{
	return marked_inner(number) + 1;
}

int marked(int number)
{
	int result = marked_outer(number);

	__asm__ volatile("" : "+r"(result));
	return result;
}

static jmp_buf place;

apart void jump_out(int number)
{
	if (number)
		longjmp(place, number);
	__asm__ volatile("");
}

apart int jump_from(int number)
{
	jump_out(number);
	__asm__ volatile("");
	return -1;
}

int all_flow(int number)
{
	int back = setjmp(place);

	if (!back)
		jump_from(number);
	return first(number) * 100 + back;
}

/* --- handlers ------------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

apart int in_handler(int number)
{
	handled++;
	return number;
}

apart int interrupted(int number)
{
	__asm__ volatile("");
	return number + 1;
}

static void handle(int number)
{
	in_handler(number);
}

int signals_at(int times)
{
	struct itimerval often = {{0, 200}, {0, 200}};
	int sum = 0;

	signal(SIGALRM, handle);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < times || handled < 20; i++)
		sum += interrupted(i) - i;
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
	return sum >= times;
}

/* A profiler: the call stack, wherever the program is. */
static volatile int deepest;

static void profile(int unused)
{
	void *stack[64];
	int n = backtrace(stack, 64);

	(void)unused;
	handled++;
	if (n > deepest)
		deepest = n;
}

int profiled(int times)
{
	struct itimerval often = {{0, 100}, {0, 100}};
	void *stack[4];
	int sum = 0;

	backtrace(stack, 4); /* it loads its unwinder */
	signal(SIGPROF, profile);
	setitimer(ITIMER_PROF, &often, NULL);
	for (int i = 0; i < times || handled < 50; i++)
		sum += first(i) > 0 && is_even(4);
	setitimer(ITIMER_PROF, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
	return sum >= times && deepest >= 4;
}
