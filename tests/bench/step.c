// SPDX-License-Identifier: Apache-2.0
/*
 * step PROGRAM [ARGUMENT]...: how many instructions the program's first thread executes between its
 * first SIGSTOP and its second, counted one by one. Its other threads run free.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
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

static unsigned long count(pid_t pid, int *ret_status)
{
	unsigned long steps = 0;
	int marks = 0;
	int stop = 0;

	while (stop >= 0) {
		bool own = stop == SIGSTOP || stop == SIGTRAP;

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
