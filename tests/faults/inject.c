// SPDX-License-Identifier: Apache-2.0
/*
 * `inject fail|kill N LOG CMD...`: runs CMD and lets its N-th system call fail, or kills CMD where it would be made. LOG
 * is written then, and only then: which one it was. Counted are the calls made on our behalf, in a program that marks its
 * own (mine.h): those that are not marked, from the first that the shim makes in a program with LD_PRELOAD. Else from the
 * first file that is not the dynamic linker's. Status and end are CMD's. Where a call cannot fail, or libc would not live
 * through it, it is not counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mine.h"

#define MAX_THREADS 1024

struct thread {
	pid_t tid;
	bool known;  /* who made it */
	bool held;   /* it waits until that is known */
	bool mine;   /* what it calls is the program's own */
	bool failed; /* the call it is in shall have failed */
	int error;
};

static const struct {
	long number;
	const char *name;
	int error; /* 0: it is made, and said to have failed */
} calls[] = {
	{SYS_read, "read", EIO},
	{SYS_write, "write", ENOSPC},
	{SYS_openat, "openat", EMFILE},
	{SYS_open, "open", EMFILE},
	{SYS_close, "close", 0},
	{SYS_newfstatat, "newfstatat", EIO},
	{SYS_fstat, "fstat", EIO},
	{SYS_stat, "stat", EIO},
	{SYS_lstat, "lstat", EIO},
	{SYS_lseek, "lseek", EIO},
	{SYS_mmap, "mmap", ENOMEM},
	{SYS_mprotect, "mprotect", ENOMEM},
	{SYS_mremap, "mremap", ENOMEM},
	{SYS_madvise, "madvise", EINVAL},
	{SYS_pread64, "pread64", EIO},
	{SYS_pwrite64, "pwrite64", ENOSPC},
	{SYS_access, "access", EIO},
	{SYS_dup3, "dup3", EMFILE},
	{SYS_fcntl, "fcntl", EMFILE},
	{SYS_flock, "flock", ENOLCK},
	{SYS_fsync, "fsync", EIO},
	{SYS_fdatasync, "fdatasync", EIO},
	{SYS_ftruncate, "ftruncate", ENOSPC},
	{SYS_fallocate, "fallocate", ENOSPC},
	{SYS_getdents64, "getdents64", EIO},
	{SYS_getcwd, "getcwd", ENOENT},
	{SYS_rename, "rename", EACCES},
	{SYS_mkdir, "mkdir", ENOSPC},
	{SYS_mkdirat, "mkdirat", ENOSPC},
	{SYS_rmdir, "rmdir", EACCES},
	{SYS_unlink, "unlink", EACCES},
	{SYS_unlinkat, "unlinkat", EACCES},
	{SYS_readlink, "readlink", EACCES},
	{SYS_readlinkat, "readlinkat", EACCES},
	{SYS_statfs, "statfs", EIO},
	{SYS_prlimit64, "prlimit64", EPERM},
	{SYS_getrandom, "getrandom", ENOSYS},
	{SYS_clone3, "clone3", EAGAIN},
	{SYS_unshare, "unshare", EPERM},
	{SYS_close_range, "close_range", ENOSYS},
	{SYS_uname, "uname", EFAULT},
	{SYS_sigaltstack, "sigaltstack", EPERM},
	{SYS_process_vm_readv, "process_vm_readv", EPERM},
	{SYS_kill, "kill", EPERM},
	{SYS_socket, "socket", EMFILE},
	{SYS_connect, "connect", ECONNREFUSED},
	{SYS_poll, "poll", EIO},
	{SYS_sendto, "sendto", ECONNRESET},
	{SYS_recvfrom, "recvfrom", ECONNRESET},
	{SYS_getsockopt, "getsockopt", EIO},
	{SYS_setsockopt, "setsockopt", EIO},
	{SYS_ftruncate, "ftruncate", ENOSPC},
};

static struct thread threads[MAX_THREADS];
static size_t n_threads;
static pid_t program;
static bool kills, with_shim, begun;
static long wanted, counted;
static const char *log_path;
static unsigned long first_low, first_high;

static struct thread *thread_of(pid_t tid)
{
	for (size_t i = 0; i < n_threads; i++)
		if (threads[i].tid == tid)
			return &threads[i];
	if (n_threads == MAX_THREADS) {
		fprintf(stderr, "inject: too many threads\n");
		exit(125);
	}
	threads[n_threads] = (struct thread){.tid = tid};
	return &threads[n_threads++];
}

static void forget(pid_t tid)
{
	struct thread *thread = thread_of(tid);

	*thread = threads[--n_threads];
}

/* Where the code lies that begins: the shim's; in a command libc's, for what the dynamic linker does before is its own. */
static void find_first(void)
{
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)program);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, with_shim ? "libtraceshim.so" : "libc.so.6") &&
		    strstr(line, "r-xp"))
			sscanf(line, "%lx-%lx", &first_low, &first_high);
	if (maps)
		fclose(maps);
}

static bool has_begun(const struct __ptrace_syscall_info *info)
{
	if (begun)
		return true;
	/* libc's first memory is asked for by the dynamic linker, which does not live without */
	if (!with_shim && info->entry.nr != SYS_openat)
		return false;
	if (!first_low)
		find_first();
	begun = info->instruction_pointer >= first_low && info->instruction_pointer < first_high;
	return begun;
}

static void say(const char *name)
{
	int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || dprintf(fd, "%s\n", name) < 0)
		exit(125);
	close(fd);
}

static void skip(pid_t tid)
{
	struct user_regs_struct registers;

	ptrace(PTRACE_GETREGS, tid, 0, &registers);
	registers.orig_rax = (unsigned long long)-1;
	ptrace(PTRACE_SETREGS, tid, 0, &registers);
}

static void enter(struct thread *thread, const struct __ptrace_syscall_info *info)
{
	if (info->entry.nr == SYS_prctl && info->entry.args[0] == MINE_PRCTL) {
		thread->mine = info->entry.args[1];
		return;
	}
	if (!has_begun(info) || thread->mine)
		return;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].number != (long)info->entry.nr)
			continue;
		if (++counted != wanted)
			return;
		say(calls[i].name);
		if (kills) {
			kill(program, SIGKILL);
			return;
		}
		thread->failed = true;
		thread->error = calls[i].error ? calls[i].error : EIO;
		if (calls[i].error)
			skip(thread->tid);
		return;
	}
}

static void leave(struct thread *thread)
{
	struct user_regs_struct registers;

	if (!thread->failed)
		return;
	thread->failed = false;
	ptrace(PTRACE_GETREGS, thread->tid, 0, &registers);
	registers.rax = (unsigned long long)-thread->error;
	ptrace(PTRACE_SETREGS, thread->tid, 0, &registers);
}

static void at_call(struct thread *thread)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(thread, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave(thread);
}

static void go_on(pid_t tid, int signal)
{
	ptrace(PTRACE_SYSCALL, tid, 0, signal);
}

/* A thread that the program makes is the program's own until it says otherwise. */
static void adopt(const struct thread *maker)
{
	unsigned long tid = 0;
	struct thread *made;
	bool mine = maker->mine;

	ptrace(PTRACE_GETEVENTMSG, maker->tid, 0, &tid);
	made = thread_of((pid_t)tid);
	made->known = true;
	made->mine = mine;
	if (made->held)
		go_on(made->tid, 0);
	made->held = false;
}

static void stopped(pid_t tid, int status)
{
	struct thread *thread = thread_of(tid);
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(thread);
		go_on(tid, 0);
	} else if (event == PTRACE_EVENT_CLONE) {
		adopt(thread);
		go_on(tid, 0);
	} else if (signal == SIGSTOP && !thread->known) {
		thread->held = true;
	} else {
		go_on(tid, event || signal == SIGTRAP || signal == SIGSTOP ? 0 : signal);
	}
}

/* The program's status, once it has ended. */
static int follow(void)
{
	int status, result = 0;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			stopped(tid, status);
			continue;
		}
		if (tid == program)
			result = status;
		forget(tid);
	}
	return result;
}

static void start(char **argv)
{
	program = fork();
	if (program == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execv(argv[0], argv);
		_exit(127);
	}
	if (program < 0 || waitpid(program, NULL, 0) != program ||
	    ptrace(PTRACE_SETOPTIONS, program, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL |
			   PTRACE_O_TRACEEXEC) < 0) {
		perror("inject");
		exit(125);
	}
	thread_of(program)->known = true;
	go_on(program, 0);
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 5)
		return 125;
	kills = strcmp(argv[1], "kill") == 0;
	wanted = atol(argv[2]);
	log_path = argv[3];
	with_shim = getenv("INJECT_PRELOAD") != NULL;
	if (with_shim)
		setenv("LD_PRELOAD", getenv("INJECT_PRELOAD"), 1);
	start(argv + 4);
	status = follow();
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL);
	kill(getpid(), WTERMSIG(status));
	return 125;
}
