// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the program of a spool has ended. Two locks, two questions:
 *
 *  - flock on the process file keeps recoverers apart. No program takes it.
 *  - consumer_lock tells of the program. Held: it lives, or has a collector. Free or orphaned: it
 * may yet live without a consumer; so the process must also have let go of its process page, which
 *    outlives every close() and ends with exec and exit.
 *
 * A pid says nothing outside its namespace. There only an orphaned lock is proof; it is left
 * orphaned, so that it stays proof for the next one if we cannot finish.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../preload/abi.h"
#include "file.h"
#include "takeover.h"

#define BOOT_ID_LENGTH 36

static bool pid_exists(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH);
}

/* The pid in "<boot id>-<pid>-<random>", or 0. */
static pid_t pid_of_name(const char *name)
{
	const char *end = strrchr(name, '-'), *pid = end;

	while (pid && pid > name && pid[-1] != '-')
		pid--;
	return pid && pid < end ? (pid_t)strtol(pid, NULL, 10) : 0;
}

/* A name without a boot id counts as of this boot. */
static bool of_earlier_boot(const char *name)
{
	char now[BOOT_ID_LENGTH + 1] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	bool known = file && fgets(now, sizeof(now), file);

	if (file)
		fclose(file);
	return known && strlen(name) > BOOT_ID_LENGTH && name[8] == '-' &&
	       name[BOOT_ID_LENGTH] == '-' && strncmp(name, now, BOOT_ID_LENGTH) != 0;
}

static bool own_pid_namespace(uint64_t inode)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == inode;
}

/* A line of /proc/PID/maps. By name, too: btrfs and overlayfs tell another device here. */
static bool line_maps(const char *line, const struct stat *file, const char *name)
{
	unsigned int device_major, device_minor;
	unsigned long inode;
	const char *found;

	if (sscanf(line, "%*s %*s %*s %x:%x %lu", &device_major, &device_minor, &inode) != 3)
		return false;
	if (inode == file->st_ino && makedev(device_major, device_minor) == file->st_dev)
		return true;
	found = strstr(line, name);
	return found && strncmp(found + strlen(name), "/process", strlen("/process")) == 0;
}

/* Whether the process still maps its process file; where that cannot be told, yes. */
static bool still_runs(pid_t pid, int fd, const char *name)
{
	char path[64], *line = NULL;
	size_t size = 0;
	struct stat st;
	bool found = false;
	FILE *maps;

	if (!pid_exists(pid))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps || fstat(fd, &st) < 0) {
		if (maps)
			fclose(maps);
		return true;
	}
	while (!found && getline(&line, &size, maps) >= 0)
		found = line_maps(line, &st, name);
	found = found || ferror(maps);
	free(line);
	fclose(maps);
	return found;
}

/* What was left zeroed by an early kill, and what is damaged, must not get near libpthread. */
static bool is_robust_lock(const pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t model;
	bool same;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&model, &attributes);
	same = lock->__data.__kind == model.__data.__kind;
	pthread_mutex_destroy(&model);
	pthread_mutexattr_destroy(&attributes);
	return same;
}

/* With the flock held and the page sound. */
static enum ts_takeover_result ask_lock(struct ts_takeover *t, const char *name)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)t->page->consumer_lock;
	bool usable = is_robust_lock(lock), own = own_pid_namespace(t->page->pid_namespace);
	int result = usable ? pthread_mutex_trylock(lock) : 0;

	t->locked = usable && (result == 0 || result == EOWNERDEAD);
	if (usable && !t->locked && result != ENOTRECOVERABLE)
		return TS_TAKEOVER_NOT_YET;
	if (own && result == EOWNERDEAD)
		pthread_mutex_consistent(lock);
	if (own ? still_runs((pid_t)t->page->pid, t->fd, name) : result == 0)
		return TS_TAKEOVER_NOT_YET;
	return TS_TAKEOVER_OURS;
}

static bool page_is_made(int fd)
{
	uint64_t magic = 0;

	return ts_file_bytes(fd) >= TS_ABI_PAGE &&
	       ts_file_read(fd, &magic, sizeof(magic), 0) == sizeof(magic) && magic != 0;
}

enum ts_takeover_result ts_takeover_begin(struct ts_takeover *ret, const char *path,
					  const char *name)
{
	enum ts_takeover_result result = TS_TAKEOVER_NOT_YET;
	bool earlier = of_earlier_boot(name);
	bool gone = earlier || !pid_exists(pid_of_name(name));
	void *page;

	*ret = (struct ts_takeover){.fd = ts_file_open(path, "process", O_RDWR)};
	if (ret->fd < 0 ? ret->fd == -ENOENT : !page_is_made(ret->fd))
		return gone ? TS_TAKEOVER_UNBORN : TS_TAKEOVER_NOT_YET;
	if (ret->fd < 0 || flock(ret->fd, LOCK_EX | LOCK_NB) < 0)
		return TS_TAKEOVER_NOT_YET;
	page = mmap(NULL, TS_ABI_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ret->fd, 0);
	if (page == MAP_FAILED)
		return TS_TAKEOVER_NOT_YET;
	ret->page = page;
	if (ret->page->magic != TS_ABI_PROCESS_MAGIC)
		return gone ? TS_TAKEOVER_DAMAGED : TS_TAKEOVER_NOT_YET;
	if (ret->page->version == TS_ABI_VERSION)
		/* Locks of an earlier boot have no owner, whatever they say. */
		result = earlier ? TS_TAKEOVER_OURS : ask_lock(ret, name);
	return result;
}

void ts_takeover_end(struct ts_takeover *takeover)
{
	if (takeover->locked)
		pthread_mutex_unlock((pthread_mutex_t *)takeover->page->consumer_lock);
	if (takeover->page)
		munmap(takeover->page, TS_ABI_PAGE);
	if (takeover->fd >= 0) {
		/* Said aloud: a forked child may hold a copy of the descriptor. */
		flock(takeover->fd, LOCK_UN);
		close(takeover->fd);
	}
}
