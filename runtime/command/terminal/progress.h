/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_PROGRESS_H
#define TS_COMMAND_TERMINAL_PROGRESS_H

/*
 * A line on standard error, where that is a terminal, for as long as something takes more than a second; it is wiped
 * away at the end.
 */

#include <stdint.h>

/* `what` is read: "traces", and counted as far as somebody counts. One at a time. */
void ts_progress_begin(const char *what);
void ts_progress_count(uint64_t n);
void ts_progress_end(void);

#endif
