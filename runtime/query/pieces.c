// SPDX-License-Identifier: Apache-2.0
/*
 * A store that is larger than memory, a piece at a time: some traces by their ids, then the spans of those, which come as
 * they are read. No statement lasts longer than a piece, so a reader that takes its time holds up nobody who writes.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "../moment.h"
#include "impl.h"
#include "row.h"

#define SPAN(name, type, member)                             \
	{                                                    \
		name, type, offsetof(struct ts_span, member) \
	}

static const struct ts_column shape_columns[] = {
	SPAN("trace_id", TS_COLUMN_UUID, trace_id),
	SPAN("span_id", TS_COLUMN_UUID, span_id),
	{"parent_span_id", TS_COLUMN_PARENT, 0},
	SPAN("span_name", TS_COLUMN_NAME, span_name),
	SPAN("started_at", TS_COLUMN_TIME, started_us),
	SPAN("duration_ms", TS_COLUMN_DOUBLE, duration_ms),
	SPAN("cost_nano_usd", TS_COLUMN_MAYBE, cost_nano_usd),
};

static const struct ts_table shape_table = {
	.name = "pipeline_spans",
	.columns = shape_columns,
	.n_columns = sizeof(shape_columns) / sizeof(shape_columns[0]),
	.row_bytes = sizeof(struct ts_span),
};

/* --- traces -------------------------------------------------------------------------------- */

struct ts_piece {
	struct ts_pool pool;
	struct ts_trace *traces;
	size_t n;
};

static int take_trace(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_piece *piece = context;
	struct ts_trace *trace = ts_query_push(&piece->traces, &piece->n, sizeof(*trace));

	(void)n;
	return trace ? ts_row_read(trace, &ts_trace_table, &piece->pool, cells) : -ENOMEM;
}

/* Behind `last` (NULL: from the newest on); `near`: what began in the days before that alone. */
static int read_piece(struct ts_query *query, const struct ts_query_filter *filter,
		      const struct ts_trace *last, bool near, struct ts_piece *piece,
		      struct ts_error *err)
{
	int64_t us = last ? last->started_us : ts_query_now_us();
	struct ts_moment_text from = ts_moment_format(us - TS_QUERY_RECENT_DAYS * TS_QUERY_DAY_US);
	struct ts_moment_text to = ts_moment_format(us + TS_QUERY_DAY_US);
	struct ts_statement statement = {.bytes = 0};
	struct ts_filter_text texts;

	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, &ts_trace_table, filter->with_payload);
	ts_statement_add(&statement, " FROM pipeline_traces");
	ts_query_add_filter(&statement, filter, &texts);
	ts_query_add_period(&statement, filter, &texts);
	if (last)
		ts_statement_add(&statement, " AND trace_id < $%zu",
				 ts_statement_param(&statement, ts_cell_uuid(last->trace_id)));
	if (near) {
		ts_statement_add(&statement, " AND started_at >= $%zu",
				 ts_statement_param(&statement, ts_cell_text(from.text)));
		ts_statement_add(&statement, " AND started_at <= $%zu",
				 ts_statement_param(&statement, ts_cell_text(to.text)));
	}
	ts_statement_add(&statement, " ORDER BY trace_id DESC LIMIT $%zu",
			 ts_statement_param(&statement, ts_cell_integer((int64_t)filter->limit)));
	return ts_query_row_error(ts_query_run(query, &statement, take_trace, piece, err), err);
}

static void clear(struct ts_piece *piece)
{
	ts_pool_reset(&piece->pool);
	free(piece->traces);
	piece->traces = NULL;
	piece->n = 0;
}

int ts_query_piece(struct ts_query *query, const struct ts_query_filter *filter,
		   const struct ts_piece *before, struct ts_piece **ret, struct ts_error *err)
{
	const struct ts_trace *last = before && before->n ? &before->traces[before->n - 1] : NULL;
	struct ts_piece *piece = calloc(1, sizeof(*piece));
	bool near = ts_query_in_parts(query);
	int result;

	assert(filter->limit <= TS_PIECE_MOST);
	if (!piece)
		return ts_error_set(err, -ENOMEM, "out of memory");
	result = read_piece(query, filter, last, near, piece, err);
	if (result == 0 && near && piece->n < filter->limit) {
		clear(piece);
		result = read_piece(query, filter, last, false, piece, err);
	}
	if (result < 0) {
		ts_piece_free(piece);
		return result;
	}
	*ret = piece;
	return 0;
}

const struct ts_trace *ts_piece_traces(const struct ts_piece *piece, size_t *ret_n)
{
	*ret_n = piece->n;
	return piece->traces;
}

void ts_piece_free(struct ts_piece *piece)
{
	if (!piece)
		return;
	ts_pool_release(&piece->pool);
	free(piece->traces);
	free(piece);
}

/* --- their spans --------------------------------------------------------------------------- */

struct spans {
	const struct ts_table *table;
	ts_query_span_fn *take;
	void *context;
	struct ts_pool pool; /* of one row */
};

static int take_span(void *context, const struct ts_cell *cells, size_t n)
{
	struct spans *spans = context;
	struct ts_span span;
	int result = ts_row_read(&span, spans->table, &spans->pool, cells);

	(void)n;
	if (result == 0)
		result = spans->take(spans->context, &span);
	ts_pool_reset(&spans->pool);
	return result;
}

/* None of them began before the first of their traces did, but for clocks; of a store in days the others are left alone. */
static struct ts_moment_text earliest(const struct ts_piece *piece)
{
	int64_t us = piece->traces[0].started_us;

	for (size_t i = 1; i < piece->n; i++)
		us = piece->traces[i].started_us < us ? piece->traces[i].started_us : us;
	return ts_moment_format(us - TS_QUERY_DAY_US);
}

int ts_query_spans(struct ts_query *query, const struct ts_piece *piece, enum ts_query_shape shape,
		   ts_query_span_fn *take, void *context, struct ts_error *err)
{
	struct spans spans = {
		.table = shape == TS_SPANS_SHAPE ? &shape_table : &ts_span_table,
		.take = take,
		.context = context,
	};
	struct ts_statement statement = {.bytes = 0};
	struct ts_moment_text since;
	int result;

	assert(piece->n <= TS_PIECE_MOST);
	if (!piece->n)
		return 0;
	since = earliest(piece);
	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, spans.table, true);
	ts_statement_add(&statement,
			 " FROM pipeline_spans WHERE started_at >= $%zu AND trace_id IN (",
			 ts_statement_param(&statement, ts_cell_text(since.text)));
	for (size_t i = 0; i < piece->n; i++)
		ts_statement_add(
			&statement, "%s$%zu", i ? ", " : "",
			ts_statement_param(&statement, ts_cell_uuid(piece->traces[i].trace_id)));
	ts_statement_add(&statement, ") ORDER BY trace_id DESC, started_at, %sspan_id",
			 shape == TS_SPANS_NESTED ? "duration_ms DESC, " : "");
	result = ts_query_row_error(ts_query_run(query, &statement, take_span, &spans, err), err);
	ts_pool_release(&spans.pool);
	return result;
}
