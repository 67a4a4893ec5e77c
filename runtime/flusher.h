/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FLUSHER_H
#define TS_FLUSHER_H

/*
 * The loop that carries a live program's events to its store, on a thread of that program.
 * README.md in this folder has the rules.
 */

#include "../preload/abi.h"

/*
 * Runs until process->stop, and then once more; touches nothing of args or the process page after
 * process->stopped. 0; or a negative errno: it could not begin. What could not be stored stays in
 * the spool. [own]
 */
__attribute__((visibility("default"))) ts_flusher_run_fn ts_flusher_run;

#endif
