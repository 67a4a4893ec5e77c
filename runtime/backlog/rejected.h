/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REJECTED_H
#define TS_REJECTED_H

/*
 * Rows that their store will never take, kept for people: one JSON object a line, as a jsonl: store would have
 * it, with the store's sentence in "refused". <state>/rejected/<spool's name>.jsonl, or, where there is no state
 * folder, <spool>.rejected.jsonl; past 16 MB an older half is kept beside it as FILE.1, and what was in the one
 * before is only counted.
 */

#include <stdint.h>

#include "../columns.h"
#include "../error.h"

struct ts_rejected;

/* `state` may be empty. 0 or -ENOMEM; nothing is opened or made yet. */
int ts_rejected_new(struct ts_rejected **ret, const char *state, const char *spool);
void ts_rejected_free(struct ts_rejected *rejected); /* NULL is fine */

const char *ts_rejected_path(const struct ts_rejected *rejected);

/*
 * Writes down a row of pipeline_traces or pipeline_spans, unless it stands there already, and syncs it.
 * 0, or a negative errno with a sentence.
 */
int ts_rejected_add(struct ts_rejected *rejected, const struct ts_table *table, const void *row,
		    const char *refused, struct ts_error *err);

/* Rows that were ever added, whoever did. */
uint64_t ts_rejected_count(struct ts_rejected *rejected);

#endif
