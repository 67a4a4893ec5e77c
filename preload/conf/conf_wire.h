/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONF_WIRE_H
#define TS_CONF_WIRE_H

/* [wire]: whose calls are read off their connections, and which functions that takes. [setup]; pure. */

#include "../system/slice.h"
#include "conf.h"

struct ts_arena;

#define TS_WIRE_MAX_RULES 32 /* that it asks for */

/* NULL past the last. */
const char *ts_wire_setting_name(size_t setting);

/*
 * Reads the value of that setting into *wire. Addresses and gateways are added to those that lines before named; a
 * line with a fault adds none. 0, -EINVAL with *fault filled (which may be NULL), or -ENOMEM.
 */
int ts_wire_setting_read(struct ts_wire_conf *wire, size_t setting, struct ts_slice value,
			 struct ts_arena *arena, struct ts_fault *fault);

/*
 * Appends the rules that conf->wire asks for to conf->rules, where there is room for TS_WIRE_MAX_RULES more. 0, or
 * -ENOMEM.
 */
int ts_wire_add_rules(struct ts_conf *conf, struct ts_arena *arena);

#endif
