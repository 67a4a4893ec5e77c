/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_INTERPOSE_H
#define TS_INTERPOSE_H

/* The libc functions that the shim stands in for, and the ones behind them. */

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <threads.h>

typedef int ts_spawn_fn(pid_t *ret, const char *path, const posix_spawn_file_actions_t *,
			const posix_spawnattr_t *, char *const argv[], char *const list[]);

struct ts_real {
	void *(*dlsym)(void *handle, const char *name);
	void *(*dlvsym)(void *handle, const char *name, const char *version);
	int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	int (*thrd_create)(thrd_t *, thrd_start_t, void *);
	int (*execve)(const char *path, char *const argv[], char *const list[]);
	int (*execvpe)(const char *file, char *const argv[], char *const list[]);
	int (*fexecve)(int fd, char *const argv[], char *const list[]);
	int (*execveat)(int folder, const char *path, char *const argv[], char *const list[],
			int flags);
	ts_spawn_fn *posix_spawn;
	ts_spawn_fn *posix_spawnp;
	pid_t (*vfork)(void);
	pid_t (*fork)(void);
	int (*sigaction)(int, const struct sigaction *, struct sigaction *);
	__sighandler_t (*signal)(int, __sighandler_t);
	__sighandler_t (*bsd_signal)(int, __sighandler_t);
	__sighandler_t (*ssignal)(int, __sighandler_t);
	__sighandler_t (*sysv_signal)(int, __sighandler_t);
	__sighandler_t (*sysv_signal_alias)(int, __sighandler_t); /* __sysv_signal */
	__sighandler_t (*sigset)(int, __sighandler_t);
	int (*sigignore)(int);
	int (*sigprocmask)(int, const sigset_t *, sigset_t *);
	int (*pthread_sigmask)(int, const sigset_t *, sigset_t *);
};

extern struct ts_real ts_real;

/*
 * What makes a thread of ours: the C library's pthread_create, or that of a ThreadSanitizer inside the program, whose
 * functions, which are then those that we call, know no thread that it did not make itself.
 */
extern int (*ts_interpose_thread)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* Set once, when the constructor has decided that this process is traced. */
extern bool ts_interpose_active;

/*
 * Finds the functions behind ours: the next in the order of loading, as if we were not there. The
 * interposers call it themselves, for other libraries' constructors run before ours; ours calls it in
 * every program, since a child of fork or a signal handler may not. 0, or -ENOSYS.
 */
int ts_interpose_init(void);

#endif
