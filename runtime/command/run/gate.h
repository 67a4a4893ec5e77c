/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_RUN_GATE_H
#define TS_COMMAND_RUN_GATE_H

/* The traces of one run, for its gates. */

#include "../gate/gates.h"

/* Can the store that programs write to be asked? 0, or -EINVAL with the reason printed. */
int ts_run_gate_check(void);

/*
 * Waits until the store has what the processes recorded that wrote their run lines to `status_file`, and have ended, then
 * takes their traces in. 0, or a negative errno with the reason printed.
 */
int ts_run_gate(const char *status_file, struct ts_gates *gates);

#endif
