/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLUMNS_H
#define TS_COLUMNS_H

/* The columns of the stores' three tables: which member of struct ts_trace, ts_span or ts_run each is. */

#include <stddef.h>

enum ts_column_type {
	TS_COLUMN_UUID,
	TS_COLUMN_NAME, /* text that is never NULL */
	TS_COLUMN_TEXT, /* or NULL */
	TS_COLUMN_JSON, /* or NULL; may be long, so it is read only where it is asked for */
	TS_COLUMN_INT64,
	TS_COLUMN_MAYBE, /* struct ts_maybe */
	TS_COLUMN_DOUBLE,
	TS_COLUMN_BOOL,
	TS_COLUMN_TIME,   /* int64_t, microseconds since 1970 */
	TS_COLUMN_ENDED,  /* the same; 0 is NULL */
	TS_COLUMN_PARENT, /* a span's has_parent and parent_span_id; offset is that of the row */
};

struct ts_column {
	const char *name;
	enum ts_column_type type;
	size_t offset; /* of the member in its row */
};

struct ts_table {
	const char *name;
	const struct ts_column *columns;
	size_t n_columns;
	size_t row_bytes;
	/*
	 * NULL: a row that is there already is left as it is. Else it is overwritten where this holds: SQL that all
	 * dialects know, of the table's row and of `excluded`, the new one.
	 */
	const char *newer;
};

extern const struct ts_table ts_trace_table; /* of struct ts_trace */
extern const struct ts_table ts_span_table;  /* of struct ts_span */
extern const struct ts_table ts_run_table;   /* of struct ts_run */

/*
 * Of pipeline_spans what a span's cost is found by: first its key and what a store amends, TS_AMENDED_COLUMNS in all, then
 * what that follows from. The other members stay 0.
 */
extern const struct ts_table ts_cost_table; /* of struct ts_span */
#define TS_AMENDED_COLUMNS 6

#endif
