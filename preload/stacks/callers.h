/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CALLERS_H
#define TS_CALLERS_H

/* Call stacks of failures: when they can be had, and from where. */

#include <stdbool.h>

/*
 * Opens the module, if some rule wants stacks and it is not open yet; without it there are none. Any
 * thread that may call dlopen: in the constructor, or the flusher's.
 */
void ts_callers_open(void);

/*
 * Before a fork: nobody walks, and nobody begins to. False: that could not be had in time; a child of
 * such a fork walks no more.
 */
bool ts_callers_hold(void);
void ts_callers_go_on(void);
void ts_callers_go_on_in_child(bool held);

#endif
