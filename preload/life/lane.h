/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_LANE_H
#define TS_LANE_H

/*
 * A lane is what one thread records on: a ring of the spool and a pool of frames. Threads take and
 * give back lanes; a lane keeps its unread events over that. Used in the slow path: raw system
 * calls only.
 */

#include <stdbool.h>

#include "../hot/context.h"
#include "../hot/ring.h"

/*
 * Makes the process's overflow ring, when the spool has been made. False: there is no room for one.
 */
bool ts_lanes_begin(void);

/*
 * A lane for this thread: a free one, or a new one while the budget for rings lasts. False: none.
 */
bool ts_lane_take(struct ts_context *context);

/*
 * Where the reader lags behind a thread's ring, the thread goes on with another one: a free one, or a new one
 * while what the process may have in that way lasts. Calls that are open end there or, where it fills, too, in
 * the ring that they began in [L4].
 */
void ts_lane_change(struct ts_context *context);

/* Gives the thread's lane back. */
void ts_lane_give(struct ts_context *context);

/* Nothing is unread and no call is open on any lane, the store knows how the process ended, and nobody is about
 * to change that. */
bool ts_lanes_drained(void);

/* In a child: the lanes are the parent's. Frames in use stay where they are. */
void ts_lanes_forget(void);

#endif
