// SPDX-License-Identifier: Apache-2.0
/* Processes that go on as copies. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "family.h"
#include "work.h"

#define SERVERS  4
#define REQUESTS 5

/* --- inside a pipeline ------------------------------------------------------------------------ */

static pid_t by_clone(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static int fork_inside_by(pid_t (*copy)(void), const char *name)
{
	pid_t child = copy();

	if (child == 0) {
		int result = chapter(name);

		say(name, result);
		_exit(result);
	}
	return await(child);
}

static int fork_inside(void)
{
	return fork_inside_by(fork, "forked") | fork_inside_by(_Fork, "_Forked") |
	       fork_inside_by(by_clone, "cloned");
}

static int fork_and_exec_inside(void)
{
	pid_t child = fork();

	if (child == 0) {
		help("child");
		execle(self, self, "leaf", "forked and exec'd", (char *)NULL, (char *[]){NULL});
		_exit(127);
	}
	return await(child);
}

static int inside(void)
{
	return learn("inside", fork_inside);
}

static int inside_exec(void)
{
	return learn("inside", fork_and_exec_inside);
}

/* --- servers ---------------------------------------------------------------------------------- */

static int serve(int server)
{
	for (int i = 0; i < REQUESTS; i++)
		if (chapter("request"))
			return 1;
	say("server", server);
	return 0;
}

/* Forks its servers after a first event; a server forks without having done anything. */
static int prefork(void)
{
	pid_t children[SERVERS];
	int failed = chapter("start");

	for (int i = 0; i < SERVERS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			exit(serve(i));
	}
	for (int i = 0; i < SERVERS; i++)
		failed |= await(children[i]);
	return failed | chapter("end");
}

/* Does its part each time it is told to. */
static int stays(void)
{
	int failed = 0;

	do {
		failed |= chapter("told");
		say("told", failed);
	} while (getchar() != EOF);
	return failed;
}

/* Servers that stay. */
static int prefork_and_wait(void)
{
	int failed = chapter("start");
	pid_t parent = getpid();

	for (int i = 0; i < SERVERS; i++) {
		usleep(100000); /* so that the flusher is at it */
		if (fork() == 0) {
			failed |= chapter("request");
			say("waiting", failed);
			while (getppid() == parent)
				usleep(10000);
			_exit(failed);
		}
	}
	while (getchar() != EOF)
		;
	return failed;
}

/* Children that leave by exit() and have called nothing of ours; then the parent goes on. */
static int idle_children(void)
{
	int failed = chapter("before");

	for (int i = 0; i < SERVERS; i++) {
		pid_t child = fork();

		if (child == 0)
			exit(0);
		failed |= await(child);
	}
	failed |= chapter("after");
	say("waiting", failed);
	/* until somebody has seen that it is stored */
	while (getchar() != EOF)
		;
	return failed;
}

/* As daemon(7) has it, and closes what it finds. */
static void become_daemon(void)
{
	int null;

	if (fork() > 0)
		_exit(0);
	setsid();
	if (fork() > 0)
		_exit(0);
	umask(077);
	if (chdir("/"))
		_exit(1);
	syscall(SYS_close_range, 3U, ~0U, 0U);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
}

static int daemon_at(int chapters)
{
	char done[4096];

	snprintf(done, sizeof(done), "%s/done", getenv("FAMILY_FOLDER"));
	for (int i = 0; i < chapters; i++)
		chapter("before");
	become_daemon();
	for (int i = 0; i < chapters; i++)
		chapter("daemon");
	return close(open(done, O_WRONLY | O_CREAT, 0600));
}

static int daemonizes(void)
{
	return daemon_at(3);
}

static void fork_and_wait(int signal)
{
	int pid = fork();

	(void)signal;
	if (pid == 0)
		_exit(0);
	await(pid);
}

/* A handler that forks, in the middle of forks. */
static int forks_in_handler(void)
{
	const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};

	chapter("first");
	signal(SIGALRM, fork_and_wait);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 1000; i++)
		fork_and_wait(0);
	setitimer(ITIMER_REAL, &never, NULL);
	return 0;
}

/* The child of a child that did nothing: who may sign the page of the process? */
static int vfork_in_fork(void)
{
	pid_t child = fork();

	if (child == 0) {
		pid_t grandchild = vfork();

		if (grandchild == 0) {
			help("guest");
			_exit(0);
		}
		await(grandchild);
		_exit(chapter("child"));
	}
	return await(child) | chapter("parent");
}

/* A child of vfork that leaves by exit(), which it must not: the parent is traced all the same. */
static int exit_in_vfork(void)
{
	int failed = chapter("before");
	pid_t child = vfork();

	if (child == 0)
		exit(0);
	failed |= await(child);
	failed |= chapter("after");
	return failed;
}

const struct way forks[] = {
	{"inside", inside},
	{"inside_exec", inside_exec},
	{"prefork", prefork},
	{"prefork_and_wait", prefork_and_wait},
	{"idle_children", idle_children},
	{"stays", stays},
	{"daemonizes", daemonizes},
	{"vfork_in_fork", vfork_in_fork},
	{"forks_in_handler", forks_in_handler},
	{"exit_in_vfork", exit_in_vfork},
	{NULL, NULL},
};
