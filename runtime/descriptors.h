/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DESCRIPTORS_H
#define TS_DESCRIPTORS_H

/*
 * A descriptor table of the calling thread's own. What the program closes, reuses, inherits or
 * locks then never meets what this thread has open, not even in the middle of a batch; and nothing
 * of the program's stays open because of us. [own]
 */

#include <stdbool.h>

/*
 * Leaves the program's table, with nothing but stderr taken along; true. False where the kernel
 * cannot (before Linux 5.9, seccomp): all is as it was, the thread shares the program's table.
 */
bool ts_descriptors_separate(void);

/*
 * Lets go of a stderr that the program itself has closed or replaced meanwhile. Only for a thread
 * that has separated.
 */
void ts_descriptors_follow_stderr(void);

#endif
