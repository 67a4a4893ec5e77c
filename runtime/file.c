// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/held.h"

/* NONBLOCK: somebody may have put a pipe there */
static int open_by_path(const char *folder, const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	return fd < 0 ? -errno : fd;
}

int ts_file_open(const char *folder, const char *name, int flags)
{
	struct stat status;
	int fd, error;

	fd = ts_held_is(folder) ? ts_held_open(name, flags) : open_by_path(folder, name, flags);
	if (fd < 0)
		return fd;
	error = fstat(fd, &status) ? errno : S_ISREG(status.st_mode) ? 0 : EBADMSG;
	if (!error)
		return fd;
	close(fd);
	return -error;
}

int64_t ts_file_bytes(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? -errno : status.st_size;
}

ssize_t ts_file_read(int fd, void *data, size_t bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(fd, (char *)data + done, bytes - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int ts_file_write(int fd, const void *data, size_t bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n =
			pwrite(fd, (const char *)data + done, bytes - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int map(const char *folder, const char *name, int flags, int protection, size_t bytes,
	       void **ret)
{
	int fd = ts_file_open(folder, name, flags);
	int64_t there;
	void *at = MAP_FAILED;
	int result = 0;

	if (fd < 0)
		return fd;
	there = ts_file_bytes(fd);
	if (there < (int64_t)bytes)
		result = there < 0 ? (int)there : -EBADMSG;
	else
		at = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
	if (!result && at == MAP_FAILED)
		result = -errno;
	close(fd);
	if (!result)
		*ret = at;
	return result;
}

int ts_file_map(const char *folder, const char *name, size_t bytes, void **ret)
{
	return map(folder, name, O_RDWR, PROT_READ | PROT_WRITE, bytes, ret);
}

int ts_file_view(const char *folder, const char *name, size_t bytes, const void **ret)
{
	void *at;
	int result = map(folder, name, O_RDONLY, PROT_READ, bytes, &at);

	if (!result)
		*ret = at;
	return result;
}
