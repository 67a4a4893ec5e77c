// SPDX-License-Identifier: Apache-2.0
/* A program that does jobs and ends in every way there is: `ends HOW [MORE]`. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"

#define CHILDREN 8
#define JOBS     25

static char *self;

/* --- the last act of a job -------------------------------------------------------------------- */

static void end_exit(void)
{
	exit(3);
}

static void end_underscore_exit(void)
{
	_exit(4);
}

static void end_quick_exit(void)
{
	quick_exit(5);
}

static void end_abort(void)
{
	abort();
}

static void end_segv(void)
{
	raise(SIGSEGV);
}

static void end_kill(void)
{
	raise(SIGKILL);
}

static void end_exec(void)
{
	execl(self, self, "jobs", "2", (char *)NULL);
}

/* Says that it is in the middle of a job, and stays there. */
static void end_wait(void)
{
	puts("waiting");
	fflush(stdout);
	for (;;)
		pause();
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{"exit", end_exit},
	{"_exit", end_underscore_exit},
	{"quick_exit", end_quick_exit},
	{"abort", end_abort},
	{"segv", end_segv},
	{"kill", end_kill},
	{"exec", end_exec},
	{"wait", end_wait},
};

/* --- whole programs --------------------------------------------------------------------------- */

static int do_jobs(int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += job("job", 3, NULL);
	printf("%d\n", sum);
	fflush(stdout);
	return 0;
}

static int jobs(const char *n)
{
	return do_jobs(n ? atoi(n) : 1);
}

static int forks(const char *unused)
{
	int failed = 0, status;

	(void)unused;
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child == 0)
			exit(do_jobs(JOBS));
	}
	for (int i = 0; i < JOBS; i++)
		job("parent", 3, NULL);
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}

/* Jobs before, between and after forks, while a thread does jobs all the time. */
static volatile int stop;

static void *keep_busy(void *unused)
{
	while (!stop)
		job("busy", 1, NULL);
	return unused;
}

static int busy_forks(const char *unused)
{
	int failed = 0, status;
	pthread_t busy;

	(void)unused;
	pthread_create(&busy, NULL, keep_busy, NULL);
	for (int i = 0; i < CHILDREN; i++) {
		job("parent", 3, NULL);
		if (fork() == 0)
			exit(job("child", 3, NULL) != 12);
	}
	while (wait(&status) > 0)
		failed |= status;
	stop = 1;
	pthread_join(busy, NULL);
	return failed != 0;
}

/* A child in the middle of a job: it does parts, and leaves by return as its parent does. */
static void fork_inside(void)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0) {
		for (int i = 101; i <= 103; i++)
			part(i);
		return;
	}
	waitpid(child, &status, 0);
	printf("child %d\n", status);
	fflush(stdout);
}

static int forks_inside(const char *unused)
{
	(void)unused;
	return job("shared", 2, fork_inside) != 6;
}

static int execs(const char *unused)
{
	(void)unused;
	do_jobs(1);
	end_exec();
	return 1;
}

static int closes_all(const char *n)
{
	close_range(3, ~0U, 0);
	return jobs(n);
}

static int closes_std(const char *unused)
{
	(void)unused;
	close_range(0, ~0U, 0);
	return job("silent", 3, NULL) != 12;
}

static int changes_folder(const char *folder)
{
	return chdir(folder) < 0 || do_jobs(1);
}

/* Twice forked, its own session, nothing open, in "/". */
static int daemonizes(const char *file)
{
	int fd;

	if (fork())
		return 0;
	setsid();
	if (fork())
		_exit(0);
	if (chdir("/") < 0)
		_exit(1);
	close_range(0, ~0U, 0);
	do_jobs(2);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	return fd < 0;
}

static int changes_root(const char *folder)
{
	return chroot(folder) < 0 || chdir("/") < 0 || do_jobs(3);
}

static int changes_user(const char *unused)
{
	(void)unused;
	return setgid(65534) < 0 || setuid(65534) < 0 || do_jobs(3);
}

/* Works in a program of one thread only. */
static int leaves_namespace(const char *unused)
{
	(void)unused;
	return unshare(CLONE_NEWUSER) < 0 ? 9 : do_jobs(3);
}

/* From here on the kernel refuses new threads and processes. */
static int refuses_threads(const char *unused)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	(void)unused;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0 || do_jobs(3);
}

/* A child that shares everything until it execs, and does a part before. */
static void vfork_inside(void)
{
	int status = 1;
	pid_t child = vfork();

	if (child == 0) {
		part(100);
		execl(self, self, "jobs", "1", (char *)NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("child %d\n", status);
	fflush(stdout);
}

/* The same outside of any job, before the first. */
static int vforks_first(const char *unused)
{
	pid_t child = vfork();
	int status;

	(void)unused;
	if (child == 0) {
		job("child", 1, NULL);
		execl(self, self, "jobs", "1", (char *)NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("child %d\n", status);
	return do_jobs(3);
}

static int vforks(const char *unused)
{
	(void)unused;
	return job("vfork", 2, vfork_inside) != 6;
}

static int leaves_thread(const char *unused)
{
	pthread_t busy;

	(void)unused;
	pthread_create(&busy, NULL, keep_busy, NULL);
	for (int i = 0; i < 1000; i++)
		job("main", 1, NULL);
	return 0;
}

static void *outlive(void *unused)
{
	usleep(50000);
	do_jobs(3);
	return unused;
}

/* The first thread ends before the other: the process ends with the last of them. */
static int main_leaves(const char *unused)
{
	pthread_t other;

	(void)unused;
	do_jobs(2);
	pthread_create(&other, NULL, outlive, NULL);
	pthread_exit(NULL);
}

/* A file of the program's own where standard error was. */
static int replaces_stderr(const char *file)
{
	close(STDERR_FILENO);
	if (open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600) != STDERR_FILENO)
		return 1;
	do_jobs(3);
	return dprintf(STDERR_FILENO, "mine\n") < 0;
}

static void *look_up(void *enough)
{
	while (!__atomic_load_n((int *)enough, __ATOMIC_RELAXED))
		dlsym(RTLD_DEFAULT, "no_such_function");
	return NULL;
}

/* Children that look something up, forked while another thread does. */
static int forks_in_look_up(const char *unused)
{
	int enough = 0, failed = 0;
	pthread_t other;

	(void)unused;
	pthread_create(&other, NULL, look_up, &enough);
	for (int i = 0; i < 200; i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(dlsym(RTLD_DEFAULT, "no_such_function") != NULL);
		waitpid(child, &status, 0);
		failed += status != 0;
	}
	__atomic_store_n(&enough, 1, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	printf("%d failed\n", failed);
	return do_jobs(1);
}

static const struct {
	const char *name;
	int (*run)(const char *more);
} programs[] = {
	{"jobs", jobs},
	{"fork", forks},
	{"busy-fork", busy_forks},
	{"fork-inside", forks_inside},
	{"exec-after", execs},
	{"close", closes_all},
	{"close-std", closes_std},
	{"chdir", changes_folder},
	{"daemon", daemonizes},
	{"thread-left", leaves_thread},
	{"main-left", main_leaves},
	{"stderr", replaces_stderr},
	{"fork-look-up", forks_in_look_up},
	{"chroot", changes_root},
	{"setuid", changes_user},
	{"unshare", leaves_namespace},
	{"seccomp", refuses_threads},
	{"vfork", vforks},
	{"vfork-first", vforks_first},
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc < 2)
		return 2;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!strcmp(argv[1], programs[i].name))
			return programs[i].run(argc > 2 ? argv[2] : NULL);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(argv[1], acts[i].name))
			return job(argv[1], 3, acts[i].act);
	return 2;
}
