// SPDX-License-Identifier: Apache-2.0
#include "held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../preload/abi.h"

#define MAX_FILES 256 /* rings of more threads are opened by name */
#define SHARE     4   /* of the descriptors that the program's limit leaves us, one in so many */

/* The flusher is one thread, and no other holds anything. */
static struct {
	const char *folder;
	int fd;
	struct {
		char name[16];
		int fd;
	} files[MAX_FILES];
	size_t n;
	uint32_t n_rings; /* of them, or of those that there was no holding */
} held;

void ts_held_begin(const char *folder)
{
	held.n = 0;
	held.n_rings = 0;
	held.folder = NULL;
	held.fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (held.fd >= 0)
		held.folder = folder;
}

bool ts_held_is(const char *folder)
{
	return held.folder && strcmp(folder, held.folder) == 0;
}

static int find(const char *name)
{
	for (size_t i = 0; i < held.n; i++)
		if (strcmp(held.files[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -errno : copy;
}

/* The program may have few: the store, the modules and what is opened by name want some, too. */
static bool is_full(void)
{
	struct rlimit limit;

	return held.n == MAX_FILES ||
	       (getrlimit(RLIMIT_NOFILE, &limit) == 0 && held.n >= limit.rlim_cur / SHARE);
}

int ts_held_open(const char *name, int flags)
{
	int at = find(name), fd;

	if (at >= 0)
		return duplicate(held.files[at].fd);
	fd = openat(held.fd, name,
		    (flags & ~O_ACCMODE) | O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	/* one that is renamed soon is not worth it */
	if (strlen(name) >= sizeof(held.files[0].name) || strchr(name, '.') || is_full())
		return fd;
	strcpy(held.files[held.n].name, name);
	held.files[held.n++].fd = fd;
	return duplicate(fd);
}

static void let_go(int at)
{
	close(held.files[at].fd);
	held.files[at] = held.files[--held.n];
}

void ts_held_renamed(const char *folder, const char *name)
{
	int at = ts_held_is(folder) ? find(name) : -1;

	if (at >= 0)
		let_go(at);
}

static void hold(const char *name)
{
	int fd = find(name) < 0 ? ts_held_open(name, 0) : -1;

	if (fd >= 0)
		close(fd);
}

/* A collector that rewrites it renames another file to it. */
static void hold_newest(const char *name)
{
	int at = find(name);
	struct stat now, ours;

	if (at >= 0 && fstatat(held.fd, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstat(held.files[at].fd, &ours) == 0 && now.st_ino != ours.st_ino)
		let_go(at);
	hold(name);
}

static bool is_linked(const char *name)
{
	int at = find(name);
	struct stat file;

	return at < 0 || fstat(held.files[at].fd, &file) < 0 || file.st_nlink > 0;
}

bool ts_held_follow(uint32_t n_rings)
{
	char name[16];

	if (!held.folder)
		return true;
	hold("process");
	hold_newest("open");
	for (; held.n_rings < n_rings && held.n_rings < TS_ABI_MAX_RINGS; held.n_rings++) {
		snprintf(name, sizeof(name), "ring-%u", held.n_rings);
		hold(name);
	}
	return is_linked("process");
}
