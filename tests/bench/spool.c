// SPDX-License-Identifier: Apache-2.0
/* A traced program's view of its own spool. */

#include "spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/abi.h"

#define PATIENCE_MS 30000 /* a flusher needs a fraction of a second */

static bool open_both(const char *root, const char *folder, struct bench_spool *ret)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s/process", root, folder);
	ret->process = open(path, O_RDONLY | O_CLOEXEC);
	if (ret->process < 0)
		return false;
	snprintf(path, sizeof(path), "%s/%s/ring-1", root, folder);
	ret->ring = open(path, O_RDONLY | O_CLOEXEC);
	if (ret->ring >= 0)
		return true;
	close(ret->process);
	return false;
}

bool bench_spool_open(struct bench_spool *ret)
{
	const char *root = getenv("TRACESHIM_SPOOL");
	DIR *folders = root ? opendir(root) : NULL;
	struct dirent *entry;
	char mine[32];
	bool found = false;

	if (!folders)
		return false;
	snprintf(mine, sizeof(mine), "-%d-", (int)getpid());
	while (!found && (entry = readdir(folders)))
		found = strstr(entry->d_name, mine) && open_both(root, entry->d_name, ret);
	closedir(folders);
	return found;
}

static void read_or_die(int fd, void *ret, size_t bytes)
{
	if (pread(fd, ret, bytes, 0) == (ssize_t)bytes)
		return;
	perror("the spool cannot be read");
	exit(1);
}

uint64_t bench_spool_head(const struct bench_spool *spool)
{
	struct ts_abi_ring ring;

	read_or_die(spool->ring, &ring, sizeof(ring));
	return ring.head;
}

uint64_t bench_spool_room(const struct bench_spool *spool)
{
	struct ts_abi_ring ring;

	read_or_die(spool->ring, &ring, sizeof(ring));
	return ring.bytes - (ring.head - ring.tail);
}

void bench_spool_wait(const struct bench_spool *spool, uint64_t bytes)
{
	struct ts_abi_ring ring;

	read_or_die(spool->ring, &ring, sizeof(ring));
	if (bytes > ring.bytes)
		bytes = ring.bytes;
	for (int i = 0; bench_spool_room(spool) < bytes; i++) {
		if (i == PATIENCE_MS) {
			fprintf(stderr, "nobody reads the ring\n");
			exit(1);
		}
		usleep(1000);
	}
}

uint64_t bench_spool_lost(const struct bench_spool *spool)
{
	struct ts_abi_process process;
	struct ts_abi_ring ring;
	uint64_t lost = 0;

	read_or_die(spool->process, &process, sizeof(process));
	read_or_die(spool->ring, &ring, sizeof(ring));
	for (int i = 0; i < TS_LOST_COUNT; i++)
		lost += process.lost[i] + ring.lost[i];
	return lost;
}
