/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_CHECK_DOCUMENT_H
#define TS_COMMAND_CHECK_DOCUMENT_H

/* What `check --json` prints. */

#include "../program/rules.h"

struct ts_checklive;

/* From malloc, or NULL where memory ran out. `live` NULL: of no program that runs. */
char *ts_document_check(const struct ts_rules *rules, const struct ts_checklive *live);

#endif
