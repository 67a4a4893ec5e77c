/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REJECTED_H
#define TS_REJECTED_H

/*
 * Rows that their store will never take, kept for people: one JSON object a line, as a jsonl: store would have
 * it, with the store's sentence in "refused". <state>/rejected/<spool's name>.jsonl, or, where there is no state
 * folder, <spool>.rejected.jsonl; what is more than a file may hold begins another, the one before is kept beside it as
 * FILE.1, and what was in the one before that is only counted. The file may be taken away at any time.
 */

#include <stdint.h>

#include "../columns.h"
#include "../error.h"

struct ts_rejected;

/* `state` may be empty. A file has `most_bytes`. 0 or -ENOMEM; nothing is opened or made yet. */
int ts_rejected_new(struct ts_rejected **ret, const char *state, const char *spool,
		    uint64_t most_bytes);
void ts_rejected_free(struct ts_rejected *rejected); /* NULL is fine */

const char *ts_rejected_path(const struct ts_rejected *rejected);

/*
 * Writes down a row of pipeline_traces or pipeline_spans, unless it stands there already, and syncs it.
 * 0; 1: it is time to see how much is kept in all; or a negative errno with a sentence.
 */
int ts_rejected_add(struct ts_rejected *rejected, const struct ts_table *table, const void *row,
		    const char *refused, struct ts_error *err);

/* Rows that were ever added, whoever did. */
uint64_t ts_rejected_count(struct ts_rejected *rejected);

#endif
