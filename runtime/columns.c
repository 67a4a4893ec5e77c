// SPDX-License-Identifier: Apache-2.0
#include "columns.h"

#include "span.h"

#define TRACE(member) offsetof(struct ts_trace, member)
#define SPAN(member)  offsetof(struct ts_span, member)
#define RUN(member)   offsetof(struct ts_run, member)

static const struct ts_column trace_columns[] = {
	{"trace_id", TS_COLUMN_UUID, TRACE(trace_id)},
	{"tenant_id", TS_COLUMN_NAME, TRACE(tenant_id)},
	{"pipeline_name", TS_COLUMN_NAME, TRACE(pipeline_name)},
	{"telegram_id", TS_COLUMN_MAYBE, TRACE(telegram_id)},
	{"user_id", TS_COLUMN_TEXT, TRACE(user_id)},
	{"session_id", TS_COLUMN_TEXT, TRACE(session_id)},
	{"started_at", TS_COLUMN_TIME, TRACE(started_us)},
	{"ended_at", TS_COLUMN_TIME, TRACE(ended_us)},
	{"duration_ms", TS_COLUMN_DOUBLE, TRACE(duration_ms)},
	{"success", TS_COLUMN_BOOL, TRACE(success)},
	{"error", TS_COLUMN_TEXT, TRACE(error)},
	{"input_data", TS_COLUMN_JSON, TRACE(input_data)},
	{"output_data", TS_COLUMN_JSON, TRACE(output_data)},
	{"program", TS_COLUMN_TEXT, TRACE(program)},
	{"host", TS_COLUMN_TEXT, TRACE(host)},
	{"pid", TS_COLUMN_INT64, TRACE(pid)},
	{"attributes", TS_COLUMN_JSON, TRACE(attributes)},
	{"created_at", TS_COLUMN_TIME, TRACE(created_us)},
};

static const struct ts_column span_columns[] = {
	{"trace_id", TS_COLUMN_UUID, SPAN(trace_id)},
	{"span_id", TS_COLUMN_UUID, SPAN(span_id)},
	{"tenant_id", TS_COLUMN_NAME, SPAN(tenant_id)},
	{"parent_span_id", TS_COLUMN_PARENT, 0},
	{"span_name", TS_COLUMN_NAME, SPAN(span_name)},
	{"kind", TS_COLUMN_NAME, SPAN(kind)},
	{"function", TS_COLUMN_TEXT, SPAN(function)},
	{"thread_id", TS_COLUMN_INT64, SPAN(thread_id)},
	{"started_at", TS_COLUMN_TIME, SPAN(started_us)},
	{"ended_at", TS_COLUMN_TIME, SPAN(ended_us)},
	{"duration_ms", TS_COLUMN_DOUBLE, SPAN(duration_ms)},
	{"success", TS_COLUMN_BOOL, SPAN(success)},
	{"error", TS_COLUMN_TEXT, SPAN(error)},
	{"input_data", TS_COLUMN_JSON, SPAN(input_data)},
	{"output_data", TS_COLUMN_JSON, SPAN(output_data)},
	{"model", TS_COLUMN_TEXT, SPAN(model)},
	{"provider", TS_COLUMN_TEXT, SPAN(provider)},
	{"input_tokens", TS_COLUMN_MAYBE, SPAN(input_tokens)},
	{"output_tokens", TS_COLUMN_MAYBE, SPAN(output_tokens)},
	{"cost_nano_usd", TS_COLUMN_MAYBE, SPAN(cost_nano_usd)},
	{"attributes", TS_COLUMN_JSON, SPAN(attributes)},
	{"created_at", TS_COLUMN_TIME, SPAN(created_us)},
};

static const struct ts_column run_columns[] = {
	{"run_id", TS_COLUMN_UUID, RUN(run_id)},
	{"tenant_id", TS_COLUMN_NAME, RUN(tenant_id)},
	{"program", TS_COLUMN_TEXT, RUN(program)},
	{"host", TS_COLUMN_TEXT, RUN(host)},
	{"pid", TS_COLUMN_INT64, RUN(pid)},
	{"started_at", TS_COLUMN_TIME, RUN(started_us)},
	{"seen_at", TS_COLUMN_TIME, RUN(seen_us)},
	{"ended_at", TS_COLUMN_ENDED, RUN(ended_us)},
	{"outcome", TS_COLUMN_TEXT, RUN(outcome)},
	{"begun", TS_COLUMN_INT64, RUN(begun)},
	{"stored", TS_COLUMN_INT64, RUN(stored)},
	{"open", TS_COLUMN_INT64, RUN(open)},
	{"dropped", TS_COLUMN_INT64, RUN(dropped)},
	{"dropped_by", TS_COLUMN_JSON, RUN(dropped_by)},
	{"attributes", TS_COLUMN_JSON, RUN(attributes)},
	{"created_at", TS_COLUMN_TIME, RUN(created_us)},
};

static const struct ts_column cost_columns[] = {
	{"trace_id", TS_COLUMN_UUID, SPAN(trace_id)},
	{"span_id", TS_COLUMN_UUID, SPAN(span_id)},
	{"tenant_id", TS_COLUMN_NAME, SPAN(tenant_id)},
	{"started_at", TS_COLUMN_TIME, SPAN(started_us)},
	{"cost_nano_usd", TS_COLUMN_MAYBE, SPAN(cost_nano_usd)},
	{"attributes", TS_COLUMN_JSON, SPAN(attributes)},
	{"model", TS_COLUMN_TEXT, SPAN(model)},
	{"provider", TS_COLUMN_TEXT, SPAN(provider)},
	{"input_tokens", TS_COLUMN_MAYBE, SPAN(input_tokens)},
	{"output_tokens", TS_COLUMN_MAYBE, SPAN(output_tokens)},
};

#define COLUMNS(columns) columns, sizeof(columns) / sizeof(columns[0])

const struct ts_table ts_trace_table = {
	"pipeline_traces",
	COLUMNS(trace_columns),
	sizeof(struct ts_trace),
	NULL,
};

const struct ts_table ts_span_table = {
	"pipeline_spans",
	COLUMNS(span_columns),
	sizeof(struct ts_span),
	NULL,
};

/* One out of a backlog may come late: how a process ended is its last word, and what it has begun only grows. */
const struct ts_table ts_run_table = {
	"pipeline_runs",
	COLUMNS(run_columns),
	sizeof(struct ts_run),
	"(excluded.outcome IS NOT NULL, excluded.begun) >= "
	"(pipeline_runs.outcome IS NOT NULL, pipeline_runs.begun)",
};

const struct ts_table ts_cost_table = {
	"pipeline_spans",
	COLUMNS(cost_columns),
	sizeof(struct ts_span),
	NULL,
};
