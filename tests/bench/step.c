// SPDX-License-Identifier: Apache-2.0
/*
 * step PROGRAM [ARGUMENT]...: how many instructions the program's first thread executes between its
 * first SIGSTOP and its second, counted one by one. Its other threads run free.
 *
 * Stepped, a call takes milliseconds, and what is done once a millisecond would be done in each. So the clock stands
 * nearly still: a thread that has its reading of the TSC trapped (PR_SET_TSC) is told what it would have been.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Resumes the thread; the signal that it stops at, or -1 with the status it ended with. */
static int resume(pid_t pid, int how, int signal, int *ret_status)
{
	if (ptrace(how, pid, NULL, (void *)(long)signal) < 0 ||
	    waitpid(pid, ret_status, 0) != pid) {
		perror("step");
		exit(1);
	}
	return WIFSTOPPED(*ret_status) ? WSTOPSIG(*ret_status) : -1;
}

#define RDTSC         0x310f
#define RDTSC_BYTES   2
#define BETWEEN_READS 50 /* ticks */

/* Answers for the clock, if that is what the thread stopped at. */
static bool read_clock(pid_t pid, uint64_t *ticks)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0 ||
	    (uint16_t)ptrace(PTRACE_PEEKTEXT, pid, (void *)registers.rip, NULL) != RDTSC)
		return false;
	*ticks = *ticks ? *ticks + BETWEEN_READS : __builtin_ia32_rdtsc();
	registers.rax = (uint32_t)*ticks;
	registers.rdx = *ticks >> 32;
	registers.rip += RDTSC_BYTES;
	return ptrace(PTRACE_SETREGS, pid, NULL, &registers) == 0;
}

static unsigned long count(pid_t pid, int *ret_status)
{
	unsigned long steps = 0;
	uint64_t ticks = 0;
	int marks = 0;
	int stop = 0;

	while (stop >= 0) {
		bool own = stop == SIGSTOP || stop == SIGTRAP ||
			   (stop == SIGSEGV && read_clock(pid, &ticks));

		marks += stop == SIGSTOP;
		if (marks == 1)
			steps++;
		stop = resume(pid, marks == 1 ? PTRACE_SINGLESTEP : PTRACE_CONT, own ? 0 : stop,
			      ret_status);
	}
	return steps;
}

int main(int argc, char **argv)
{
	unsigned long steps;
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: step PROGRAM [ARGUMENT]...\n");
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		fprintf(stderr, "step: %s did not start\n", argv[1]);
		return 1;
	}
	steps = count(pid, &status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "step: %s failed\n", argv[1]);
		return 1;
	}
	printf("%lu\n", steps);
	return 0;
}
