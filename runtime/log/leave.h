/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_LEAVE_H
#define TS_LEAVE_H

/* How spools leave, that nobody has to read any more. */

#include <stdbool.h>

/* Removes the folder. 0, or a negative errno. */
int ts_spool_remove(const char *path);

/*
 * Renames it to PATH.damaged: a person may look into it, and nobody reads it again. Of a root's the newest eight stay, for they may
 * lie in memory. False: it is where it was.
 */
bool ts_spool_set_aside(const char *path);

/* Is it the name of one that was set aside? */
bool ts_spool_is_aside(const char *name);

#endif
