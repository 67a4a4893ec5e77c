// SPDX-License-Identifier: Apache-2.0
/*
 * Every statement is index work however much is stored: ids are UUID v7, so the newest traces are
 * the end of the key, and what needs another table is asked only for the rows that are answered.
 */
#include "query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"
#include "query_impl.h"
#include "row.h"
#include "uuid.h"

#define MIN_DIGITS     8
#define AMBIGUOUS      5          /* candidates that an ambiguous prefix names */
#define CLOCK_SLACK_US 60000000LL /* an id's time may differ so much from its trace's start */
#define US_PER_MS      1000

struct ts_query {
	const struct ts_source *source;
	struct ts_source_handle *handle;
};

int ts_query_new(struct ts_query **ret, const struct ts_source *source, const char *url,
		 const char *tenant, struct ts_error *err)
{
	struct ts_query *query = calloc(1, sizeof(*query));
	int result;

	if (!query)
		return ts_error_set(err, -ENOMEM, "out of memory");
	query->source = source;
	result = source->open(&query->handle, url, tenant, err);
	if (result < 0) {
		free(query);
		return result;
	}
	*ret = query;
	return 0;
}

void ts_query_free(struct ts_query *query)
{
	if (!query)
		return;
	query->source->close(query->handle);
	free(query);
}

int ts_query_select(struct ts_query *query, const struct ts_statement *statement, ts_row_fn *row,
		    void *context, struct ts_error *err)
{
	return query->source->select(query->handle, statement->sql, statement->params,
				     statement->n_params, row, context, err);
}

void *ts_query_push(void *array_of_pointer, size_t *n, size_t size)
{
	char **array = array_of_pointer;

	/* A power of two is full. */
	if (!(*n & (*n - 1))) {
		char *more = reallocarray(*array, *n ? *n * 2 : 1, size);

		if (!more)
			return NULL;
		*array = more;
	}
	return memset(*array + (*n)++ * size, 0, size);
}

int ts_query_row_error(int result, struct ts_error *err)
{
	if (result == -ENOMEM)
		return ts_error_set(err, result, "out of memory");
	if (result == -EPROTO)
		return ts_error_set(err, result,
				    "the store holds a row that traceshim did not write");
	return result;
}

/* --- list -------------------------------------------------------------------------------- */

struct ts_listing {
	struct ts_pool pool;
	struct ts_listed *traces;
	size_t n;
	size_t digits;
};

/* The first id that a trace started at `us` can have. */
static struct ts_uuid first_id_at(int64_t us)
{
	int64_t ms = us > CLOCK_SLACK_US ? (us - CLOCK_SLACK_US) / US_PER_MS : 0;
	struct ts_uuid uuid = {{0}};

	for (int i = 0; i < 6; i++)
		uuid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	return uuid;
}

static void add_user(struct ts_statement *statement, const char *user)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(user, &end, 10);
	ts_statement_add(statement, " AND (user_id = $%zu",
			 ts_statement_param(statement, ts_cell_text(user)));
	if (end != user && !*end && !errno)
		ts_statement_add(statement, " OR telegram_id = $%zu",
				 ts_statement_param(statement, ts_cell_integer(number)));
	ts_statement_add(statement, ")");
}

/* `since` keeps the text that a parameter points to. */
static void add_filter(struct ts_statement *statement, const struct ts_query_filter *filter,
		       struct ts_moment_text *since)
{
	ts_statement_add(statement, " WHERE 1 = 1");
	if (filter->pipeline)
		ts_statement_add(statement, " AND pipeline_name = $%zu",
				 ts_statement_param(statement, ts_cell_text(filter->pipeline)));
	if (filter->failed)
		ts_statement_add(statement, " AND NOT success");
	if (filter->has_since) {
		*since = ts_moment_format(filter->since_us);
		ts_statement_add(
			statement, " AND trace_id >= $%zu",
			ts_statement_param(statement, ts_cell_uuid(first_id_at(filter->since_us))));
		ts_statement_add(statement, " AND started_at >= $%zu",
				 ts_statement_param(statement, ts_cell_text(since->text)));
	}
	if (filter->user)
		add_user(statement, filter->user);
}

static size_t common_digits(const struct ts_uuid *a, const struct ts_uuid *b)
{
	size_t n = 0;

	while (n < 16 && a->bytes[n] == b->bytes[n])
		n++;
	if (n == 16)
		return 32;
	return 2 * n + (a->bytes[n] >> 4 == b->bytes[n] >> 4);
}

static int take_listed(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_listing *listing = context;
	struct ts_listed *listed = ts_query_push(&listing->traces, &listing->n, sizeof(*listed));
	const struct ts_cell *rest = cells + ts_trace_table.n_columns;
	int result;

	if (!listed)
		return -ENOMEM;
	result = ts_row_read(&listed->trace, &ts_trace_table, &listing->pool, cells);
	if (result < 0)
		return result;
	listed->span_count = rest[0].integer;
	/* The ids next to this one in the whole store: what its short form must not match. */
	for (size_t i = ts_trace_table.n_columns + 1; i < n; i++) {
		size_t digits;

		if (cells[i].type != TS_CELL_UUID)
			continue;
		digits = common_digits(&listed->trace.trace_id, &cells[i].uuid) + 1;
		if (digits > listing->digits)
			listing->digits = digits;
	}
	return 0;
}

int ts_query_list(struct ts_query *query, const struct ts_query_filter *filter,
		  struct ts_listing **ret, struct ts_error *err)
{
	struct ts_listing *listing = calloc(1, sizeof(*listing));
	struct ts_statement statement = {.bytes = 0};
	struct ts_moment_text since;
	int result;

	if (!listing)
		return ts_error_set(err, -ENOMEM, "out of memory");
	listing->digits = MIN_DIGITS;
	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, &ts_trace_table, filter->with_payload);
	ts_statement_add(&statement,
			 ", (SELECT count(*) FROM pipeline_spans s WHERE s.trace_id = t.trace_id),"
			 " (SELECT o.trace_id FROM pipeline_traces o WHERE o.trace_id < t.trace_id"
			 "  ORDER BY o.trace_id DESC LIMIT 1),"
			 " (SELECT o.trace_id FROM pipeline_traces o WHERE o.trace_id > t.trace_id"
			 "  ORDER BY o.trace_id LIMIT 1)"
			 " FROM (SELECT trace_id AS id FROM pipeline_traces");
	add_filter(&statement, filter, &since);
	ts_statement_add(&statement,
			 " ORDER BY trace_id DESC LIMIT $%zu) AS k JOIN pipeline_traces t ON "
			 "t.trace_id = k.id"
			 " ORDER BY t.trace_id DESC",
			 ts_statement_param(&statement, ts_cell_integer((int64_t)filter->limit)));
	result = ts_query_row_error(ts_query_select(query, &statement, take_listed, listing, err),
				    err);
	if (result < 0) {
		ts_listing_free(listing);
		return result;
	}
	*ret = listing;
	return 0;
}

size_t ts_listing_count(const struct ts_listing *listing)
{
	return listing->n;
}

const struct ts_listed *ts_listing_at(const struct ts_listing *listing, size_t index)
{
	return &listing->traces[index];
}

size_t ts_listing_digits(const struct ts_listing *listing)
{
	return listing->digits;
}

void ts_listing_free(struct ts_listing *listing)
{
	if (!listing)
		return;
	ts_pool_release(&listing->pool);
	free(listing->traces);
	free(listing);
}

static int take_count(void *context, const struct ts_cell *cells, size_t n)
{
	int64_t *count = context;

	(void)n;
	*count = cells[0].integer;
	return 0;
}

int ts_query_more(struct ts_query *query, const struct ts_query_filter *filter, size_t most,
		  size_t *ret, struct ts_error *err)
{
	struct ts_statement statement = {.bytes = 0};
	struct ts_moment_text since;
	int64_t count = 0;
	int result;

	ts_statement_add(&statement, "SELECT count(*) FROM (SELECT 1 FROM pipeline_traces");
	add_filter(&statement, filter, &since);
	ts_statement_add(
		&statement, " ORDER BY trace_id DESC LIMIT $%zu) AS counted",
		ts_statement_param(&statement, ts_cell_integer((int64_t)(filter->limit + most))));
	result = ts_query_select(query, &statement, take_count, &count, err);
	if (result < 0)
		return result;
	*ret = (size_t)count > filter->limit ? (size_t)count - filter->limit : 0;
	return 0;
}

/* --- names ------------------------------------------------------------------------------- */

struct ts_names {
	struct ts_pool pool;
	const char **all;
	size_t n;
};

static int take_name(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_names *names = context;
	const char **name = ts_query_push(&names->all, &names->n, sizeof(*name));

	(void)n;
	if (name)
		*name = ts_pool_strndup(&names->pool, cells[0].text, strlen(cells[0].text));
	return name && *name ? 0 : -ENOMEM;
}

int ts_query_pipelines(struct ts_query *query, struct ts_names **ret, struct ts_error *err)
{
	/* From name to name in the index: SELECT DISTINCT would read all of it. */
	static const struct ts_statement statement = {
		.sql = "WITH RECURSIVE names(name) AS (SELECT min(pipeline_name) FROM "
		       "pipeline_traces"
		       " UNION ALL SELECT (SELECT min(pipeline_name) FROM pipeline_traces"
		       "  WHERE pipeline_name > names.name) FROM names WHERE names.name IS NOT "
		       "NULL)"
		       " SELECT name FROM names WHERE name IS NOT NULL ORDER BY name",
	};
	struct ts_names *names = calloc(1, sizeof(*names));
	int result;

	if (!names)
		return ts_error_set(err, -ENOMEM, "out of memory");
	result = ts_query_row_error(ts_query_select(query, &statement, take_name, names, err), err);
	if (result < 0) {
		ts_names_free(names);
		return result;
	}
	*ret = names;
	return 0;
}

const char *const *ts_names_all(const struct ts_names *names, size_t *ret_n)
{
	*ret_n = names->n;
	return names->all;
}

void ts_names_free(struct ts_names *names)
{
	if (!names)
		return;
	ts_pool_release(&names->pool);
	free(names->all);
	free(names);
}

/* --- one trace --------------------------------------------------------------------------- */

struct ts_story {
	struct ts_pool pool;
	struct ts_trace trace;
	struct ts_span *spans;
	size_t n;
};

struct candidates {
	struct ts_uuid ids[AMBIGUOUS];
	size_t n;
};

static int take_candidate(void *context, const struct ts_cell *cells, size_t n)
{
	struct candidates *candidates = context;

	(void)n;
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

static int resolve(struct ts_query *query, const char *prefix, struct ts_uuid *ret,
		   struct ts_error *err)
{
	struct ts_statement statement = {.bytes = 0};
	struct candidates found = {.n = 0};
	struct ts_uuid low, high;
	bool last = !strcmp(prefix, "last");
	int result;

	if (!last && ts_uuid_prefix_range(prefix, &low, &high) < 0)
		return ts_error_set(err, -EINVAL,
				    "%s is neither the beginning of a trace's id nor 'last'",
				    prefix);
	ts_statement_add(&statement, "SELECT trace_id FROM pipeline_traces");
	if (!last) {
		ts_statement_add(&statement, " WHERE trace_id >= $%zu",
				 ts_statement_param(&statement, ts_cell_uuid(low)));
		ts_statement_add(&statement, " AND trace_id <= $%zu",
				 ts_statement_param(&statement, ts_cell_uuid(high)));
	}
	ts_statement_add(&statement, " ORDER BY trace_id DESC LIMIT %d", last ? 1 : AMBIGUOUS);
	result = ts_query_select(query, &statement, take_candidate, &found, err);
	if (result < 0)
		return result;
	if (!found.n && last)
		return ts_error_set(err, -ENOENT, "no trace is stored yet");
	if (!found.n)
		return ts_error_set(err, -ENOENT, "no trace begins with %s", prefix);
	if (found.n > 1)
		return refuse_ambiguous(prefix, &found, err);
	*ret = found.ids[0];
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

int ts_query_find(struct ts_query *query, const char *prefix, struct ts_story **ret,
		  struct ts_error *err)
{
	struct ts_statement trace = {.n_params = 1};
	struct ts_statement spans = {.n_params = 1};
	struct ts_story *story;
	struct ts_uuid id;
	int result = resolve(query, prefix, &id, err);

	if (result < 0)
		return result;
	story = calloc(1, sizeof(*story));
	if (!story)
		return ts_error_set(err, -ENOMEM, "out of memory");
	trace.params[0] = spans.params[0] = ts_cell_uuid(id);
	ts_statement_add(&trace, "SELECT ");
	ts_statement_add_columns(&trace, &ts_trace_table, true);
	ts_statement_add(&trace, " FROM pipeline_traces WHERE trace_id = $1");
	ts_statement_add(&spans, "SELECT ");
	ts_statement_add_columns(&spans, &ts_span_table, true);
	ts_statement_add(&spans, " FROM pipeline_spans WHERE trace_id = $1"
				 " ORDER BY started_at, span_id");
	result = ts_query_select(query, &trace, take_trace, story, err);
	if (!result)
		result = ts_query_select(query, &spans, take_span, story, err);
	if (result < 0) {
		ts_story_free(story);
		return ts_query_row_error(result, err);
	}
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
