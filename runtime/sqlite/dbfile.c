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

/* A descriptor, or a negative errno. */
static int try_to_lock(const char *lock_path, const struct ts_gate *gate)
{
	struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), error;

	if (fd < 0)
		return -errno;
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

int ts_dbfile_lock(const char *path, const struct ts_gate *gate, struct ts_error *err)
{
	char lock_path[PATH_MAX];
	int fd;

	if (snprintf(lock_path, sizeof(lock_path), "%s.lock", path) >= (int)sizeof(lock_path))
		return ts_dbfile_fail("lock", path, ENAMETOOLONG, err);
	fd = try_to_lock(lock_path, gate);
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
