/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_MARK_H
#define TS_MARK_H

/* The event log's word that this process becomes another program (TS_EVENT_EXEC). */

#include <stdint.h>

/*
 * Before an exec: the calls that are open end here. Answers the mark's ticks; 0: there is none, for
 * nothing was recorded in this process, or there is no room. errno stays; may run in a signal handler.
 */
uint64_t ts_mark_exec(void);

/* It came back: what was marked then did not happen. 0 is fine. */
void ts_mark_exec_failed(uint64_t ticks);

#endif
