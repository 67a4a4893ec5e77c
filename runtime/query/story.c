// SPDX-License-Identifier: Apache-2.0
/* One trace: which one is meant, and all of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../moment.h"
#include "impl.h"
#include "row.h"
#include "../uuid.h"

#define AMBIGUOUS 5 /* candidates that an ambiguous prefix names */
#define US_PER_MS 1000

struct ts_story {
	struct ts_pool pool;
	struct ts_trace trace;
	struct ts_span *spans;
	size_t n;
};

struct candidates {
	struct ts_uuid ids[AMBIGUOUS];
	int64_t started_us; /* of the first */
	size_t n;
};

static int take_candidate(void *context, const struct ts_cell *cells, size_t n)
{
	struct candidates *candidates = context;

	(void)n;
	if (cells[1].type != TS_CELL_TEXT ||
	    (!candidates->n && ts_moment_parse(cells[1].text, &candidates->started_us) < 0))
		return -EPROTO;
	candidates->ids[candidates->n++] = cells[0].uuid;
	return 0;
}

static int refuse_ambiguous(const char *prefix, const struct candidates *candidates,
			    struct ts_error *err)
{
	char names[AMBIGUOUS * 40] = "";

	for (size_t i = 0; i < candidates->n; i++) {
		char text[TS_UUID_TEXT];

		ts_uuid_format(&candidates->ids[i], text);
		strcat(strcat(names, i ? ", " : ""), text);
	}
	return ts_error_set(err, -ENOTUNIQ, "%s is the beginning of several traces: %s%s", prefix,
			    names, candidates->n == AMBIGUOUS ? ", ..." : "");
}

int64_t ts_query_time_of(const struct ts_uuid *id)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->bytes[i];
	return ms < INT64_MAX / US_PER_MS - TS_QUERY_DAY_US ? ms * US_PER_MS
							    : TS_MOMENT_LAST_US - TS_QUERY_DAY_US;
}

/* The newest with an id from `low` to `high`; `dated`: that began within a day of what the ids say. */
static int find_candidates(struct ts_query *query, const struct ts_uuid *low,
			   const struct ts_uuid *high, size_t most, bool dated,
			   struct candidates *ret, struct ts_error *err)
{
	struct ts_statement statement = {.bytes = 0};
	struct ts_moment_text from = ts_moment_format(ts_query_time_of(low) - TS_QUERY_DAY_US);
	struct ts_moment_text to = ts_moment_format(ts_query_time_of(high) + TS_QUERY_DAY_US);

	ts_statement_add(&statement, "SELECT trace_id, started_at FROM pipeline_traces"
				     " WHERE trace_id >= $1 AND trace_id <= $2");
	ts_statement_param(&statement, ts_cell_uuid(*low));
	ts_statement_param(&statement, ts_cell_uuid(*high));
	if (dated) {
		ts_statement_add(&statement, " AND started_at >= $3 AND started_at <= $4");
		ts_statement_param(&statement, ts_cell_text(from.text));
		ts_statement_param(&statement, ts_cell_text(to.text));
	}
	ts_statement_add(&statement, " ORDER BY trace_id DESC LIMIT %zu", most);
	return ts_query_row_error(ts_query_run(query, &statement, take_candidate, ret, err), err);
}

/* By its prefix, or the "last"; where its time says, else anywhere. */
static int look_for(struct ts_query *query, const char *prefix, struct candidates *ret,
		    struct ts_error *err)
{
	static const struct ts_uuid lowest;
	bool last = !strcmp(prefix, "last");
	struct ts_uuid low, high;
	int result;

	if (last) {
		low = ts_query_first_id_at(ts_query_now_us() -
					   TS_QUERY_RECENT_DAYS * TS_QUERY_DAY_US);
		memset(high.bytes, 0xff, sizeof(high.bytes));
	} else if (ts_uuid_prefix_range(prefix, &low, &high) < 0) {
		return ts_error_set(err, -EINVAL,
				    "%s is neither the beginning of a trace's id nor 'last'",
				    prefix);
	}
	result = find_candidates(query, &low, &high, last ? 1 : AMBIGUOUS, true, ret, err);
	if (result == 0 && !ret->n)
		result = find_candidates(query, last ? &lowest : &low, &high, last ? 1 : AMBIGUOUS,
					 false, ret, err);
	return result;
}

static int resolve(struct ts_query *query, const char *prefix, struct candidates *ret,
		   struct ts_error *err)
{
	int result = look_for(query, prefix, ret, err);

	if (result < 0)
		return result;
	if (!ret->n && !strcmp(prefix, "last"))
		return ts_error_set(err, -ENOENT, "no trace is stored yet");
	if (!ret->n)
		return ts_error_set(err, -ENOENT, "no trace begins with %s", prefix);
	if (ret->n > 1)
		return refuse_ambiguous(prefix, ret, err);
	return 0;
}

static int take_trace(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_story *story = context;

	(void)n;
	return ts_row_read(&story->trace, &ts_trace_table, &story->pool, cells);
}

static int take_span(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_story *story = context;
	struct ts_span *span = ts_query_push(&story->spans, &story->n, sizeof(*span));

	(void)n;
	return span ? ts_row_read(span, &ts_span_table, &story->pool, cells) : -ENOMEM;
}

/* Sorted here: a store would write what it sorts, with all that was captured, to temporary files. */
static int compare_starts(const void *a, const void *b)
{
	const struct ts_span *x = a, *y = b;

	if (x->started_us != y->started_us)
		return x->started_us < y->started_us ? -1 : 1;
	return memcmp(&x->span_id, &y->span_id, sizeof(x->span_id));
}

int ts_query_find(struct ts_query *query, const char *prefix, struct ts_story **ret,
		  struct ts_error *err)
{
	struct ts_statement trace = {.n_params = 2};
	struct ts_statement spans = {.n_params = 2};
	struct candidates found = {.n = 0};
	struct ts_moment_text started, before;
	struct ts_story *story;
	int result = resolve(query, prefix, &found, err);

	if (result < 0)
		return result;
	story = calloc(1, sizeof(*story));
	if (!story)
		return ts_error_set(err, -ENOMEM, "out of memory");
	started = ts_moment_format(found.started_us);
	trace.params[0] = spans.params[0] = ts_cell_uuid(found.ids[0]);
	trace.params[1] = ts_cell_text(started.text);
	/* a daemon that it started may add to it weeks later, nobody a day before */
	before = ts_moment_format(found.started_us - TS_QUERY_DAY_US);
	spans.params[1] = ts_cell_text(before.text);
	ts_statement_add(&trace, "SELECT ");
	ts_statement_add_columns(&trace, &ts_trace_table, true);
	ts_statement_add(&trace, " FROM pipeline_traces WHERE trace_id = $1 AND started_at = $2");
	ts_statement_add(&spans, "SELECT ");
	ts_statement_add_columns(&spans, &ts_span_table, true);
	ts_statement_add(&spans, " FROM pipeline_spans WHERE trace_id = $1 AND started_at >= $2");
	result = ts_query_run(query, &trace, take_trace, story, err);
	if (!result)
		result = ts_query_run(query, &spans, take_span, story, err);
	if (result < 0) {
		ts_story_free(story);
		return ts_query_row_error(result, err);
	}
	if (story->n)
		qsort(story->spans, story->n, sizeof(story->spans[0]), compare_starts);
	*ret = story;
	return 0;
}

const struct ts_trace *ts_story_trace(const struct ts_story *story)
{
	return &story->trace;
}

const struct ts_span *ts_story_spans(const struct ts_story *story, size_t *ret_n)
{
	*ret_n = story->n;
	return story->spans;
}

void ts_story_free(struct ts_story *story)
{
	if (!story)
		return;
	ts_pool_release(&story->pool);
	free(story->spans);
	free(story);
}
