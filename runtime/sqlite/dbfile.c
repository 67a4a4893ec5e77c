// SPDX-License-Identifier: Apache-2.0
#include "dbfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES    100
#define LOCK_PAUSE_NS 10000000 /* 100 tries: 1 s */

int ts_dbfile_fail(const char *verb, const char *path, int error, struct ts_error *err)
{
	return ts_error_set(err, -error, "cannot %s %s: %s", verb, path, strerrordesc_np(error));
}

const char *ts_dbfile_path(const char *url, const char *scheme, struct ts_error *err)
{
	size_t n = strlen(scheme);

	if (strncmp(url, scheme, n) != 0 || url[n] != ':') {
		ts_error_set(err, 0, "%s is no %s: URL", url, scheme);
		return NULL;
	}
	if (url[n + 1] != '/') {
		ts_error_set(err, 0, "%s: a store needs a file, named by its absolute path", url);
		return NULL;
	}
	return url + n + 1;
}

int ts_dbfile_make_folders(const char *path, struct ts_error *err)
{
	char *folder = strdup(path), *slash = folder;
	int result = 0;

	if (!folder)
		return ts_error_set(err, -ENOMEM, "out of memory");
	while (result == 0 && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		/* What is there already may be unwritable and all the same be passed through. */
		if (mkdir(folder, 0700) < 0 && errno != EEXIST && access(folder, F_OK) < 0)
			result = ts_dbfile_fail("create the folder", folder, errno, err);
		*slash = '/';
	}
	free(folder);
	return result;
}

int ts_dbfile_make(const char *path, struct ts_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return close(fd);
	return errno == EEXIST ? 0 : ts_dbfile_fail("create", path, errno, err);
}

/* As far as it goes; or a negative errno. */
static int begins_with(const char *path, const char *text)
{
	/* NONBLOCK: somebody may have put a pipe there */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	char there[32];
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? true : -errno;
	n = pread(fd, there, strnlen(text, sizeof(there)), 0);
	error = errno;
	close(fd);
	return n < 0 ? -error : memcmp(there, text, (size_t)n) == 0;
}

/* Once it is there, nobody looks again: to close a database drops the locks that others in this process have on it. */
static int open_lock(const char *lock_path, const char *path, const char *ours)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(lock_path, flags), result;

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	result = begins_with(path, ours);
	if (result <= 0)
		return result < 0 ? result : -EEXIST;
	fd = open(lock_path, flags | O_CREAT, 0600);
	return fd < 0 ? -errno : fd;
}

/* Closes it where it fails. */
static int wait_for_lock(int fd, const struct ts_gate *gate)
{
	struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int error;

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		error = errno == EINTR ? EWOULDBLOCK : errno;
		if (error != EWOULDBLOCK || i == LOCK_TRIES) {
			close(fd);
			return -error;
		}
		ts_gate_open(gate);
		nanosleep(&pause, NULL);
		ts_gate_close(gate);
	}
	return fd;
}

int ts_dbfile_lock(const char *path, const char *ours, const struct ts_gate *gate,
		   struct ts_error *err)
{
	char lock_path[PATH_MAX];
	int fd;

	if (snprintf(lock_path, sizeof(lock_path), "%s.lock", path) >= (int)sizeof(lock_path))
		return ts_dbfile_fail("lock", path, ENAMETOOLONG, err);
	fd = open_lock(lock_path, path, ours);
	if (fd == -EEXIST)
		return ts_error_set(err, fd, "%s is the file of another program", path);
	if (fd == -EISDIR)
		return ts_dbfile_fail("open", path, EISDIR, err);
	if (fd >= 0)
		fd = wait_for_lock(fd, gate);
	if (fd == -EWOULDBLOCK)
		return ts_error_set(err, -EAGAIN, "busy: others hold %s", lock_path);
	return fd < 0 ? ts_dbfile_fail("lock", lock_path, -fd, err) : fd;
}

void ts_dbfile_unlock(int fd)
{
	/* Said aloud: a forked child may hold a copy of the descriptor. */
	flock(fd, LOCK_UN);
	close(fd);
}
