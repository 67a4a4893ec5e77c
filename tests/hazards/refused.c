// SPDX-License-Identifier: Apache-2.0
/*
 * Row: setjmp, getcontext, swapcontext, longjmp, vfork and their like, named by rules and hit by globs: never
 * wrapped; what stands beside them in the same program is.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   one = _setjmp
 *   two = __sigsetjmp
 *   three = longjmp
 *   four = siglongjmp
 *   five = getcontext
 *   six = swapcontext
 *   seven = setcontext
 *   eight = vfork
 *   nine = dlopen
 *   ten = dlsym
 *   eleven = __libc_start_main
 *   twelve = pthread_create
 *   leaf = int leaf(int number)
 *   jump* = *jmp*
 *   context* = *context
 *   v* = vf*
 * spans:
 *   2 trace all -
 *   2 tool:leaf (all) -
 *   2 tool:makecontext (all) -
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "hazard.h"

int all(int number);
int leaf(int number);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number + 3;
}

static int twice(void)
{
	jmp_buf plain;
	sigjmp_buf masked;
	volatile int times = 0;

	if (setjmp(plain) < 3)
		longjmp(plain, ++times);
	if (sigsetjmp(masked, 1) < 3)
		siglongjmp(masked, ++times - 3);
	return times;
}

static ucontext_t home, away;
static int visited;

static void visit(void)
{
	visited++;
	swapcontext(&away, &home);
	visited += 10;
	setcontext(&home);
}

static int contexts(void)
{
	static char stack[65536];

	visited = 0;
	getcontext(&away);
	away.uc_stack.ss_sp = stack;
	away.uc_stack.ss_size = sizeof(stack);
	makecontext(&away, visit, 0);
	swapcontext(&home, &away);
	swapcontext(&home, &away);
	return visited;
}

static int child(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0)
		_exit(9);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void *start(void *argument)
{
	return argument;
}

TRACED int all(int number)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY);
	void *answer;
	pthread_t thread;

	pthread_create(&thread, NULL, start, &home);
	pthread_join(thread, &answer);
	printf("%d %d %d %d %d\n", twice(), contexts(), child(), answer == &home,
	       dlsym(libc, "longjmp") != NULL);
	return leaf(number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(1));
	printf("%d\n", all(2));
	return 0;
}
#endif
