/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SPAN_H
#define TS_SPAN_H

/*
 * What a trace and a span are: the rows of pipeline_traces and pipeline_spans, before any dialect.
 * Each is written once, complete, after its end. Strings are UTF-8 and owned by whoever owns the
 * row; JSON strings are valid JSON or NULL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ts_uuid {
	uint8_t bytes[16];
};

/* An integer that may be unknown, which is never 0. */
struct ts_maybe {
	bool known;
	int64_t value;
};

struct ts_trace {
	struct ts_uuid trace_id;
	const char *tenant_id; /* never NULL */
	const char *pipeline_name;
	struct ts_maybe telegram_id;
	const char *user_id;    /* or NULL */
	const char *session_id; /* or NULL */
	int64_t started_us;     /* UTC, microseconds since 1970 */
	int64_t ended_us;
	double duration_ms;
	bool success;
	const char *error; /* NULL where success */
	const char *input_data;
	const char *output_data;
	const char *program;
	const char *host;
	int64_t pid;
	const char *attributes;
	int64_t created_us; /* fixed by the record, so that a second delivery is the same row */
};

struct ts_span {
	struct ts_uuid trace_id;
	struct ts_uuid span_id;
	const char *tenant_id; /* never NULL */
	bool has_parent;
	struct ts_uuid parent_span_id;
	const char *span_name; /* "agent:trainer" */
	const char *kind;      /* "agent" */
	const char *function;
	int64_t thread_id;
	int64_t started_us;
	int64_t ended_us;
	double duration_ms;
	bool success;
	const char *error;
	const char *input_data;
	const char *output_data;
	const char *model;
	const char *provider;
	struct ts_maybe input_tokens;
	struct ts_maybe output_tokens;
	struct ts_maybe cost_nano_usd;
	const char *attributes;
	int64_t created_us;
};

/* What one transaction stores. */
struct ts_batch {
	const struct ts_trace *traces;
	size_t n_traces;
	const struct ts_span *spans;
	size_t n_spans;
};

#endif
