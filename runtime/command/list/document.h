/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_LIST_DOCUMENT_H
#define TS_COMMAND_LIST_DOCUMENT_H

/* What `list --json` and `tail --json` print. From malloc, or NULL where memory ran out. */

#include "../../ended.h"
#include "../../query/query.h"

char *ts_document_list(const struct ts_listing *listing);
char *ts_document_listed(const struct ts_listed *listed); /* one of them, on one line */
char *ts_document_runs(const struct ts_runs *runs, const struct ts_ended *ended);

#endif
