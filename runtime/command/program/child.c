// SPDX-License-Identifier: Apache-2.0
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../terminal/print.h"

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define N_FORWARDED (sizeof(forwarded) / sizeof(forwarded[0]))

/* What the child gets back as it was. */
struct dispositions {
	sigset_t mask;
	struct sigaction forwarded[N_FORWARDED];
	struct sigaction child;
};

static volatile pid_t the_child;

/* What the terminal sends (the kernel, so si_code is positive) the child has got itself. */
static void forward(int number, siginfo_t *info, void *context)
{
	int before = errno;

	(void)context;
	if (info->si_code <= 0 && the_child > 0)
		kill(the_child, number);
	errno = before;
}

/* Leaves the signals blocked, so that none comes before the child's pid is known. */
static void catch_signals(struct dispositions *ret)
{
	struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < N_FORWARDED; i++)
		sigaddset(&block, forwarded[i]);
	sigprocmask(SIG_BLOCK, &block, &ret->mask);
	for (size_t i = 0; i < N_FORWARDED; i++) {
		sigaction(forwarded[i], NULL, &ret->forwarded[i]);
		/* Under nohup a hang-up stays ignored, here and in the child. */
		if (ret->forwarded[i].sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
	/* Ignored, it would take the child's status away. */
	sigaction(SIGCHLD, &by_default, &ret->child);
}

static void restore_signals(const struct dispositions *before)
{
	for (size_t i = 0; i < N_FORWARDED; i++)
		sigaction(forwarded[i], &before->forwarded[i], NULL);
	sigaction(SIGCHLD, &before->child, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* As shells tell: no NUL in the first line, of which so much counts. */
static bool is_text(const char *path)
{
	char head[80];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
	const char *end = n > 0 ? memchr(head, '\n', (size_t)n) : NULL;

	if (fd >= 0)
		close(fd);
	return n >= 0 && !memchr(head, '\0', end ? (size_t)(end - head) : (size_t)n);
}

__attribute__((noreturn)) static void be_child(const char *path, char **argv, bool quiet,
					       const struct dispositions *before)
{
	int error;

	restore_signals(before);
	if (quiet) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	execv(path, argv);
	error = errno;
	/* With a slash in the path execvp searches nothing, but has a shell read what has no #!. */
	if (error == ENOEXEC && is_text(path))
		execvp(path, argv);
	ts_say("%s: %s", argv[0], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

/* Waits until the child is a zombie, and says by what. */
static void await_end(ts_child_killed_fn *killed)
{
	siginfo_t info = {.si_pid = 0};

	while (waitid(P_PID, (id_t)the_child, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return;
	if (killed && (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED))
		killed(the_child, info.si_status);
}

int ts_child_run(const char *path, char **argv, bool quiet, ts_child_killed_fn *killed)
{
	struct dispositions before;
	int status = 0;

	catch_signals(&before);
	the_child = fork();
	if (!the_child)
		be_child(path, argv, quiet, &before);
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
	if (the_child < 0) {
		ts_say("%s: %s", argv[0], strerror(errno));
		restore_signals(&before);
		return 126;
	}
	await_end(killed);
	while (waitpid(the_child, &status, 0) < 0 && errno == EINTR)
		;
	the_child = 0;
	restore_signals(&before);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
