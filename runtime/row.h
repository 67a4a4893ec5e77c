/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ROW_H
#define TS_ROW_H

/* A row that a source answers -> struct ts_trace or ts_span. */

#include "pool.h"
#include "span.h"
#include "store.h"

/* The columns as ts_row_trace and ts_row_span expect them, for SELECT. */
#define TS_TRACE_KEYS                                                                        \
	"trace_id, tenant_id, pipeline_name, telegram_id, user_id, session_id, started_at, " \
	"ended_at, duration_ms, success, error, program, host, pid, created_at"
#define TS_TRACE_PAYLOAD "input_data, output_data, attributes"
#define TS_TRACE_COLUMNS 18

#define TS_SPAN_KEYS                                                                           \
	"trace_id, span_id, tenant_id, parent_span_id, span_name, kind, function, thread_id, " \
	"started_at, ended_at, duration_ms, success, error, model, provider, input_tokens, "   \
	"output_tokens, cost_nano_usd, created_at"
#define TS_SPAN_PAYLOAD "input_data, output_data, attributes"
#define TS_SPAN_COLUMNS 22

/* Strings are copied to the pool. 0, -ENOMEM, or -EPROTO where a cell is not what its column
 * promises. */
int ts_row_trace(struct ts_trace *ret, struct ts_pool *pool, const struct ts_cell *cells);
int ts_row_span(struct ts_span *ret, struct ts_pool *pool, const struct ts_cell *cells);

#endif
