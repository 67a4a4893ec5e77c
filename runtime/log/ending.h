/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ENDING_H
#define TS_ENDING_H

/* What a parent knows of its child's end, for whoever recovers the child's spools. [own] */

#include <sys/types.h>

/*
 * Notes in the spools under `root` of process `pid` of our pid namespace that `signal` ended it. While the child is
 * not reaped, its pid is nobody else's.
 */
void ts_ending_note(const char *root, pid_t pid, int signal);

#endif
