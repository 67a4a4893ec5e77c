/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_RUN_DOCUMENT_H
#define TS_COMMAND_RUN_DOCUMENT_H

/* What `run --json` writes. */

#include "../gate/gates.h"
#include "../program/fate.h"

/* One line, from malloc, or NULL where memory ran out; with what the gates say, where there are any (NULL: none). */
char *ts_document_run(int status, const struct ts_fate *fate, const char *reason,
		      struct ts_gates *gates);

#endif
