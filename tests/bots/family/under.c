// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program under conditions that this machine does not have:
 *   under errno NUMBER SYSCALL... -- CMD...   those system calls fail (seccomp)
 *   under shadow CMD...                       the kernel says that it runs on a shadow stack (ptrace)
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHADOW_STATUS 0x5005 /* ARCH_SHSTK_STATUS */
#define SHADOW_ON     1UL    /* ARCH_SHSTK_SHSTK */

static int number_of(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} calls[] = {
		{"mkdirat", SYS_mkdirat},     {"fallocate", SYS_fallocate},
		{"clone3", SYS_clone3},       {"clone", SYS_clone},
		{"madvise", SYS_madvise},     {"arch_prctl", SYS_arch_prctl},
		{"getrandom", SYS_getrandom}, {"process_vm_readv", SYS_process_vm_readv},
		{"unshare", SYS_unshare},     {"sigaltstack", SYS_sigaltstack},
		{"prctl", SYS_prctl},         {"close_range", SYS_close_range},
		{"uname", SYS_uname},         {"readlinkat", SYS_readlinkat},
		{"statfs", SYS_statfs},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	fprintf(stderr, "under: %s?\n", name);
	exit(2);
}

static void fail_call(unsigned int number, unsigned int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {4, code};

	/* a filter on prctl itself would keep the next one out */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) {
		perror("under: seccomp");
		exit(2);
	}
}

static int run_failing(char **args)
{
	unsigned int error = (unsigned int)atoi(args[0]);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 2;
	for (args++; strcmp(*args, "--") != 0; args++)
		fail_call((unsigned int)number_of(*args), error);
	execvp(args[1], args + 1);
	return 127;
}

/* At the exit of the call: it succeeded, and the answer is in the word. */
static void answer(pid_t child, unsigned long long word)
{
	struct user_regs_struct registers;

	ptrace(PTRACE_GETREGS, child, NULL, &registers);
	registers.rax = 0;
	ptrace(PTRACE_SETREGS, child, NULL, &registers);
	ptrace(PTRACE_POKEDATA, child, word, SHADOW_ON);
}

static void at_call(pid_t child, unsigned long long *asked)
{
	struct __ptrace_syscall_info info;

	ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		*asked = info.entry.nr == SYS_arch_prctl && info.entry.args[0] == SHADOW_STATUS
				 ? info.entry.args[1]
				 : 0;
	} else if (*asked) {
		answer(child, *asked);
		*asked = 0;
	}
}

static int run_shadowed(char **args)
{
	unsigned long long asked = 0;
	pid_t child = fork();
	int status;

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(args[0], args);
		_exit(127);
	}
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (int signal = 0; ptrace(PTRACE_SYSCALL, child, NULL, signal) == 0;) {
		if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			break;
		signal = WSTOPSIG(status);
		if (signal == (SIGTRAP | 0x80))
			at_call(child, &asked);
		if (signal == (SIGTRAP | 0x80) || signal == SIGTRAP)
			signal = 0;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	if (argc > 4 && strcmp(argv[1], "errno") == 0)
		return run_failing(argv + 2);
	if (argc > 2 && strcmp(argv[1], "shadow") == 0)
		return run_shadowed(argv + 2);
	return 2;
}
