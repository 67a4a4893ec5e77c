// SPDX-License-Identifier: Apache-2.0
/*
 * The functions that start programs. The next program gets the environment it was given, to which is
 * added what is missing (handover.h); an exec is marked in the event log.
 *
 * They are called between vfork and exec, where a malloc, a lock or a static buffer would be the
 * parent's, and in signal handlers. What is built lies on the stack. An environment too long for that
 * gets pages; those of a child that shared our memory and is now another program are given back by the
 * thread's next call.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "../hook/interpose.h"
#include "../hot/call.h"
#include "../system/pages.h"
#include "../system/sys.h"
#include "handover.h"
#include "mark.h"
#include "target.h"

#define EXPORT      __attribute__((visibility("default")))
#define STACK_BYTES 4096

enum how { EXECVE, EXECVPE, FEXECVE, EXECVEAT, SPAWN, SPAWNP };

/* A call of the program's, whichever it was. */
struct start {
	enum how how;
	int fd; /* FEXECVE; EXECVEAT's folder */
	int flags;
	const char *path;
	char *const *argv;
	pid_t *ret_pid;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attributes;
};

/* Pages that a child may have left in our memory. */
struct left {
	void *pages;
	size_t bytes;
	int pid; /* who made them */
};

static __thread struct left left __attribute__((tls_model("initial-exec")));

static int call_real(const struct start *start, char *const *list)
{
	switch (start->how) {
	case EXECVE:
		return ts_real.execve(start->path, start->argv, list);
	case EXECVPE:
		return ts_real.execvpe(start->path, start->argv, list);
	case FEXECVE:
		return ts_real.fexecve(start->fd, start->argv, list);
	case EXECVEAT:
		return ts_real.execveat(start->fd, start->path, start->argv, list, start->flags);
	case SPAWN:
		return ts_real.posix_spawn(start->ret_pid, start->path, start->actions,
					   start->attributes, start->argv, list);
	default:
		return ts_real.posix_spawnp(start->ret_pid, start->path, start->actions,
					    start->attributes, start->argv, list);
	}
}

static bool is_exec(const struct start *start)
{
	return start->how != SPAWN && start->how != SPAWNP;
}

static bool was_too_long(const struct start *start, int result)
{
	return is_exec(start) ? errno == E2BIG : result == E2BIG;
}

/* What the kernel would have taken without us goes without us: `own` is the program's list. */
static int call(const struct start *start, char *const *list, char *const *own)
{
	uint64_t mark = is_exec(start) ? ts_mark_exec() : 0;
	int result = call_real(start, list);

	if (list != own && was_too_long(start, result))
		result = call_real(start, own);
	ts_mark_exec_failed(mark);
	return result;
}

/* Where a search in PATH would lead is not known here: most likely to a program like this one. */
static bool takes_us(const struct start *start)
{
	bool searched = (start->how == EXECVPE || start->how == SPAWNP) && start->path &&
			!strchr(start->path, '/');

	if (searched)
		return true;
	if (start->how == FEXECVE || (start->how == EXECVEAT && start->flags & AT_EMPTY_PATH &&
				      start->path && !start->path[0]))
		return ts_target_file_takes_us(start->fd);
	return ts_target_takes_us(start->how == EXECVEAT ? start->fd : AT_FDCWD, start->path);
}

static void free_left(void)
{
	if (left.pages && left.pid != ts_sys_getpid()) {
		ts_pages_free(left.pages, left.bytes);
		left.pages = NULL;
	}
}

static __attribute__((noinline)) int call_with_pages(const struct start *start,
						     const struct ts_handover *handover,
						     char *const *list, size_t bytes)
{
	void *pages = ts_pages_new(bytes);
	int result;

	if (!pages)
		return call(start, list, list);
	left = (struct left){pages, bytes, ts_sys_getpid()};
	result = call(start, ts_environment_make(&handover->environment, pages), list);
	left.pages = NULL;
	ts_pages_free(pages, bytes);
	return result;
}

static __attribute__((noinline)) int
call_with_stack(const struct start *start, const struct ts_handover *handover, char *const *list)
{
	char memory[STACK_BYTES] __attribute__((aligned(16)));

	return call(start, ts_environment_make(&handover->environment, memory), list);
}

static __attribute__((noinline)) int call_handing_over(const struct start *start, char *const *list)
{
	struct ts_handover handover;
	bool with_us = ts_handover_names_us(list) || (ts_handover_is_there() && takes_us(start));
	size_t bytes = ts_handover_plan(&handover, list, with_us);

	free_left();
	if (!bytes)
		return call(start, list, list);
	if (bytes <= STACK_BYTES)
		return call_with_stack(start, &handover, list);
	return call_with_pages(start, &handover, list, bytes);
}

/* An exec's answer, or spawn's. */
static int no_real(const struct start *start)
{
	if (!is_exec(start))
		return ENOSYS;
	errno = ENOSYS;
	return -1;
}

static int begin(const struct start *start, char *const *list)
{
	if (ts_interpose_init() < 0)
		return no_real(start);
	/* fexecve wants a list, and says so */
	if (!ts_interpose_active || ts_hot.passive || (start->how == FEXECVE && !list))
		return call_real(start, list);
	return call_handing_over(start, list);
}

static int exec_path(const char *path, char *const argv[], char *const list[])
{
	struct start start = {.how = EXECVE, .path = path, .argv = argv};

	return begin(&start, list);
}

static int exec_file(const char *file, char *const argv[], char *const list[])
{
	struct start start = {.how = EXECVPE, .path = file, .argv = argv};

	return begin(&start, list);
}

EXPORT int execve(const char *path, char *const argv[], char *const list[])
{
	return exec_path(path, argv, list);
}

EXPORT int execv(const char *path, char *const argv[])
{
	return exec_path(path, argv, environ);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const list[])
{
	return exec_file(file, argv, list);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return exec_file(file, argv, environ);
}

EXPORT int fexecve(int fd, char *const argv[], char *const list[])
{
	struct start start = {.how = FEXECVE, .fd = fd, .argv = argv};

	return begin(&start, list);
}

EXPORT int execveat(int folder, const char *path, char *const argv[], char *const list[], int flags)
{
	struct start start = {
		.how = EXECVEAT, .fd = folder, .path = path, .argv = argv, .flags = flags};

	return begin(&start, list);
}

static int spawn(struct start *start, pid_t *ret, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attributes, char *const list[])
{
	start->ret_pid = ret;
	start->actions = actions;
	start->attributes = attributes;
	return begin(start, list);
}

EXPORT int posix_spawn(pid_t *ret, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const argv[], char *const list[])
{
	struct start start = {.how = SPAWN, .path = path, .argv = argv};

	return spawn(&start, ret, actions, attributes, list);
}

EXPORT int posix_spawnp(pid_t *ret, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const argv[], char *const list[])
{
	struct start start = {.how = SPAWNP, .path = file, .argv = argv};

	return spawn(&start, ret, actions, attributes, list);
}

/* How many pointers a list of arguments takes that begins with `first` and ends with NULL. */
static size_t count(const char *first, va_list arguments)
{
	size_t n = 1;

	for (; first; n++)
		first = va_arg(arguments, char *);
	return n;
}

static void collect(const char *first, va_list arguments, char **ret)
{
	for (*ret = (char *)first; *ret; *ret = va_arg(arguments, char *))
		ret++;
}

EXPORT int execl(const char *path, const char *first, ...)
{
	va_list arguments;
	size_t n;

	va_start(arguments, first);
	n = count(first, arguments);
	va_end(arguments);
	{
		char *argv[n];

		va_start(arguments, first);
		collect(first, arguments, argv);
		va_end(arguments);
		return exec_path(path, argv, environ);
	}
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	va_list arguments;
	size_t n;

	va_start(arguments, first);
	n = count(first, arguments);
	va_end(arguments);
	{
		char *argv[n];

		va_start(arguments, first);
		collect(first, arguments, argv);
		va_end(arguments);
		return exec_file(file, argv, environ);
	}
}

/* The environment stands behind the arguments. */
EXPORT int execle(const char *path, const char *first, ...)
{
	va_list arguments;
	char *const *list;
	size_t n;

	va_start(arguments, first);
	n = count(first, arguments);
	list = va_arg(arguments, char *const *);
	va_end(arguments);
	{
		char *argv[n];

		va_start(arguments, first);
		collect(first, arguments, argv);
		va_end(arguments);
		return exec_path(path, argv, list);
	}
}
