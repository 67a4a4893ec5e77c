// SPDX-License-Identifier: Apache-2.0
/* Ways to die of a fault. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "nowhere.h"

static __attribute__((noinline)) void write_to(volatile char *at)
{
	*at = 1;
}

static void write_null(void)
{
	write_to((char *)16);
}

static void write_nowhere(void)
{
	write_to((char *)nowhere.dangling + 100);
}

static void write_far(void)
{
	write_to((char *)0x00dead0000000000);
}

static void write_file(void)
{
	write_to((char *)nowhere.shortened + 5);
}

static void run_data(void)
{
	((void (*)(void))(uintptr_t)nowhere.unterminated)();
}

static void raise_it(void)
{
	raise(SIGSEGV);
}

static void send_it(void)
{
	kill(getpid(), SIGBUS);
	pause();
}

static void queue_it(void)
{
	sigqueue(getpid(), SIGSEGV, (union sigval){.sival_int = 7});
	pause();
}

static __attribute__((noinline)) int deeper(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return n ? deeper(n + 1) + room[0] : 0;
}

static void overflow(void)
{
	deeper(1);
}

static void say(int signal)
{
	(void)signal;
	puts("handled");
}

static void twice(void)
{
	struct sigaction action = {.sa_handler = say, .sa_flags = SA_RESETHAND};

	sigaction(SIGSEGV, &action, NULL);
	write_null();
}

static void fault_again(int signal)
{
	say(signal);
	write_null();
}

static void in_handler(void)
{
	signal(SIGSEGV, fault_again);
	write_null();
}

static void ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	raise(SIGSEGV);
	call_all();
	puts("not by raise");
	write_null();
}

static void blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	call_all();
	signal(SIGSEGV, say);
	write_null();
}

static void handler_removed(void)
{
	signal(SIGSEGV, say);
	signal(SIGSEGV, SIG_DFL);
	write_null();
}

static const struct {
	const char *name;
	void (*way)(void);
} ways[] = {
	{"null", write_null}, {"nowhere", write_nowhere},   {"far", write_far},
	{"file", write_file}, {"data", run_data},           {"raise", raise_it},
	{"kill", send_it},    {"queue", queue_it},          {"overflow", overflow},
	{"twice", twice},     {"in_handler", in_handler},   {"ignored", ignored},
	{"blocked", blocked}, {"removed", handler_removed},
};

int die(const char *how)
{
	call_all();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(how, ways[i].name))
			ways[i].way();
	return 2;
}

/* Where a stop was, for one that lies in the program; others only say that. */
static long place(pid_t pid)
{
	struct user_regs_struct registers;
	long at;

	ptrace(PTRACE_GETREGS, pid, NULL, &registers);
	at = (long)registers.rip - (long)(uintptr_t)write_to;
	return labs(at) < 65536 ? at : -1;
}

/* What a debugger or the kernel's core file tells of the death. */
int watch(const char *how)
{
	siginfo_t info = {0};
	int status, signal = 0;
	long at = 0;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		exit(die(how));
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		signal = WSTOPSIG(status);
		ptrace(PTRACE_GETSIGINFO, pid, NULL, &info);
		at = place(pid);
		ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal);
	}
	printf("%s: status %x, last signal %d, code %d, ", how, (unsigned)status, info.si_signo,
	       info.si_code);
	if (info.si_code > 0)
		printf("address %p, at %ld\n", info.si_addr, at);
	else
		printf("%s, value %d\n", info.si_pid == pid ? "of its own" : "of another's",
		       info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
	return 0;
}
