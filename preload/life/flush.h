/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FLUSH_H
#define TS_FLUSH_H

/* The flusher's thread, from the shim's side: from the first event to the exit, over forks. */

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts it where a thread may be started now: not in a signal handler (handler.h), for a call at `slot` of a thread that had
 * these signals blocked. Called from the slow path; false: not this time, or never (then events wait in the spool for whoever
 * recovers it).
 */
bool ts_flush_start(uint64_t blocked, uintptr_t slot);

/*
 * Around a fork, on the thread that forks: the flusher is in the middle of nothing that a child must not
 * copy half done, unless that takes it longer than 50 ms.
 */
void ts_flush_hold(void);
void ts_flush_go_on(void);
void ts_flush_go_on_in_child(bool may_start); /* another flusher, when it is needed */

/*
 * A last pass, at most 2 s. True: the flusher has stopped, and nobody else consumes the spool. Its thread stays, for as
 * long as there are others.
 */
bool ts_flush_stop(void);

/*
 * In a child: the flusher is the parent's. Another one will be started if it may be, and the parent's was in the middle
 * of nothing; else events wait in the spool.
 */
void ts_flush_forget(void);

#endif
