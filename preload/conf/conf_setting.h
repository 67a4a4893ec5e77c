/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONF_SETTING_H
#define TS_CONF_SETTING_H

/* The settings of [trace], from whichever place they come. [setup] */

#include "../system/slice.h"
#include "conf.h"

enum ts_setting {
	TS_SETTING_CAPTURE,
	TS_SETTING_REDACT,
	TS_SETTING_ORPHANS,
	TS_SETTING_STACKS,
	TS_SETTING_BACKLOG,
	TS_SETTING_PRICES,
	TS_SETTING_COUNT
};

/* NULL past the last. */
const char *ts_setting_name(enum ts_setting setting);

/*
 * Reads a value into `conf`; strings are of `arena`. Where it is wrong the setting stays as it was.
 * 0, -EINVAL with *fault filled (which may be NULL), or -ENOMEM.
 */
int ts_setting_read(struct ts_conf *conf, enum ts_setting setting, struct ts_slice value,
		    struct ts_arena *arena, struct ts_fault *fault);

/* "on" or "off"; as above. */
int ts_setting_read_switch(struct ts_slice value, bool *ret, struct ts_fault *fault);

/* What holds where nothing is said. 0 or -ENOMEM. */
int ts_setting_defaults(struct ts_conf *conf, struct ts_arena *arena);

/* Marks in every rule the parameters that `redact` names. */
void ts_setting_redact(struct ts_conf *conf);

#endif
