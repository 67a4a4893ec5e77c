/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_CHECK_WIRE_H
#define TS_COMMAND_CHECK_WIRE_H

/* What `check` prints of [wire]. */

#include "../program/rules.h"

struct ts_checklive;

/* What it asks for and what became of that; of a program that runs (`live`, or NULL) also of its connections. */
void ts_check_wire(const struct ts_rules *rules, const struct ts_checklive *live);

#endif
