// SPDX-License-Identifier: Apache-2.0
#include "leave.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAMAGED ".damaged"
#define KEPT    8

/* The process file last: while it is there, who finds the rest can tell what it is. */
int ts_spool_remove(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int fd, result = 0;

	if (!dir)
		return -errno;
	fd = dirfd(dir);
	while (errno = 0, (entry = readdir(dir)))
		if (strcmp(entry->d_name, "process") != 0 && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 && unlinkat(fd, entry->d_name, 0) < 0 &&
		    errno != EISDIR && errno != ENOENT)
			result = -errno;
	result = errno ? -errno : result;
	if (result == 0)
		unlinkat(fd, "process", 0);
	closedir(dir);
	return result < 0 ? result : rmdir(path) < 0 ? -errno : 0;
}

bool ts_spool_is_aside(const char *name)
{
	size_t length = strlen(name), suffix = strlen(DAMAGED);

	return length > suffix && strcmp(name + length - suffix, DAMAGED) == 0;
}

static bool is_before(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec != other->tv_sec ? one->tv_sec < other->tv_sec
					    : one->tv_nsec < other->tv_nsec;
}

/* How many are aside in `root`; the one that went there first is named in `ret`. A rename is a change of the folder's status. */
static size_t count_aside(const char *root, char ret[static NAME_MAX + 1])
{
	DIR *dir = opendir(root);
	struct timespec oldest = {0};
	struct dirent *entry;
	struct stat status;
	size_t n = 0;

	while (dir && (entry = readdir(dir))) {
		if (!ts_spool_is_aside(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
			continue;
		if (!n++ || is_before(&status.st_ctim, &oldest)) {
			oldest = status.st_ctim;
			strcpy(ret, entry->d_name);
		}
	}
	if (dir)
		closedir(dir);
	return n;
}

static void trim_aside(const char *root)
{
	char oldest[NAME_MAX + 1], path[PATH_MAX];

	while (count_aside(root, oldest) > KEPT) {
		if (snprintf(path, sizeof(path), "%s/%s", root, oldest) >= (int)sizeof(path) ||
		    ts_spool_remove(path) < 0)
			return;
	}
}

bool ts_spool_set_aside(const char *path)
{
	char aside[PATH_MAX + sizeof(DAMAGED)], *slash;

	snprintf(aside, sizeof(aside), "%s" DAMAGED, path);
	if (rename(path, aside) < 0)
		return false;
	slash = strrchr(aside, '/');
	if (slash) {
		*slash = '\0';
		trim_aside(aside);
	}
	return true;
}
