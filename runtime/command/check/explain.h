/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_CHECK_EXPLAIN_H
#define TS_COMMAND_CHECK_EXPLAIN_H

/* What the files of the loaded objects say of rules, beyond what the shim can know. */

#include "../program/rules.h"

/*
 * Adds hints to the rules that found nothing: the function was inlined everywhere, its symbol was
 * stripped, its name is nearly another's. Adds to those that did which of their calls were inlined.
 * Rules for Python it leaves alone. `folder`: where else debug files may be, or NULL. 0, or -ENOMEM.
 */
int ts_explain(struct ts_rules *rules, const char *folder);

#endif
