// SPDX-License-Identifier: Apache-2.0
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bytes.h"
#include "../file.h"

static bool is_ours(const struct stat *status)
{
	return status->st_uid == geteuid() && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static int make_path(const char *path)
{
	char folder[PATH_MAX], *slash = folder;

	if (snprintf(folder, sizeof(folder), "%s/", path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		/* What is there already may be unwritable and all the same be passed through. */
		if (mkdir(folder, 0700) < 0 && errno != EEXIST && access(folder, F_OK) < 0)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* Closes `at` unless it is AT_FDCWD. */
static int enter(int at, const char *name, int flags)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	int result = fd < 0 ? -errno : fd;
	struct stat status;

	if (fd >= 0 && (fstat(fd, &status) || !is_ours(&status))) {
		close(fd);
		result = -EPERM;
	}
	if (at != AT_FDCWD)
		close(at);
	return result;
}

static int enter_below(int at, const char *name, bool make)
{
	if (make && mkdirat(at, name, 0700) == 0)
		fsync(at); /* its name shall outlive a power cut, too; if not, so be it */
	return enter(at, name, O_NOFOLLOW);
}

int ts_folder_open(const char *state, const char *sub, const char *name, bool make)
{
	int fd = make ? make_path(state) : 0;

	if (fd < 0)
		return fd;
	fd = enter(AT_FDCWD, state, 0);
	if (fd >= 0)
		fd = enter_below(fd, sub, make);
	if (fd >= 0 && name)
		fd = enter_below(fd, name, make);
	return fd;
}

int ts_folder_file(int folder, const char *name, int flags)
{
	/* NONBLOCK: somebody may have put a pipe there */
	int fd = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600), result;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && is_ours(&status))
		return fd;
	result = S_ISREG(status.st_mode) ? -EPERM : -EBADMSG;
	close(fd);
	return result;
}

int ts_folder_read(int folder, const char *name, uint64_t offset, struct ts_bytes *ret)
{
	int fd = ts_folder_file(folder, name, O_RDONLY);
	ssize_t n = 0;
	int64_t bytes;

	if (fd < 0)
		return fd;
	bytes = ts_file_bytes(fd);
	if (bytes > (int64_t)offset) {
		bytes -= (int64_t)offset;
		n = ts_bytes_reserve(ret, (size_t)bytes);
		if (n == 0)
			n = ts_file_read(fd, ret->data + ret->bytes, (size_t)bytes, offset);
	}
	close(fd);
	if (bytes < 0 || n < 0)
		return bytes < 0 ? (int)bytes : (int)n;
	ret->bytes += (size_t)n;
	return 0;
}
