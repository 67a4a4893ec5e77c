/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_CHECK_DIFFERS_H
#define TS_COMMAND_CHECK_DIFFERS_H

/* Whether a rule's prototype is that of the function. Pure. */

#include <stdbool.h>

#include "../functions/signature.h"
#include "../program/rules.h"

/*
 * Does the rule record something of a C function that its debug information says is not there, or is something else? Only
 * what is known counts: nothing behind a struct that is passed by value, and nothing of C++.
 */
bool ts_differs(const struct ts_rule_report *rule, const struct ts_signature *signature);

#endif
