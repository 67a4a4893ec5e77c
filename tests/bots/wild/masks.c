// SPDX-License-Identifier: Apache-2.0
/* Signals that are blocked, and what programs do around the C library and each other. */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"
#include "nowhere.h"
#include "wild.h"

#define PAGE 4096

static void call_often(void)
{
	for (int i = 0; i < 50; i++)
		call_all();
}

static void *call_in_thread(void *unused)
{
	call_often();
	return unused;
}

static void in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, call_in_thread, NULL);
	pthread_join(thread, NULL);
}

int block(void)
{
	sigset_t all, before;

	call_often();
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	call_often();
	in_thread();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	call_often();
	sigprocmask(SIG_SETMASK, &all, NULL);
	call_often();
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	call_often();
	puts("blocked and open");
	return 0;
}

/* --- a handler that the C library does not know of ------------------------------------------------- */

struct kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static volatile int faults;

/* Mends what was touched, so that what reads there finds a string. */
static void mend(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	faults++;
	mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1)), PAGE, PROT_READ);
}

static void by_call(int signal, void (*handler)(int, siginfo_t *, void *))
{
	struct kernel_action action;

	syscall(SYS_rt_sigaction, signal, NULL, &action, 8);
	action.handler = handler;
	action.flags |= SA_SIGINFO;
	syscall(SYS_rt_sigaction, signal, &action, NULL, 8);
}

/* Did a call with a pointer to a page that must not be read make that handler run? */
static int is_asked(char *page)
{
	faults = 0;
	mprotect(page, PAGE, PROT_NONE);
	text(page);
	return faults;
}

int set_by_call(void)
{
	char *page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	time_t last = time(NULL) + 20;

	signal(SIGSEGV, SIG_DFL); /* so that there is a way back from a handler */
	call_all();
	by_call(SIGSEGV, mend);
	in_thread(); /* a new thread finds out for itself */
	printf("%d faults in a new thread\n", faults);
	signal(SIGSEGV, SIG_DFL);
	call_all();
	by_call(SIGSEGV, mend);
	while (is_asked(page) && time(NULL) < last)
		;
	printf("%s\n", time(NULL) < last ? "found out in time" : "never found out");
	call_often();
	mprotect(page, PAGE, PROT_NONE);
	(void)*(volatile const char *)page;
	printf("%d fault, its own\n", faults);
	return 0;
}

/* --- other programs --------------------------------------------------------------------------------- */

int disposition(void)
{
	printf("%s\n", signal(SIGSEGV, SIG_DFL) == SIG_IGN ? "ignored" : "not ignored");
	printf("%s\n", signal(SIGBUS, SIG_DFL) == SIG_DFL ? "by default" : "not by default");
	return 0;
}

static void never(int signal)
{
	(void)signal;
	abort();
}

int ignore_and_exec(const char *program)
{
	signal(SIGSEGV, SIG_IGN);
	signal(SIGBUS, never);
	call_all();
	execl(program, program, "disposition", (char *)NULL);
	return 1;
}

static void answer(int signal)
{
	(void)signal;
	faults++;
}

/* The child has dispositions of its own, and our memory. */
int vfork_and_reset(void)
{
	int status;
	pid_t pid;

	signal(SIGSEGV, answer);
	call_all();
	pid = vfork();
	if (pid == 0) {
		if (signal(SIGSEGV, SIG_DFL) != answer || signal(SIGSEGV, SIG_IGN) != SIG_DFL ||
		    signal(SIGSEGV, SIG_DFL) != SIG_IGN)
			_exit(17);
		raise(SIGSEGV);
		_exit(18);
	}
	waitpid(pid, &status, 0);
	printf("child: %x\n", (unsigned)status);
	raise(SIGSEGV);
	printf("handled %d, %s\n", faults,
	       signal(SIGSEGV, SIG_DFL) == answer ? "still set" : "lost");
	call_often();
	return 0;
}

int fork_and_call(void)
{
	int status;
	pid_t pid;

	signal(SIGSEGV, answer);
	call_all();
	pid = fork();
	if (pid == 0) {
		visit(call_all);
		raise(SIGSEGV);
		signal(SIGSEGV, SIG_DFL);
		visit(call_all);
		_exit(faults);
	}
	waitpid(pid, &status, 0);
	call_all();
	raise(SIGSEGV);
	printf("child: %x, handled %d\n", (unsigned)status, faults);
	return 0;
}
