// SPDX-License-Identifier: Apache-2.0
/*
 * All traces of a period, one after the other, each with its spans. Ids are UUID v7, so a period is a stretch of both keys:
 * what lies outside of it is not read, however much is stored.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../moment.h"
#include "impl.h"
#include "row.h"

#define TRACE(name, type, member)                             \
	{                                                     \
		name, type, offsetof(struct ts_trace, member) \
	}
#define SPAN(name, type, member)                             \
	{                                                    \
		name, type, offsetof(struct ts_span, member) \
	}

static const struct ts_column trace_columns[] = {
	TRACE("trace_id", TS_COLUMN_UUID, trace_id),
	TRACE("tenant_id", TS_COLUMN_NAME, tenant_id),
	TRACE("pipeline_name", TS_COLUMN_NAME, pipeline_name),
	TRACE("telegram_id", TS_COLUMN_MAYBE, telegram_id),
	TRACE("user_id", TS_COLUMN_TEXT, user_id),
	TRACE("started_at", TS_COLUMN_TIME, started_us),
	TRACE("duration_ms", TS_COLUMN_DOUBLE, duration_ms),
	TRACE("success", TS_COLUMN_BOOL, success),
	TRACE("error", TS_COLUMN_TEXT, error),
	TRACE("program", TS_COLUMN_TEXT, program),
	TRACE("host", TS_COLUMN_TEXT, host),
	TRACE("pid", TS_COLUMN_INT64, pid),
};

static const struct ts_column span_columns[] = {
	SPAN("span_id", TS_COLUMN_UUID, span_id),
	{"parent_span_id", TS_COLUMN_PARENT, 0},
	SPAN("span_name", TS_COLUMN_NAME, span_name),
	SPAN("kind", TS_COLUMN_NAME, kind),
	SPAN("started_at", TS_COLUMN_TIME, started_us),
	SPAN("duration_ms", TS_COLUMN_DOUBLE, duration_ms),
	SPAN("success", TS_COLUMN_BOOL, success),
	SPAN("error", TS_COLUMN_TEXT, error),
	SPAN("model", TS_COLUMN_TEXT, model),
	SPAN("provider", TS_COLUMN_TEXT, provider),
	SPAN("input_tokens", TS_COLUMN_MAYBE, input_tokens),
	SPAN("output_tokens", TS_COLUMN_MAYBE, output_tokens),
	SPAN("cost_nano_usd", TS_COLUMN_MAYBE, cost_nano_usd),
	/* of a JSON object, not of the table */
	SPAN("cost_status", TS_COLUMN_TEXT, attributes),
	SPAN("requested_model", TS_COLUMN_TEXT, requested_model),
};

#define N_TRACE_COLUMNS (sizeof(trace_columns) / sizeof(trace_columns[0]))
#define N_SPAN_COLUMNS  (sizeof(span_columns) / sizeof(span_columns[0]))
#define N_OF_JSON       2

static const struct ts_table traces = {
	.name = "pipeline_traces",
	.columns = trace_columns,
	.n_columns = N_TRACE_COLUMNS,
	.row_bytes = sizeof(struct ts_trace),
};

static const struct ts_table spans = {
	.name = "pipeline_spans",
	.columns = span_columns,
	.n_columns = N_SPAN_COLUMNS,
	.row_bytes = sizeof(struct ts_span),
};

struct scan {
	ts_query_scan_fn *scan;
	void *context;
	struct ts_pool pool; /* of the trace below */
	bool begun;
	struct ts_trace trace;
	struct ts_span *spans;
	size_t n, room;
};

/* --- the statement ------------------------------------------------------------------------ */

static void add_columns(struct ts_statement *statement, const struct ts_column *columns, size_t n,
			const char *prefix)
{
	for (size_t i = 0; i < n; i++)
		ts_statement_add(statement, "%s%s%s", i ? ", " : "", prefix, columns[i].name);
}

/* Where in their key, and in which days, the spans of the period's traces can lie. */
static void add_bounds(struct ts_statement *statement, const struct ts_query_filter *filter,
		       const struct ts_moment_text *before)
{
	if (filter->has_since) {
		ts_statement_add(statement, " AND s.trace_id >= $%zu",
				 ts_statement_param(statement, ts_cell_uuid(ts_query_first_id_at(
								       filter->since_us))));
		ts_statement_add(statement, " AND s.started_at >= $%zu",
				 ts_statement_param(statement, ts_cell_text(before->text)));
	}
	if (filter->has_until)
		ts_statement_add(statement, " AND s.trace_id < $%zu",
				 ts_statement_param(statement, ts_cell_uuid(ts_query_end_id_at(
								       filter->until_us))));
}

/* --- its rows ------------------------------------------------------------------------------ */

static int compare_spans(const void *a, const void *b)
{
	const struct ts_span *x = a, *y = b;

	if (x->started_us != y->started_us)
		return x->started_us < y->started_us ? -1 : 1;
	return memcmp(x->span_id.bytes, y->span_id.bytes, sizeof(x->span_id.bytes));
}

/* They mostly come in order, for they are stored as they end and ids are in time order. */
static void sort(struct scan *scan)
{
	for (size_t i = 1; i < scan->n; i++)
		if (compare_spans(&scan->spans[i - 1], &scan->spans[i]) > 0) {
			qsort(scan->spans, scan->n, sizeof(scan->spans[0]), compare_spans);
			return;
		}
}

static int finish_trace(struct scan *scan)
{
	if (!scan->begun)
		return 0;
	sort(scan);
	return scan->scan(scan->context, &scan->trace, scan->spans, scan->n);
}

static int begin_trace(struct scan *scan, const struct ts_cell *cells)
{
	int result = finish_trace(scan);

	scan->begun = true;
	scan->n = 0;
	ts_pool_reset(&scan->pool);
	return result ? result : ts_row_read(&scan->trace, &traces, &scan->pool, cells);
}

static int take_span(struct scan *scan, const struct ts_cell *cells)
{
	if (scan->n == scan->room) {
		size_t room = scan->room ? 2 * scan->room : 64;
		struct ts_span *more = reallocarray(scan->spans, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		scan->spans = more;
		scan->room = room;
	}
	return ts_row_read(&scan->spans[scan->n++], &spans, &scan->pool, cells);
}

/* A row a span; of a trace without spans, one with NULL for them. */
static int take_row(void *context, const struct ts_cell *cells, size_t n)
{
	struct scan *scan = context;
	int result = 0;

	(void)n;
	if (cells[0].type != TS_CELL_UUID)
		return -EPROTO;
	if (!scan->begun || memcmp(cells[0].uuid.bytes, scan->trace.trace_id.bytes,
				   sizeof(cells[0].uuid.bytes)) != 0)
		result = begin_trace(scan, cells);
	if (result == 0 && cells[N_TRACE_COLUMNS].type != TS_CELL_NULL)
		result = take_span(scan, cells + N_TRACE_COLUMNS);
	return result;
}

int ts_query_scan(struct ts_query *query, const struct ts_query_filter *filter,
		  ts_query_scan_fn *scan, void *context, struct ts_error *err)
{
	struct ts_moment_text before = ts_moment_format(filter->since_us - TS_QUERY_DAY_US);
	struct scan state = {.scan = scan, .context = context};
	struct ts_statement statement = {.bytes = 0};
	struct ts_filter_text texts;
	int result;

	ts_statement_add(&statement, "SELECT ");
	add_columns(&statement, trace_columns, N_TRACE_COLUMNS, "t.");
	ts_statement_add(&statement, ", ");
	add_columns(&statement, span_columns, N_SPAN_COLUMNS - N_OF_JSON, "s.");
	ts_statement_add(&statement, ", CASE WHEN s.cost_nano_usd IS NOT NULL"
				     " THEN CAST(s.attributes -> 'cost_status' AS text)"
				     " WHEN s.kind = 'llm' AND NOT s.success"
				     " THEN CAST(s.attributes -> 'wire' -> 'status' AS text) END"
				     ", CASE WHEN s.kind = 'llm'"
				     " THEN s.attributes -> 'usage' ->> 'requested_model' END");
	ts_statement_add(&statement, " FROM (SELECT ");
	add_columns(&statement, trace_columns, N_TRACE_COLUMNS, "");
	ts_statement_add(&statement, " FROM pipeline_traces");
	ts_query_add_filter(&statement, filter, &texts);
	ts_query_add_period(&statement, filter, &texts);
	ts_statement_add(&statement,
			 ") AS t LEFT JOIN pipeline_spans AS s ON s.trace_id = t.trace_id");
	add_bounds(&statement, filter, &before);
	ts_statement_add(&statement, " ORDER BY t.trace_id");
	result = ts_query_run(query, &statement, take_row, &state, err);
	if (result == 0)
		result = finish_trace(&state);
	ts_pool_release(&state.pool);
	free(state.spans);
	return ts_query_row_error(result, err);
}
