/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONF_PYTHON_H
#define TS_CONF_PYTHON_H

/* Rules for Python functions: python MODULE:QUALNAME : fails if None. [setup]; pure. */

#include "../system/slice.h"
#include "conf.h"

struct ts_arena;

/* Is the value a rule for a Python function? */
bool ts_python_is_rule(struct ts_slice value);

/*
 * Reads it into rule->python, rule->prototype.function ("MODULE:QUALNAME"), rule->fails. 0, or -EINVAL with
 * *fault filled (NULL: nothing is worded), or -ENOMEM.
 */
int ts_python_read(struct ts_slice value, struct ts_arena *arena, struct ts_rule *rule,
		   struct ts_fault *fault);

#endif
