/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_INTERPOSERS_H
#define TS_INTERPOSERS_H

/*
 * Whose code runs where the C library's should, and goes by descriptors. Profilers of memory (memray, heaptrack, tcmalloc's,
 * mtrace) write what they saw on whatever thread allocates, or let libunwind (1.6) try addresses by writing them into a pipe;
 * what stands before open, close or connect (fakeroot, torsocks, socket_wrapper) has connections of its own, or lists of the
 * program's descriptors. On a thread with a descriptor table of its own the same numbers are other files. [setup]
 */

#include <stdbool.h>

/* Before anything of the program runs. */
void ts_interposers_init(void);

/*
 * May there be such code? No where these functions are the C library's, the program's own, or those of an allocator or a
 * sanitizer known to have no descriptors, and nobody has replaced what our own slots lead to.
 */
bool ts_interposers_may_be_here(void);

#endif
