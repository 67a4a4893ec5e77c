/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HELD_H
#define TS_HELD_H

/*
 * The files of one spool, held open. A folder below $XDG_RUNTIME_DIR or /dev/shm may be removed while its
 * program lives on (a user logs out), or come out of reach (the program becomes another user). Only for a
 * thread whose descriptor table is its own: what the program closes, reuses or copies is another matter.
 */

#include <stdbool.h>
#include <stdint.h>

/*
 * From now on this thread's ts_file_open of files in `folder` (kept, not copied) answers duplicates of
 * descriptors that stay open. NULL: of none; what was held is forgotten, not closed, for after a fork the
 * numbers are the program's.
 */
void ts_held_begin(const char *folder);

/* Is this the folder? */
bool ts_held_is(const char *folder);

/* As ts_file_open, of a file in it. */
int ts_held_open(const char *name, int flags);

/* Another file has taken the name's place. */
void ts_held_renamed(const char *folder, const char *name);

/*
 * Holds what a spool of `n_rings` rings is read from, also while somebody else reads it. True: it is in the folder;
 * false: it was removed, and we alone can read it. Where nothing is held: true.
 */
bool ts_held_follow(uint32_t n_rings);

#endif
