/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TICKS_H
#define TS_TICKS_H

/* Which clock the hot path reads, and how its ticks relate to time. [setup] */

#include "../abi.h"

/*
 * Chooses the clock and takes the first instant; early, so that the frequency gets a long base
 * line. 0, or -ENOSYS where there is neither an invariant TSC nor a vDSO.
 */
int ts_ticks_init(void);

/* Tells readers of the process page: the source, the first instant, and this one. */
void ts_ticks_describe(struct ts_abi_process *process);

/* Takes over the frequency that the flusher measured, for the ids to come. */
void ts_ticks_refine(const struct ts_abi_process *process);

#endif
