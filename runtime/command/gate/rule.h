/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_GATE_RULE_H
#define TS_COMMAND_GATE_RULE_H

/* `p95_ms llm:claude <= 900 per trace`: what stands behind `require =`. */

#include "line.h"

/* 0, or -EINVAL with the fault noted. */
int ts_gaterule_parse(struct ts_gate_reader *reader, struct ts_gate_word value,
		      struct ts_requirement *ret);

/* As it is told of again: one space between two words. */
const char *ts_gaterule_text(struct ts_gate_reader *reader, struct ts_gate_word value);

#endif
