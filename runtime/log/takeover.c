// SPDX-License-Identifier: Apache-2.0
/*
 * The sole right to consume what an ended program left. flock on the process file keeps recoverers apart, and no
 * program takes it. consumer_lock keeps away whoever else consumes; orphaned, it says that a consumer ended, be
 * it the program's flusher or a collector, and nothing of the program (alive.c). The word of a recoverer that was
 * killed says nothing any more to who has the flock.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../preload/abi.h"
#include "alive.h"
#include "../file.h"
#include "frequency.h"
#include "lock.h"
#include "takeover.h"

/* With the flock held and the page sound. */
static enum ts_takeover_result ask_locks(struct ts_takeover *t, const char *name)
{
	struct stat file;

	if (fstat(t->fd, &file) < 0 || !ts_alive_ended(t->page, &file, name))
		return TS_TAKEOVER_NOT_YET;
	t->locked = ts_lock_take(ts_lock_word(t->page), TS_LOCK_RECOVERER);
	if (!t->locked)
		return TS_TAKEOVER_NOT_YET;
	/* for all readers, before the first row; what was measured stays */
	ts_frequency_measure(t->page);
	return TS_TAKEOVER_OURS;
}

/* Whether the page is there; a negative errno: who knows. */
static int page_is_made(int fd)
{
	int64_t bytes = ts_file_bytes(fd);
	uint64_t magic = 0;
	ssize_t n;

	if (bytes < TS_ABI_PAGE)
		return bytes < 0 ? (int)bytes : 0;
	n = ts_file_read(fd, &magic, sizeof(magic), 0);
	return n < 0 ? (int)n : n == sizeof(magic) && magic != 0;
}

enum ts_takeover_result ts_takeover_begin(struct ts_takeover *ret, const char *path,
					  const char *name)
{
	enum ts_takeover_result result = TS_TAKEOVER_NOT_YET;
	bool earlier = ts_alive_earlier_boot(name);
	bool gone = earlier || ts_alive_no_pid(name);
	int made = 0;
	void *page;

	*ret = (struct ts_takeover){.fd = ts_file_open(path, "process", O_RDWR)};
	if (ret->fd >= 0)
		made = page_is_made(ret->fd);
	if (ret->fd < 0 ? ret->fd == -ENOENT : made == 0)
		return gone ? TS_TAKEOVER_UNBORN : TS_TAKEOVER_NOT_YET;
	if (ret->fd < 0 || made < 0 || flock(ret->fd, LOCK_EX | LOCK_NB) < 0)
		return TS_TAKEOVER_NOT_YET;
	page = mmap(NULL, TS_ABI_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ret->fd, 0);
	if (page == MAP_FAILED)
		return TS_TAKEOVER_NOT_YET;
	ret->page = page;
	if (ret->page->magic != TS_ABI_PROCESS_MAGIC)
		return gone ? TS_TAKEOVER_DAMAGED : TS_TAKEOVER_NOT_YET;
	if (ret->page->version == TS_ABI_VERSION)
		/* Locks of an earlier boot have no owner, whatever they say. */
		result = earlier ? TS_TAKEOVER_OURS : ask_locks(ret, name);
	else if (gone && (earlier || ts_alive_here(ret->page)))
		result = TS_TAKEOVER_DAMAGED;
	return result;
}

void ts_takeover_end(struct ts_takeover *takeover)
{
	if (takeover->locked)
		ts_lock_give(ts_lock_word(takeover->page), TS_LOCK_RECOVERER);
	if (takeover->page)
		munmap(takeover->page, TS_ABI_PAGE);
	if (takeover->fd >= 0) {
		/* Said aloud: a forked child may hold a copy of the descriptor. */
		flock(takeover->fd, LOCK_UN);
		close(takeover->fd);
	}
}
