/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SPAN_H
#define TS_SPAN_H

/*
 * What a trace, a span and a run are: the rows of pipeline_traces, pipeline_spans and pipeline_runs, before any
 * dialect. Traces and spans are written once, complete, after their end. Strings are UTF-8 and owned by whoever owns the
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
	const char *requested_model; /* of an LLM call, told by ts_query_scan alone; NULL else */
};

/*
 * One process under the shim, and what became of the rows it began: begun = stored + open + dropped. Written
 * anew with each batch, unlike the others: what is there is overwritten.
 */
struct ts_run {
	struct ts_uuid run_id;
	const char *tenant_id; /* of traces that name none; never NULL */
	const char *program;
	const char *host;
	int64_t pid;
	int64_t started_us;
	int64_t seen_us;     /* the last moment it is known to have lived */
	int64_t ended_us;    /* 0: it runs */
	const char *outcome; /* NULL: it runs; "exited", "exec", "interrupted", "SIGKILL", ... */
	int64_t begun;
	int64_t stored; /* this batch counted */
	int64_t open;   /* begun, neither stored nor dropped */
	int64_t dropped;
	const char *dropped_by; /* JSON: {"ring_full": 3}; NULL where none was */
	const char *attributes;
	int64_t created_us;
};

/* What one transaction stores. */
struct ts_batch {
	const struct ts_trace *traces;
	size_t n_traces;
	const struct ts_span *spans;
	size_t n_spans;
	const struct ts_run *run; /* of the process that the rows are of; or NULL */
};

#endif
