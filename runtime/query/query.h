/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_QUERY_H
#define TS_QUERY_H

/* The read side: what the commands ask any store that can be read back. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../error.h"
#include "../span.h"
#include "../store.h"

struct ts_query;

/* An open source, as `tenant` (NULL: as whoever asks). -ENOENT: nothing was ever stored at `url`. */
int ts_query_new(struct ts_query **ret, const struct ts_source *source, const char *url,
		 const char *tenant, struct ts_error *err);
void ts_query_free(struct ts_query *query); /* NULL is fine */

/* All that is set must hold. */
struct ts_query_filter {
	const char *pipeline; /* the name, exactly; NULL: any */
	bool failed;          /* only what failed */
	bool has_since;
	int64_t since_us; /* started then or later */
	bool has_until;
	int64_t until_us;    /* started before */
	const char *user;    /* user_id, or telegram_id in decimal; NULL: any */
	const char *program; /* its path, or the end of it; NULL: any */
	double min_ms;       /* took at least so long; 0: any */
	/* a key of attributes, without any of .["$, no digit first, and its value as text; NULL: any */
	const char *attribute, *value;
	size_t limit;      /* at least 1 */
	bool with_payload; /* input_data, output_data and attributes, too; else NULL */
};

struct ts_listed {
	struct ts_trace trace;
	int64_t span_count;
};

/* Traces, newest first. */
struct ts_listing;

/* 0, or a negative errno. The listing is the caller's, what it answers lives as long as it. */
int ts_query_list(struct ts_query *query, const struct ts_query_filter *filter,
		  struct ts_listing **ret, struct ts_error *err);
size_t ts_listing_count(const struct ts_listing *listing);
const struct ts_listed *ts_listing_at(const struct ts_listing *listing, size_t index);
/* How many leading digits of an id, at least 8, tell each listed trace from all stored ones. */
size_t ts_listing_digits(const struct ts_listing *listing);
void ts_listing_free(struct ts_listing *listing); /* NULL is fine */

/*
 * How many traces the filter lets pass beyond its limit, counted up to `most` so that it stays
 * cheap with millions.
 */
int ts_query_more(struct ts_query *query, const struct ts_query_filter *filter, size_t most,
		  size_t *ret, struct ts_error *err);

/* How many leading digits of an id, at least 8, tell each of these n traces from all stored ones. */
int ts_query_digits(struct ts_query *query, const struct ts_uuid *ids, size_t n, size_t *ret,
		    struct ts_error *err);

/*
 * One trace, and its spans in start order, without inputs, outputs and what else figures need not; of a span that has a cost
 * `attributes` is what they say of it (cost_status), as JSON, or of an LLM call that failed the status that was
 * answered (wire.status). Of an LLM call `requested_model` is the one that was asked for, where that is known. It lives until this returns; non-zero ends the scan and is its
 * result.
 */
typedef int ts_query_scan_fn(void *context, const struct ts_trace *trace,
			     const struct ts_span *spans, size_t n);

/* Every trace that the filter lets pass, whatever its limit, oldest id first. 0, or what `scan` answered. */
int ts_query_scan(struct ts_query *query, const struct ts_query_filter *filter,
		  ts_query_scan_fn *scan, void *context, struct ts_error *err);

/* Some traces of a store that may be larger than memory, newest id first. */
struct ts_piece;

#define TS_PIECE_MOST 100

/*
 * Up to filter->limit traces, at most TS_PIECE_MOST, that the filter lets pass, behind those of `before` (NULL: the newest).
 * Fewer than the limit are the last ones. 0, or a negative errno; the piece is the caller's.
 */
int ts_query_piece(struct ts_query *query, const struct ts_query_filter *filter,
		   const struct ts_piece *before, struct ts_piece **ret, struct ts_error *err);
const struct ts_trace *ts_piece_traces(const struct ts_piece *piece, size_t *ret_n);
void ts_piece_free(struct ts_piece *piece); /* NULL is fine */

/* What of spans is read, and in which order those of one trace come: as they began, and what began in one microsecond */
enum ts_query_shape {
	TS_SPANS_WHOLE, /* all columns; ... by id */
	TS_SPANS_NESTED, /* all columns; ... the longest first, so that what lies in it comes behind */
	TS_SPANS_SHAPE, /* ids, span_name, started_us, duration_ms and cost_nano_usd alone; ... by id */
};

/* It lives until this returns; non-zero ends the reading and is its result. */
typedef int ts_query_span_fn(void *context, const struct ts_span *span);

/* The spans of a piece's traces, trace by trace in the piece's order. 0, or what `take` answered. */
int ts_query_spans(struct ts_query *query, const struct ts_piece *piece, enum ts_query_shape shape,
		   ts_query_span_fn *take, void *context, struct ts_error *err);

/* Processes, newest first. */
struct ts_runs;

/* Those that lived at `since_us` (0: whenever) or later, at most `limit`. 0, or a negative errno; the runs are
 * the caller's. */
int ts_query_runs(struct ts_query *query, int64_t since_us, size_t limit, struct ts_runs **ret,
		  struct ts_error *err);
/* The process of that id, or none. */
int ts_query_run_of(struct ts_query *query, const struct ts_uuid *id, struct ts_runs **ret,
		    struct ts_error *err);
const struct ts_run *ts_runs_all(const struct ts_runs *runs, size_t *ret_n);
bool ts_runs_more(const struct ts_runs *runs); /* there are more than the limit */
void ts_runs_free(struct ts_runs *runs);       /* NULL is fine */

/* Names in alphabetical order. */
struct ts_names;

/* Of all pipelines that have traces. 0, or a negative errno; the names are the caller's. */
int ts_query_pipelines(struct ts_query *query, struct ts_names **ret, struct ts_error *err);
const char *const *ts_names_all(const struct ts_names *names, size_t *ret_n);
void ts_names_free(struct ts_names *names); /* NULL is fine */

/* Calls of language models that tell of tokens, as ts_cost_table has them. */
struct ts_llm_page;

/*
 * The next `limit` of those of traces that started at `since_us` (0: whenever) or later, behind `after` (NULL: from the
 * first) in the order of their keys; fewer where there are no more. 0, or a negative errno; the page is the caller's, and
 * may be changed.
 */
int ts_query_llm(struct ts_query *query, int64_t since_us, const struct ts_span *after,
		 size_t limit, struct ts_llm_page **ret, struct ts_error *err);
struct ts_span *ts_llm_page_spans(struct ts_llm_page *page, size_t *ret_n);
void ts_llm_page_free(struct ts_llm_page *page); /* NULL is fine */

/* One trace and its spans in start order. */
struct ts_story;

/*
 * The trace whose id begins with `prefix` (hex digits, dashes anywhere), or the newest for "last".
 * -EINVAL: prefix is no such thing; -ENOENT: there is none; -ENOTUNIQ: several, err names some.
 */
int ts_query_find(struct ts_query *query, const char *prefix, struct ts_story **ret,
		  struct ts_error *err);
const struct ts_trace *ts_story_trace(const struct ts_story *story);
const struct ts_span *ts_story_spans(const struct ts_story *story, size_t *ret_n);
void ts_story_free(struct ts_story *story); /* NULL is fine */

#endif
