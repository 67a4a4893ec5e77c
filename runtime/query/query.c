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
#define MORE_DAYS      4 /* times as many, if those were not enough */
#define MOST_DAYS      30

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

bool ts_query_in_parts(const struct ts_query *query)
{
	return query->source->in_parts;
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

static void tell_apart(struct ts_listing *listing, const struct ts_uuid *a, const struct ts_uuid *b)
{
	size_t digits = common_digits(a, b) + 1;

	if (digits > listing->digits)
		listing->digits = digits;
}

static int take_listed(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_listing *listing = context;
	struct ts_listed *listed = ts_query_push(&listing->traces, &listing->n, sizeof(*listed));
	const struct ts_cell *rest = cells + ts_trace_table.n_columns;
	const struct ts_uuid *id;
	int result;

	if (!listed)
		return -ENOMEM;
	result = ts_row_read(&listed->trace, &ts_trace_table, &listing->pool, cells);
	if (result < 0)
		return result;
	listed->span_count = rest[0].integer;
	id = &listed->trace.trace_id;
	/* The ids next to this one in the whole store: what its short form must not match. */
	if (listing->n > 1)
		tell_apart(listing, id, &listed[-1].trace.trace_id);
	for (size_t i = ts_trace_table.n_columns + 1; i < n; i++)
		if (cells[i].type == TS_CELL_UUID)
			tell_apart(listing, id, &cells[i].uuid);
	return 0;
}

int64_t ts_query_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* The same of the last `days`, unless the filter says itself since when. */
static struct ts_query_filter recent_of(const struct ts_query_filter *filter, int days)
{
	struct ts_query_filter recent = *filter;

	if (!filter->has_since)
		recent.since_us = ts_query_now_us() - days * TS_QUERY_DAY_US;
	recent.has_since = true;
	return recent;
}

/* Which traces are asked for: from where to where they lie. */
struct keys {
	struct ts_uuid low, high;
	int64_t from_us, to_us;
	size_t n;
};

static int take_key(void *context, const struct ts_cell *cells, size_t n)
{
	struct keys *keys = context;
	int64_t us;

	(void)n;
	if (cells[0].type != TS_CELL_UUID || cells[1].type != TS_CELL_TEXT ||
	    ts_moment_parse(cells[1].text, &us) < 0)
		return -EPROTO;
	if (!keys->n++) {
		keys->high = cells[0].uuid;
		keys->from_us = keys->to_us = us;
	}
	keys->low = cells[0].uuid;
	keys->from_us = us < keys->from_us ? us : keys->from_us;
	keys->to_us = us > keys->to_us ? us : keys->to_us;
	return 0;
}

static int find_in(struct ts_query *query, const struct ts_query_filter *filter, size_t most,
		   struct keys *ret, struct ts_error *err)
{
	struct ts_statement statement = {.bytes = 0};
	struct ts_filter_text texts;

	*ret = (struct keys){.n = 0};
	ts_statement_add(&statement, "SELECT trace_id, started_at FROM pipeline_traces");
	ts_query_add_filter(&statement, filter, &texts);
	ts_query_add_period(&statement, filter, &texts);
	ts_statement_add(&statement, " ORDER BY trace_id DESC LIMIT $%zu",
			 ts_statement_param(&statement, ts_cell_integer((int64_t)most)));
	return ts_query_row_error(ts_query_run(query, &statement, take_key, ret, err), err);
}

/* The newest, `most` of them: of the last days, if those are enough. */
static int find_keys(struct ts_query *query, const struct ts_query_filter *filter, size_t most,
		     struct keys *ret, struct ts_error *err)
{
	struct ts_query_filter recent = recent_of(filter, TS_QUERY_RECENT_DAYS);
	int result = find_in(query, &recent, most, ret, err);

	if (result < 0 || filter->has_since || ret->n == most)
		return result;
	return find_in(query, filter, most, ret, err);
}

enum bound { LOW, HIGH, FROM, TO, DAY_BEFORE, DAY_AFTER, BOUNDS };

/* Where those lie, for whichever part of the statement. */
struct bounds {
	const struct keys *keys;
	struct ts_moment_text texts[BOUNDS];
	size_t numbers[BOUNDS]; /* of its parameter; 0: not needed yet */
};

static struct ts_cell cell_of(struct bounds *bounds, enum bound which)
{
	const struct keys *keys = bounds->keys;
	const int64_t moments[BOUNDS] = {
		[FROM] = keys->from_us,
		[TO] = keys->to_us,
		[DAY_BEFORE] = keys->from_us - TS_QUERY_DAY_US,
		[DAY_AFTER] = keys->to_us + TS_QUERY_DAY_US,
	};

	if (which == LOW || which == HIGH)
		return ts_cell_uuid(which == LOW ? keys->low : keys->high);
	bounds->texts[which] = ts_moment_format(moments[which]);
	return ts_cell_text(bounds->texts[which].text);
}

/* " AND COLUMN >= $n" */
static void add_bound(struct ts_statement *statement, const char *column, const char *comparison,
		      struct bounds *bounds, enum bound which)
{
	if (!bounds->numbers[which])
		bounds->numbers[which] = ts_statement_param(statement, cell_of(bounds, which));
	ts_statement_add(statement, " AND %s %s $%zu", column, comparison, bounds->numbers[which]);
}

/* Ids that are a day apart share no eight digits. */
static void add_neighbour(struct ts_statement *statement, struct bounds *bounds, bool older)
{
	ts_statement_add(statement,
			 ", (SELECT o.trace_id FROM pipeline_traces o"
			 " WHERE o.trace_id %s t.trace_id",
			 older ? "<" : ">");
	add_bound(statement, "o.started_at", ">=", bounds, DAY_BEFORE);
	add_bound(statement, "o.started_at", "<=", bounds, DAY_AFTER);
	ts_statement_add(statement, " ORDER BY o.trace_id%s LIMIT 1)", older ? " DESC" : "");
}

static void add_listed_columns(struct ts_statement *statement, const struct ts_query_filter *filter,
			       bool in_parts, bool whole, struct bounds *bounds)
{
	ts_statement_add_columns(statement, &ts_trace_table, filter->with_payload);
	ts_statement_add(statement, ", (SELECT count(*) FROM pipeline_spans s"
				    " WHERE s.trace_id = t.trace_id");
	/* no span starts a day before its trace; many start long after it */
	if (in_parts)
		add_bound(statement, "s.started_at", ">=", bounds, DAY_BEFORE);
	ts_statement_add(statement, ")");
	if (whole)
		return;
	add_neighbour(statement, bounds, true);
	add_neighbour(statement, bounds, false);
}

/* The ids first, then what needs more than an index, of those that are answered. */
static int read_listed(struct ts_query *query, const struct ts_query_filter *filter, bool whole,
		       const struct keys *keys, struct ts_listing *listing, struct ts_error *err)
{
	struct ts_statement statement = {.bytes = 0};
	struct bounds bounds = {.keys = keys};
	struct ts_filter_text texts;

	ts_statement_add(&statement, "SELECT ");
	add_listed_columns(&statement, filter, query->source->in_parts, whole, &bounds);
	ts_statement_add(&statement,
			 " FROM (SELECT trace_id AS id, started_at AS at FROM pipeline_traces");
	ts_query_add_filter(&statement, filter, &texts);
	add_bound(&statement, "trace_id", ">=", &bounds, LOW);
	add_bound(&statement, "trace_id", "<=", &bounds, HIGH);
	add_bound(&statement, "started_at", ">=", &bounds, FROM);
	add_bound(&statement, "started_at", "<=", &bounds, TO);
	ts_statement_add(&statement,
			 " ORDER BY trace_id DESC LIMIT $%zu) AS k JOIN pipeline_traces t"
			 " ON t.trace_id = k.id AND t.started_at = k.at",
			 ts_statement_param(&statement, ts_cell_integer((int64_t)keys->n)));
	add_bound(&statement, "t.started_at", ">=", &bounds, FROM);
	add_bound(&statement, "t.started_at", "<=", &bounds, TO);
	ts_statement_add(&statement, " ORDER BY t.trace_id DESC");
	return ts_query_row_error(ts_query_run(query, &statement, take_listed, listing, err), err);
}

int ts_query_list(struct ts_query *query, const struct ts_query_filter *filter,
		  struct ts_listing **ret, struct ts_error *err)
{
	/* where all are asked for, those next to one stand beside it: one more than is answered */
	bool whole = !filter->has_since && !filter->has_until && !filter->pipeline &&
		     !filter->failed && !filter->user && !filter->program && !filter->attribute &&
		     !(filter->min_ms > 0);
	struct ts_listing *listing = calloc(1, sizeof(*listing));
	struct keys keys;
	int result;

	if (!listing)
		return ts_error_set(err, -ENOMEM, "out of memory");
	listing->digits = MIN_DIGITS;
	result = find_keys(query, filter, filter->limit + whole, &keys, err);
	if (result == 0 && keys.n)
		result = read_listed(query, filter, whole, &keys, listing, err);
	if (result < 0) {
		ts_listing_free(listing);
		return result;
	}
	if (listing->n > filter->limit)
		listing->n = filter->limit;
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
	size_t count = 0, all = filter->limit + most;
	struct ts_query_filter recent;
	int result = 0;

	/* few parts first: each costs as much to look into as hundreds of rows */
	for (int days = TS_QUERY_RECENT_DAYS; result == 0 && count < all && days < MOST_DAYS;
	     days *= MORE_DAYS) {
		recent = recent_of(filter, days);
		result = count_up_to(query, &recent, all, &count, err);
		if (filter->has_since)
			break;
	}
	if (result == 0 && count < all && !filter->has_since)
		result = count_up_to(query, filter, all, &count, err);
	if (result < 0)
		return result;
	*ret = count > filter->limit ? count - filter->limit : 0;
	return 0;
}
