/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BATCH_H
#define TS_BATCH_H

/* The rows of a batch in the making, and the memory of their strings. */

#include "../pool.h"
#include "../span.h"

struct ts_rows {
	struct ts_pool pool;
	struct ts_trace *traces;
	size_t n_traces, traces_room;
	struct ts_span *spans;
	size_t n_spans, spans_room;
};

/* Makes room for one more trace and one more span. 0 or -ENOMEM. */
int ts_rows_reserve(struct ts_rows *rows);

/* A view of the rows, valid until they change. */
struct ts_batch ts_rows_batch(const struct ts_rows *rows);

/* Empties it; what an unusual batch took goes back. */
void ts_rows_reset(struct ts_rows *rows);

/* A zeroed one is fine, and what this leaves. */
void ts_rows_release(struct ts_rows *rows);

#endif
