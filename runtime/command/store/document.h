/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_STORE_DOCUMENT_H
#define TS_COMMAND_STORE_DOCUMENT_H

/* What `store init`, `migrate`, `status` and `prune` print with --json. From malloc, or NULL where memory ran out. */

#include "../../store.h"

char *ts_document_schema(int version);
char *ts_document_status(const struct ts_store_status *status);
char *ts_document_pruned(const struct ts_pruned *pruned);

#endif
