// SPDX-License-Identifier: Apache-2.0
/*
 * What life_lock says [L7], read and never taken:
 *
 *   held      the program runs, wherever it is; unless the thread that it names would be one of our pid namespace,
 *             and is not there: then the page is damaged, or was, when the kernel was to orphan the lock.
 *   orphaned  its flusher's thread is gone. In our pid namespace the process must also have let go of its process
 *             page, for a kill takes a moment to reach the other threads, and a filter of system calls may have
 *             ended that thread alone.
 *   free      it never had a flusher: only the mapping of its process page tells, which outlives every close()
 *             and ends with exec and exit; and that only in our pid namespace.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../preload/abi.h"
#include "alive.h"

#define BOOT_ID_LENGTH 36

enum maps { MAPS_IT, MAPS_IT_NOT, MAPS_NOTHING, NOT_TOLD };

/* --- names ------------------------------------------------------------------------------------- */

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

bool ts_alive_no_pid(const char *name)
{
	return !pid_exists(pid_of_name(name));
}

/* A name without a boot id counts as of this boot. */
bool ts_alive_earlier_boot(const char *name)
{
	char now[BOOT_ID_LENGTH + 1] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	bool known = file && fgets(now, sizeof(now), file);

	if (file)
		fclose(file);
	return known && strlen(name) > BOOT_ID_LENGTH && name[8] == '-' &&
	       name[BOOT_ID_LENGTH] == '-' && strncmp(name, now, BOOT_ID_LENGTH) != 0;
}

bool ts_alive_here(const struct ts_abi_process *page)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == page->pid_namespace;
}

/* --- the mapping ------------------------------------------------------------------------------- */

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

static enum maps thread_maps(pid_t pid, const char *thread, const struct stat *file,
			     const char *name)
{
	enum maps result = MAPS_NOTHING;
	char path[320], *line = NULL;
	size_t size = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/maps", (int)pid, thread);
	maps = fopen(path, "re");
	if (!maps)
		return errno == ENOENT || errno == ESRCH ? MAPS_NOTHING : NOT_TOLD;
	while (result != MAPS_IT && getline(&line, &size, maps) >= 0)
		result = line_maps(line, file, name) ? MAPS_IT : MAPS_IT_NOT;
	if (result != MAPS_IT && ferror(maps) && errno != ESRCH)
		result = NOT_TOLD;
	free(line);
	fclose(maps);
	return result;
}

/* The first thread with memory speaks for all; a process whose first thread has ended shows none of its own. */
static enum maps process_maps(pid_t pid, const struct stat *file, const char *name)
{
	enum maps result = MAPS_NOTHING;
	struct dirent *entry;
	char path[64];
	DIR *threads;

	if (!pid_exists(pid))
		return MAPS_NOTHING;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return errno == ENOENT ? MAPS_NOTHING : NOT_TOLD;
	while (result == MAPS_NOTHING && (entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			result = thread_maps(pid, entry->d_name, file, name);
	closedir(threads);
	return result;
}

/* --- the lock ---------------------------------------------------------------------------------- */

/* What an early kill left zeroed, and what is damaged, is not. */
static bool is_robust(const pthread_mutex_t *lock)
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

/* The futex word, as the kernel leaves it (get_robust_list(2)). */
static uint32_t life_word(const struct ts_abi_process *page)
{
	const pthread_mutex_t *lock = (const pthread_mutex_t *)page->life_lock;

	if (!is_robust(lock))
		return 0;
	return (uint32_t)__atomic_load_n(&lock->__data.__lock, __ATOMIC_ACQUIRE);
}

static bool is_held(const struct ts_abi_process *page, uint32_t word)
{
	return word && !(word & FUTEX_OWNER_DIED) &&
	       (pid_exists((pid_t)(word & FUTEX_TID_MASK)) || !ts_alive_here(page));
}

bool ts_alive_surely(const struct ts_abi_process *page)
{
	return is_held(page, life_word(page));
}

bool ts_alive_ended(const struct ts_abi_process *page, const struct stat *file, const char *name)
{
	uint32_t word = life_word(page);
	bool orphaned = word & FUTEX_OWNER_DIED;
	enum maps maps;

	if (is_held(page, word))
		return false;
	if (!ts_alive_here(page))
		return orphaned;
	maps = process_maps((pid_t)page->pid, file, name);
	return maps == MAPS_NOTHING || maps == MAPS_IT_NOT || (maps == NOT_TOLD && orphaned);
}
