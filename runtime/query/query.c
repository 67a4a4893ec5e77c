// SPDX-License-Identifier: Apache-2.0
/*
 * Every statement is index work however much is stored: ids are UUID v7, so the newest traces are
 * the end of the key, and what needs another table is asked only for the rows that are answered.
 * A store may be in parts by started_at, of which many are slow even to look into: so what is looked for is looked for
 * where its time says, and everywhere only if it is not there.
 */
#include "impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../moment.h"
#include "row.h"
#include "../uuid.h"

#define MIN_DIGITS     8
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

int ts_query_run(struct ts_query *query, const struct ts_statement *statement, ts_row_fn *row,
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

struct ts_uuid ts_query_first_id_at(int64_t us)
{
	int64_t ms = us > CLOCK_SLACK_US ? (us - CLOCK_SLACK_US) / US_PER_MS : 0;
	struct ts_uuid uuid = {{0}};

	for (int i = 0; i < 6; i++)
		uuid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	return uuid;
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

int64_t ts_query_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* " AND TABLE.started_at >= $n", where the filter says since when. */
static void add_since(struct ts_statement *statement, const struct ts_query_filter *filter,
		      const char *table, const struct ts_moment_text *since)
{
	if (filter->has_since)
		ts_statement_add(statement, " AND %s.started_at >= $%zu", table,
				 ts_statement_param(statement, ts_cell_text(since->text)));
}

static int list(struct ts_query *query, const struct ts_query_filter *filter,
		struct ts_listing **ret, struct ts_error *err)
{
	struct ts_listing *listing = calloc(1, sizeof(*listing));
	struct ts_statement statement = {.bytes = 0};
	struct ts_filter_text texts;
	struct ts_moment_text since = ts_moment_format(filter->since_us);
	struct ts_moment_text before = ts_moment_format(filter->since_us - TS_QUERY_DAY_US);
	int result;

	if (!listing)
		return ts_error_set(err, -ENOMEM, "out of memory");
	listing->digits = MIN_DIGITS;
	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, &ts_trace_table, filter->with_payload);
	ts_statement_add(
		&statement,
		", (SELECT count(*) FROM pipeline_spans s WHERE s.trace_id = t.trace_id),"
		" (SELECT o.trace_id FROM pipeline_traces o WHERE o.trace_id < t.trace_id");
	add_since(&statement, filter, "o", &before);
	ts_statement_add(
		&statement,
		" ORDER BY o.trace_id DESC LIMIT 1),"
		" (SELECT o.trace_id FROM pipeline_traces o WHERE o.trace_id > t.trace_id");
	add_since(&statement, filter, "o", &before);
	ts_statement_add(&statement, " ORDER BY o.trace_id LIMIT 1)"
				     " FROM (SELECT trace_id AS id FROM pipeline_traces");
	ts_query_add_filter(&statement, filter, &texts);
	ts_query_add_period(&statement, filter, &texts);
	ts_statement_add(&statement,
			 " ORDER BY trace_id DESC LIMIT $%zu) AS k JOIN pipeline_traces t ON "
			 "t.trace_id = k.id",
			 ts_statement_param(&statement, ts_cell_integer((int64_t)filter->limit)));
	add_since(&statement, filter, "t", &since);
	ts_statement_add(&statement, " ORDER BY t.trace_id DESC");
	result =
		ts_query_row_error(ts_query_run(query, &statement, take_listed, listing, err), err);
	if (result < 0) {
		ts_listing_free(listing);
		return result;
	}
	*ret = listing;
	return 0;
}

/* The same of the last days, unless the filter says itself since when. */
static struct ts_query_filter recent_of(const struct ts_query_filter *filter)
{
	struct ts_query_filter recent = *filter;

	if (!filter->has_since)
		recent.since_us = ts_query_now_us() - TS_QUERY_RECENT_US;
	recent.has_since = true;
	return recent;
}

int ts_query_list(struct ts_query *query, const struct ts_query_filter *filter,
		  struct ts_listing **ret, struct ts_error *err)
{
	struct ts_query_filter recent = recent_of(filter);
	int result = list(query, &recent, ret, err);

	if (result < 0 || filter->has_since || (*ret)->n == filter->limit)
		return result;
	ts_listing_free(*ret);
	return list(query, filter, ret, err);
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

struct neighbours {
	struct ts_uuid id;
	size_t digits;
};

static int take_neighbour(void *context, const struct ts_cell *cells, size_t n)
{
	struct neighbours *neighbours = context;
	size_t digits;

	(void)n;
	if (cells[0].type != TS_CELL_UUID)
		return -EPROTO;
	digits = common_digits(&neighbours->id, &cells[0].uuid) + 1;
	if (digits > neighbours->digits)
		neighbours->digits = digits;
	return 0;
}

/* The stored id next to it, `before` or behind; of another day none begins alike. */
static int ask_neighbour(struct ts_query *query, struct neighbours *neighbours, bool before,
			 struct ts_error *err)
{
	int64_t at = ts_query_time_of(&neighbours->id);
	struct ts_moment_text from = ts_moment_format(at - TS_QUERY_DAY_US);
	struct ts_moment_text to = ts_moment_format(at + TS_QUERY_DAY_US);
	struct ts_statement statement = {.bytes = 0};

	ts_statement_add(&statement, "SELECT trace_id FROM pipeline_traces WHERE trace_id %s $%zu",
			 before ? "<" : ">",
			 ts_statement_param(&statement, ts_cell_uuid(neighbours->id)));
	ts_statement_add(&statement, " AND started_at >= $%zu",
			 ts_statement_param(&statement, ts_cell_text(from.text)));
	ts_statement_add(&statement, " AND started_at <= $%zu ORDER BY trace_id %s LIMIT 1",
			 ts_statement_param(&statement, ts_cell_text(to.text)),
			 before ? "DESC" : "ASC");
	return ts_query_row_error(ts_query_run(query, &statement, take_neighbour, neighbours, err),
				  err);
}

int ts_query_digits(struct ts_query *query, const struct ts_uuid *ids, size_t n, size_t *ret,
		    struct ts_error *err)
{
	struct neighbours neighbours = {.digits = MIN_DIGITS};
	int result = 0;

	for (size_t i = 0; result == 0 && i < n; i++) {
		neighbours.id = ids[i];
		result = ask_neighbour(query, &neighbours, true, err);
		if (result == 0)
			result = ask_neighbour(query, &neighbours, false, err);
	}
	*ret = neighbours.digits;
	return result;
}

static int take_count(void *context, const struct ts_cell *cells, size_t n)
{
	int64_t *count = context;

	(void)n;
	*count = cells[0].integer;
	return 0;
}

static int count_up_to(struct ts_query *query, const struct ts_query_filter *filter, size_t most,
		       size_t *ret, struct ts_error *err)
{
	struct ts_statement statement = {.bytes = 0};
	struct ts_filter_text texts;
	int64_t count = 0;
	int result;

	ts_statement_add(&statement, "SELECT count(*) FROM (SELECT 1 FROM pipeline_traces");
	ts_query_add_filter(&statement, filter, &texts);
	ts_query_add_period(&statement, filter, &texts);
	ts_statement_add(&statement, " ORDER BY trace_id DESC LIMIT $%zu) AS counted",
			 ts_statement_param(&statement, ts_cell_integer((int64_t)most)));
	result = ts_query_run(query, &statement, take_count, &count, err);
	*ret = (size_t)count;
	return result;
}

int ts_query_more(struct ts_query *query, const struct ts_query_filter *filter, size_t most,
		  size_t *ret, struct ts_error *err)
{
	struct ts_query_filter recent = recent_of(filter);
	size_t count, all = filter->limit + most;
	int result = count_up_to(query, &recent, all, &count, err);

	if (result == 0 && count < all && !filter->has_since)
		result = count_up_to(query, filter, all, &count, err);
	if (result < 0)
		return result;
	*ret = count > filter->limit ? count - filter->limit : 0;
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
	result = ts_query_row_error(ts_query_run(query, &statement, take_name, names, err), err);
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
