// SPDX-License-Identifier: Apache-2.0
#include "ended.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../preload/abi.h"
#include "backlog/backlog.h"
#include "file.h"
#include "log/alive.h"
#include "log/spool.h"

/* Maps the spool's process page to read, and tells what file it is. NULL: there is none that we know to read. */
static const struct ts_abi_process *map_page(const char *path, struct stat *ret_file)
{
	const struct ts_abi_process *page = MAP_FAILED;
	int fd = ts_file_open(path, "process", O_RDONLY);

	if (fd < 0)
		return NULL;
	if (fstat(fd, ret_file) == 0 && ret_file->st_size >= TS_ABI_PAGE)
		page = mmap(NULL, TS_ABI_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

static bool has_ended(const struct ts_abi_process *page, const struct stat *file, const char *name)
{
	return page->magic == TS_ABI_PROCESS_MAGIC && page->version == TS_ABI_VERSION &&
	       (ts_alive_earlier_boot(name) || ts_alive_ended(page, file, name));
}

struct search {
	struct ts_ended *found;
	int result;
};

static void add(void *context, const struct ts_uuid *run)
{
	struct search *search = context;
	struct ts_ended *found = search->found;
	struct ts_uuid *grown = reallocarray(found->runs, found->n + 1, sizeof(*grown));

	if (!grown) {
		search->result = -ENOMEM;
		return;
	}
	grown[found->n++] = *run;
	found->runs = grown;
}

static void look(struct search *search, const char *root, const char *name)
{
	const struct ts_abi_process *page;
	char path[PATH_MAX];
	struct stat file;

	if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int)sizeof(path) ||
	    !ts_spool_is(root, name))
		return;
	page = map_page(path, &file);
	if (!page)
		return;
	if (has_ended(page, &file, name))
		add(search, (const struct ts_uuid *)page->run_id);
	munmap((void *)page, TS_ABI_PAGE);
}

int ts_ended_find(struct ts_ended *ret, const char *root, const char *state)
{
	struct search search = {.found = ret};
	DIR *dir = opendir(root);
	struct dirent *entry;

	*ret = (struct ts_ended){.n = 0};
	if (!dir && errno != ENOENT)
		return -errno;
	while (dir && (entry = readdir(dir)))
		look(&search, root, entry->d_name);
	if (dir)
		closedir(dir);
	if (state)
		ts_backlog_each_ended(state, add, &search);
	if (search.result < 0)
		ts_ended_release(ret);
	return search.result;
}

bool ts_ended_has(const struct ts_ended *ended, const struct ts_uuid *run)
{
	for (size_t i = 0; i < ended->n; i++)
		if (memcmp(&ended->runs[i], run, sizeof(*run)) == 0)
			return true;
	return false;
}

void ts_ended_release(struct ts_ended *ended)
{
	free(ended->runs);
	*ended = (struct ts_ended){.n = 0};
}
