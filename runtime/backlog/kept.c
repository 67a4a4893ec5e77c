// SPDX-License-Identifier: Apache-2.0
#include "kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bytes.h"
#include "../log/alive.h"
#include "../outlet.h"
#include "folder.h"

#define SHARE ((uint64_t)4)
#define LEAST ((uint64_t)1 << 20)

enum where { REJECTED, BACKLOG, PLACES };

static const struct {
	const char *folder;
	const char *suffix;
} places[PLACES] = {[REJECTED] = {"rejected", ""}, [BACKLOG] = {"backlog", ".damaged"}};

struct kept {
	struct timespec when;
	uint64_t bytes;
	enum where where;
	char name[NAME_MAX + 1];
};

struct search {
	int folders[PLACES];
	struct ts_bytes files; /* struct kept */
	uint64_t bytes;
};

uint64_t ts_kept_most(uint64_t budget)
{
	return budget / SHARE > LEAST ? budget / SHARE : LEAST;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), n = strlen(suffix);

	return length >= n && strcmp(name + length - n, suffix) == 0;
}

static void note(struct search *search, enum where where, const char *name)
{
	struct stat status;
	struct kept kept = {.where = where};

	if (name[0] == '.' || !has_suffix(name, places[where].suffix) ||
	    fstatat(search->folders[where], name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(status.st_mode))
		return;
	kept.when = status.st_mtim;
	kept.bytes = (uint64_t)status.st_size;
	snprintf(kept.name, sizeof(kept.name), "%s", name);
	ts_bytes_add(&search->files, &kept, sizeof(kept));
	search->bytes += kept.bytes;
}

static void find(struct search *search, const char *state, enum where where)
{
	struct dirent *entry;
	DIR *dir = NULL;
	int copy;

	search->folders[where] = ts_folder_open(state, places[where].folder, NULL, false);
	if (search->folders[where] < 0)
		return;
	copy = fcntl(search->folders[where], F_DUPFD_CLOEXEC, 3);
	if (copy >= 0 && !(dir = fdopendir(copy)))
		close(copy);
	while (dir && (entry = readdir(dir)))
		note(search, where, entry->d_name);
	if (dir)
		closedir(dir);
}

static int by_age(const void *a, const void *b)
{
	const struct kept *one = a, *other = b;

	if (one->when.tv_sec != other->when.tv_sec)
		return one->when.tv_sec < other->when.tv_sec ? -1 : 1;
	return one->when.tv_nsec < other->when.tv_nsec   ? -1
	       : one->when.tv_nsec > other->when.tv_nsec ? 1
							 : 0;
}

/* The count of a program's rows stands in its file, for as long as it runs. */
static bool is_in_use(const struct kept *kept)
{
	char spool[NAME_MAX + 1];

	if (kept->where != REJECTED || !has_suffix(kept->name, ".jsonl"))
		return false;
	snprintf(spool, sizeof(spool), "%.*s", (int)(strlen(kept->name) - strlen(".jsonl")),
		 kept->name);
	return !ts_alive_earlier_boot(spool) && !ts_alive_no_pid(spool);
}

static void tell(const struct ts_outlets *outlets, const char *state, size_t n, uint64_t bytes)
{
	char sentence[PATH_MAX + 128];

	snprintf(sentence, sizeof(sentence),
		 "removed the oldest %zu file%s (%llu kB) of refused or damaged rows in %s", n,
		 n == 1 ? "" : "s", (unsigned long long)(bytes + 999) / 1000, state);
	ts_outlets_note(outlets, sentence);
}

void ts_kept_trim(const char *state, uint64_t most, const struct ts_outlets *outlets)
{
	struct search search = {.bytes = 0};
	struct kept *files;
	uint64_t before;
	size_t n, removed = 0;

	for (int i = 0; i < PLACES; i++)
		find(&search, state, (enum where)i);
	before = search.bytes;
	files = (struct kept *)search.files.data;
	n = search.files.failed ? 0 : search.files.bytes / sizeof(*files);
	if (n)
		qsort(files, n, sizeof(*files), by_age);
	for (size_t i = 0; i < n && search.bytes > most; i++) {
		if (is_in_use(&files[i]) ||
		    unlinkat(search.folders[files[i].where], files[i].name, 0) < 0)
			continue;
		search.bytes -= files[i].bytes;
		removed++;
	}
	if (removed)
		tell(outlets, state, removed, before - search.bytes);
	for (int i = 0; i < PLACES; i++)
		if (search.folders[i] >= 0)
			close(search.folders[i]);
	ts_bytes_release(&search.files);
}
