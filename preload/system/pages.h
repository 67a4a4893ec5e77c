/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PAGES_H
#define TS_PAGES_H

/* Whole pages from the kernel, for tables that grow. [setup] */

#include <stddef.h>
#include <sys/mman.h>

#include "sys.h"

static inline void ts_pages_free(void *pages, size_t bytes)
{
	if (pages)
		ts_sys_munmap(pages, bytes);
}

/* Zeroed pages; NULL when there is no memory. */
static inline void *ts_pages_new(size_t bytes)
{
	void *pages = ts_sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

	return ts_sys_failed(pages) ? NULL : pages;
}

/* Makes room for `more` bytes where `bytes` (0: none yet) were; NULL: all is as it was. */
static inline void *ts_pages_grow(void *pages, size_t bytes, size_t more)
{
	void *moved;

	if (!bytes)
		return ts_pages_new(more);
	moved = (void *)ts_syscall(SYS_mremap, (long)pages, (long)bytes, (long)more, MREMAP_MAYMOVE,
				   0, 0);
	return ts_sys_failed(moved) ? NULL : moved;
}

#endif
