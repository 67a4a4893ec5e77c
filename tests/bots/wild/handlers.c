// SPDX-License-Identifier: Apache-2.0
/* Handlers of every style. */

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "faults.h"
#include "nowhere.h"
#include "wild.h"

#define PAGE  4096
#define TIMES 10

__sighandler_t bsd_signal(int, __sighandler_t);

static char alternate[65536];

/* Of the thread: a page that its handler makes accessible, and what the handler saw. */
static __thread struct {
	char *page;
	int faults;
	int code;
	const void *address;
	bool on_alternate, blocked;
} seen;

static void look_around(int signal)
{
	char *here = __builtin_frame_address(0);
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	seen.blocked = sigismember(&mask, signal);
	seen.on_alternate = here > alternate && here < alternate + sizeof(alternate);
	seen.faults++;
	call_all();
	mprotect(seen.page, PAGE, PROT_READ | PROT_WRITE);
}

static void on_fault(int signal)
{
	look_around(signal);
}

static void on_fault_informed(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;

	seen.code = info->si_code;
	seen.address = info->si_addr;
	if (at->uc_mcontext.gregs[REG_TRAPNO] != 14)
		seen.code = -1;
	look_around(signal);
}

static void on_fault_once(int signal)
{
	sysv_signal(signal, on_fault_once);
	look_around(signal);
}

static void on_fault_once_informed(int signal, siginfo_t *info, void *context)
{
	struct sigaction action, found;

	sigaction(signal, NULL, &found);
	printf("handler is %s\n", found.sa_handler == SIG_DFL ? "gone" : "still there");
	action = found;
	action.sa_sigaction = on_fault_once_informed;
	sigaction(signal, &action, NULL);
	on_fault_informed(signal, info, context);
}

static __attribute__((noinline)) void touch(void)
{
	mprotect(seen.page, PAGE, PROT_NONE);
	*(volatile char *)(seen.page + 8) = 1;
}

static void new_page(void)
{
	seen.page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (seen.page == MAP_FAILED)
		exit(1);
}

static void count(const char *style)
{
	seen.faults = 0;
	seen.code = 0;
	seen.address = NULL;
	for (int i = 0; i < TIMES; i++) {
		call_all();
		touch();
	}
	printf("%s: %d faults, code %d, at %ld, %s stack, %s\n", style, seen.faults, seen.code,
	       seen.address ? (long)((const char *)seen.address - seen.page) : -1,
	       seen.on_alternate ? "alternate" : "own", seen.blocked ? "blocked" : "open");
}

static void count_with(const char *style, int flags, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags};

	sigaction(SIGSEGV, &action, NULL);
	count(style);
}

int handle(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};

	new_page();
	signal(SIGSEGV, on_fault);
	count("signal");
	bsd_signal(SIGSEGV, on_fault);
	count("bsd_signal");
	ssignal(SIGSEGV, on_fault);
	count("ssignal");
	sysv_signal(SIGSEGV, on_fault_once);
	count("sysv_signal");
	sigset(SIGSEGV, on_fault);
	count("sigset");
	count_with("siginfo", SA_SIGINFO, on_fault_informed);
	count_with("nodefer", SA_SIGINFO | SA_NODEFER, on_fault_informed);
	count_with("once", SA_SIGINFO | SA_RESETHAND, on_fault_once_informed);
	count_with("onstack without a stack", SA_SIGINFO | SA_ONSTACK, on_fault_informed);
	sigaltstack(&stack, NULL);
	count_with("onstack", SA_SIGINFO | SA_ONSTACK, on_fault_informed);
	count_with("own stack", SA_SIGINFO, on_fault_informed);
	return 0;
}

/* --- as garbage collectors and compilers at run time do --------------------------------------- */

static sigjmp_buf back;

static void jump(int signal)
{
	(void)signal;
	call_all();
	siglongjmp(back, 1);
}

int jump_out(void)
{
	volatile int jumps = 0;
	sigset_t mask;

	signal(SIGSEGV, jump);
	signal(SIGBUS, jump);
	for (volatile int i = 0; i < TIMES; i++) {
		if (sigsetjmp(back, 1))
			jumps++;
		else if (i & 1)
			(void)*(const volatile char *)nowhere.dangling;
		else
			(void)*(const volatile char *)nowhere.shortened;
		call_all();
	}
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	printf("%d jumps, then %d\n", jumps, sigismember(&mask, SIGSEGV));
	return 0;
}

static void report_overflow(int signal, siginfo_t *info, void *context)
{
	(void)context;
	look_around(signal);
	printf("overflow: signal %d, code %d, %s stack\n", signal, info->si_code,
	       seen.on_alternate ? "alternate" : "own");
	_exit(3);
}

static __attribute__((noinline)) int deeper(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return n ? deeper(n + 1) + room[0] : 0;
}

int overflow_handled(void)
{
	struct sigaction action = {.sa_sigaction = report_overflow,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};

	new_page();
	call_all();
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	return deeper(1);
}

/* --- many threads ----------------------------------------------------------------------------- */

static void *fault_and_call(void *unused)
{
	new_page();
	for (int i = 0; i < 40; i++) {
		call_all();
		touch();
	}
	return (void *)(intptr_t)(seen.faults + (unused ? 1 : 0));
}

int race(void)
{
	struct sigaction action = {.sa_sigaction = on_fault_informed, .sa_flags = SA_SIGINFO};
	pthread_t threads[6];
	void *faults;

	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, fault_and_call, NULL);
	for (int i = 0; i < 6; i++) {
		pthread_join(threads[i], &faults);
		printf("%ld faults\n", (long)(intptr_t)faults);
	}
	return 0;
}

/* --- what was set ----------------------------------------------------------------------------- */

static const char *name(const void *handler)
{
	return handler == (void *)SIG_DFL    ? "default"
	       : handler == (void *)SIG_IGN  ? "ignored"
	       : handler == (void *)SIG_HOLD ? "held"
	       : handler == (void *)SIG_ERR  ? "error"
	       : handler == (void *)on_fault ? "on_fault"
					     : "another";
}

static void show(const char *what)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL};

	printf("%s:", what);
	for (size_t i = 0; i < 3; i++) {
		struct sigaction found;
		uint64_t mask;

		sigaction(signals[i], NULL, &found);
		memcpy(&mask, &found.sa_mask, 8);
		printf(" %s %x %lx%s", name((void *)found.sa_handler), (unsigned)found.sa_flags,
		       (unsigned long)mask, i < 2 ? "," : "\n");
	}
}

static void set_all(int flags, __sighandler_t handler)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaddset(&action.sa_mask, SIGUSR1);
	sigaddset(&action.sa_mask, SIGKILL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
}

int query(void)
{
	static const struct {
		const char *name;
		__sighandler_t (*set)(int, __sighandler_t);
	} setters[] = {{"signal", signal},
		       {"bsd_signal", bsd_signal},
		       {"ssignal", ssignal},
		       {"sigset", sigset},
		       {"sysv_signal", sysv_signal}};
	static const int flags[] = {SA_RESTART, SA_SIGINFO, SA_RESETHAND, SA_NODEFER | SA_ONSTACK};

	show("at first");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		set_all(flags[i], on_fault);
		show("handled");
		set_all(flags[i], SIG_DFL);
		show("by default");
		set_all(flags[i], SIG_IGN);
		show("ignored");
	}
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		printf("%s, %s, %s\n", name((void *)setters[i].set(SIGSEGV, on_fault)),
		       name((void *)setters[i].set(SIGBUS, on_fault)),
		       name((void *)setters[i].set(SIGILL, on_fault)));
		show(setters[i].name);
	}
	siginterrupt(SIGSEGV, 0);
	show("siginterrupt");
	printf("%s, ", name((void *)sigset(SIGSEGV, SIG_HOLD)));
	printf("%s, ", name((void *)sigset(SIGSEGV, SIG_HOLD)));
	printf("%s\n", name((void *)sigset(SIGSEGV, on_fault)));
	printf("%s\n", name((void *)signal(SIGSEGV, SIG_ERR)));
	printf("%d\n", sigignore(SIGBUS));
	show("sigignore");
	return 0;
}
