/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PROFILER_H
#define TS_PROFILER_H

/*
 * Profilers of memory (memray, heaptrack, tcmalloc's, mtrace) write what they saw on whatever thread allocates, into
 * descriptors that they opened, or let libunwind (1.6) try addresses by writing them into a pipe. A thread with a descriptor
 * table of its own has other files under these numbers. [setup]
 */

#include <stdbool.h>

/* Before anything of the program runs. */
void ts_profiler_init(void);

/*
 * May what allocates here have descriptors of its own? That is so unless malloc is the C library's, the program's own, or
 * that of an allocator or sanitizer known to have none, and nobody has replaced what our own slots lead to.
 */
bool ts_profiler_may_be_here(void);

#endif
