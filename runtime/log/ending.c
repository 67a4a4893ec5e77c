// SPDX-License-Identifier: Apache-2.0
#include "ending.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../preload/abi.h"
#include "alive.h"
#include "../file.h"
#include "spool.h"

static void note_in(struct ts_abi_process *page, pid_t pid, int signal)
{
	uint32_t none = 0;

	if (page->magic == TS_ABI_PROCESS_MAGIC && page->version == TS_ABI_VERSION &&
	    page->pid == (uint32_t)pid && ts_alive_here(page))
		__atomic_compare_exchange_n(&page->signal, &none, (uint32_t)signal, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

static void look_into(const char *root, const char *name, pid_t pid, int signal)
{
	char path[PATH_MAX];
	void *page;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int)sizeof(path))
		return;
	fd = ts_file_open(path, "process", O_RDWR);
	if (fd < 0)
		return;
	if (ts_file_bytes(fd) >= TS_ABI_PAGE) {
		page = mmap(NULL, TS_ABI_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (page != MAP_FAILED) {
			note_in(page, pid, signal);
			munmap(page, TS_ABI_PAGE);
		}
	}
	close(fd);
}

void ts_ending_note(const char *root, pid_t pid, int signal)
{
	DIR *folder = opendir(root);
	struct dirent *entry;
	char part[24];

	if (!folder)
		return;
	snprintf(part, sizeof(part), "-%d-", (int)pid);
	while ((entry = readdir(folder)))
		if (strstr(entry->d_name, part) && ts_spool_is(root, entry->d_name))
			look_into(root, entry->d_name, pid, signal);
	closedir(folder);
}
