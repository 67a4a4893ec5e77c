// SPDX-License-Identifier: Apache-2.0
/*
 * Traces as they are stored, each once. No column says when a row came, only when the trace ended, by the clock of the
 * program: mostly a moment before, but later where a store was away, a program had to be recovered or its clock is slow. So
 *
 *     often       what ended since shortly before it was last asked is compared with the ids that were told
 *     now and then what ended before that is counted: as many as were told? Else all of it is compared
 *
 * Ids are told from the hour before the beginning on, so that slow clocks do not matter. A million are kept at most: of what
 * ended before the oldest of them nothing more is told.
 */
#include "arrivals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../moment.h"
#include "impl.h"
#include "row.h"

#define SECOND_US  1000000LL
#define BEFORE_US  (3600 * SECOND_US) /* a program's clock may be that slow, or a row that late */
#define OVERLAP_US (3 * SECOND_US)    /* so long a row is mostly under way at most */
#define MOST_IDS   1000000
#define MOST_ASKED 100
#define COUNT_NS   2000000000LL
#define REST       50 /* a count is followed by a rest of so many times as long */
#define ALL        "1000000000"

/* In the order in which they ended. */
struct arrival {
	int64_t ended_us;
	struct ts_uuid id;
};

struct ids {
	struct arrival *all;
	size_t n, room;
};

struct ts_arrivals {
	struct ts_query_filter filter;
	int64_t since_us; /* what ended before and is stored at the beginning is none of ours */
	int64_t from_us;  /* ids are kept from here on */
	bool begun;
	int64_t asked_us; /* when it was last asked */
	int64_t count_at_ns;
	struct ids told;
};

int ts_arrivals_new(struct ts_arrivals **ret, const struct ts_query_filter *filter,
		    int64_t since_us)
{
	struct ts_arrivals *arrivals = calloc(1, sizeof(*arrivals));

	if (!arrivals)
		return -ENOMEM;
	arrivals->filter = *filter;
	arrivals->since_us = since_us;
	arrivals->from_us = since_us - BEFORE_US;
	*ret = arrivals;
	return 0;
}

void ts_arrivals_free(struct ts_arrivals *arrivals)
{
	if (!arrivals)
		return;
	free(arrivals->told.all);
	free(arrivals);
}

/* --- ids ------------------------------------------------------------------------------------- */

static int compare(const struct arrival *a, const struct arrival *b)
{
	if (a->ended_us != b->ended_us)
		return a->ended_us < b->ended_us ? -1 : 1;
	return memcmp(&a->id, &b->id, sizeof(a->id));
}

/* Where it stands, or belongs. */
static size_t place_of(const struct ids *ids, const struct arrival *arrival)
{
	size_t low = 0, high = ids->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&ids->all[middle], arrival) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has(const struct ids *ids, const struct arrival *arrival)
{
	size_t place = place_of(ids, arrival);

	return place < ids->n && !compare(&ids->all[place], arrival);
}

/* Mostly at the end. */
static int add(struct ids *ids, const struct arrival *arrival)
{
	size_t place = place_of(ids, arrival);

	if (ids->n == ids->room) {
		size_t room = ids->room ? 2 * ids->room : 64;
		struct arrival *more = reallocarray(ids->all, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		ids->all = more;
		ids->room = room;
	}
	memmove(&ids->all[place + 1], &ids->all[place], (ids->n++ - place) * sizeof(*ids->all));
	ids->all[place] = *arrival;
	return 0;
}

static void forget_oldest(struct ts_arrivals *arrivals)
{
	struct ids *told = &arrivals->told;
	size_t gone = told->n / 4;

	if (told->n <= MOST_IDS)
		return;
	arrivals->from_us = told->all[gone].ended_us + 1;
	while (gone < told->n && told->all[gone].ended_us < arrivals->from_us)
		gone++;
	told->n -= gone;
	memmove(told->all, told->all + gone, told->n * sizeof(*told->all));
}

/* --- what is there ----------------------------------------------------------------------------- */

/*
 * " FROM ... WHERE ...": what ended at `from` or later, and before `to`. The filter comes behind that, for a planner without
 * statistics would rather go through all traces of a pipeline. `near`: what started in the days before alone.
 */
static void add_ended(struct ts_statement *statement, const struct ts_arrivals *arrivals,
		      const struct ts_moment_text *from, const struct ts_moment_text *to,
		      const struct ts_moment_text *near, struct ts_filter_text *texts)
{
	ts_statement_add(statement,
			 " FROM (SELECT trace_id, created_at, started_at, pipeline_name, success,"
			 " user_id, telegram_id, program, duration_ms FROM pipeline_traces"
			 " WHERE created_at >= $%zu",
			 ts_statement_param(statement, ts_cell_text(from->text)));
	if (to)
		ts_statement_add(statement, " AND created_at < $%zu",
				 ts_statement_param(statement, ts_cell_text(to->text)));
	if (near)
		ts_statement_add(statement, " AND started_at >= $%zu",
				 ts_statement_param(statement, ts_cell_text(near->text)));
	ts_statement_add(statement, " ORDER BY created_at LIMIT " ALL ") AS t");
	ts_query_add_filter(statement, &arrivals->filter, texts);
	ts_query_add_period(statement, &arrivals->filter, texts);
}

struct fresh {
	struct ts_arrivals *arrivals;
	struct ids ids;
	struct ids there; /* all that was met, where `all` */
	bool all;
	bool begin; /* what ended before the beginning is told already */
};

static int take_id(void *context, const struct ts_cell *cells, size_t n)
{
	struct fresh *fresh = context;
	struct arrival arrival = {.id = cells[0].uuid};

	(void)n;
	if (cells[0].type != TS_CELL_UUID || cells[1].type != TS_CELL_TEXT ||
	    ts_moment_parse(cells[1].text, &arrival.ended_us) < 0)
		return -EPROTO;
	if (fresh->all && add(&fresh->there, &arrival) < 0)
		return -ENOMEM;
	if (fresh->begin && arrival.ended_us < fresh->arrivals->since_us)
		return add(&fresh->arrivals->told, &arrival);
	return has(&fresh->arrivals->told, &arrival) ? 0 : add(&fresh->ids, &arrival);
}

static int find_ids(struct ts_query *query, struct fresh *fresh, int64_t from_us, bool near,
		    struct ts_error *err)
{
	struct ts_moment_text from = ts_moment_format(from_us);
	struct ts_moment_text days =
		ts_moment_format(from_us - TS_QUERY_RECENT_DAYS * TS_QUERY_DAY_US);
	struct ts_statement statement = {.bytes = 0};
	struct ts_filter_text texts;

	ts_statement_add(&statement, "SELECT trace_id, created_at");
	add_ended(&statement, fresh->arrivals, &from, NULL, near ? &days : NULL, &texts);
	ts_statement_add(&statement, " ORDER BY created_at, trace_id");
	return ts_query_row_error(ts_query_run(query, &statement, take_id, fresh, err), err);
}

static int take_count(void *context, const struct ts_cell *cells, size_t n)
{
	(void)n;
	*(int64_t *)context = cells[0].integer;
	return 0;
}

/* Are as many there of those that ended before `to` as were told? 1, 0, or a negative errno. */
static int is_complete(struct ts_query *query, const struct ts_arrivals *arrivals, int64_t to_us,
		       struct ts_error *err)
{
	struct ts_moment_text from = ts_moment_format(arrivals->from_us);
	struct ts_moment_text to = ts_moment_format(to_us);
	const struct arrival end = {.ended_us = to_us};
	struct ts_statement statement = {.bytes = 0};
	struct ts_filter_text texts;
	int64_t count = 0;
	int result;

	ts_statement_add(&statement, "SELECT count(*)");
	add_ended(&statement, arrivals, &from, &to, NULL, &texts);
	result = ts_query_run(query, &statement, take_count, &count, err);
	if (result < 0)
		return result;
	return (size_t)count == place_of(&arrivals->told, &end);
}

/* --- what is told ------------------------------------------------------------------------------ */

struct telling {
	struct ts_arrivals *arrivals;
	ts_arrivals_fn *take;
	void *context;
	struct ts_pool pool;
};

static int take_row(void *context, const struct ts_cell *cells, size_t n)
{
	struct telling *telling = context;
	struct ts_listed listed = {.span_count = cells[ts_trace_table.n_columns].integer};
	struct arrival arrival;
	int result;

	(void)n;
	ts_pool_reset(&telling->pool);
	result = ts_row_read(&listed.trace, &ts_trace_table, &telling->pool, cells);
	if (result < 0)
		return result;
	arrival = (struct arrival){listed.trace.created_us, listed.trace.trace_id};
	/* told even where that fails: what is printed half is not printed again */
	result = add(&telling->arrivals->told, &arrival);
	return result < 0 ? result : telling->take(telling->context, &listed);
}

static int tell_some(struct ts_query *query, struct telling *telling, const struct arrival *some,
		     size_t n, struct ts_error *err)
{
	struct ts_statement statement = {.bytes = 0};

	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, &ts_trace_table,
				 telling->arrivals->filter.with_payload);
	ts_statement_add(&statement,
			 ", (SELECT count(*) FROM pipeline_spans s WHERE s.trace_id = t.trace_id)"
			 " FROM pipeline_traces t WHERE trace_id IN (");
	for (size_t i = 0; i < n; i++)
		ts_statement_add(&statement, "%s$%zu", i ? ", " : "",
				 ts_statement_param(&statement, ts_cell_uuid(some[i].id)));
	ts_statement_add(&statement, ") ORDER BY created_at, trace_id");
	return ts_query_run(query, &statement, take_row, telling, err);
}

static int tell(struct ts_query *query, struct ts_arrivals *arrivals, const struct ids *ids,
		ts_arrivals_fn *take, void *context, struct ts_error *err)
{
	struct telling telling = {.arrivals = arrivals, .take = take, .context = context};
	int result = 0;

	for (size_t i = 0; i < ids->n && result == 0; i += MOST_ASKED)
		result = tell_some(query, &telling, ids->all + i,
				   ids->n - i < MOST_ASKED ? ids->n - i : MOST_ASKED, err);
	ts_pool_release(&telling.pool);
	forget_oldest(arrivals);
	return ts_query_row_error(result, err);
}

/* --- asking ------------------------------------------------------------------------------------ */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Is all to be compared? 1, 0, or a negative errno. */
static int is_all_due(struct ts_query *query, struct ts_arrivals *arrivals, struct ts_error *err)
{
	int64_t begin_ns = now_ns(), took_ns;
	int result;

	if (!arrivals->begun)
		return 1;
	if (begin_ns < arrivals->count_at_ns)
		return 0;
	result = is_complete(query, arrivals, arrivals->asked_us - OVERLAP_US, err);
	took_ns = now_ns() - begin_ns;
	arrivals->count_at_ns = begin_ns + (REST * took_ns > COUNT_NS ? REST * took_ns : COUNT_NS);
	return result < 0 ? result : !result;
}

/* What is no longer there was removed: it does not count any more. */
static void keep_those_there(struct ts_arrivals *arrivals, const struct ids *there)
{
	struct ids *told = &arrivals->told;
	size_t n = 0;

	for (size_t i = 0; i < told->n; i++)
		if (has(there, &told->all[i]))
			told->all[n++] = told->all[i];
	told->n = n;
}

int ts_arrivals_ask(struct ts_query *query, struct ts_arrivals *arrivals, ts_arrivals_fn *take,
		    void *context, struct ts_error *err)
{
	struct fresh fresh = {.arrivals = arrivals, .begin = !arrivals->begun};
	int64_t now_us = ts_query_now_us(), from_us = arrivals->asked_us - OVERLAP_US;
	int result = is_all_due(query, arrivals, err);

	if (result < 0)
		return result;
	fresh.all = result;
	if (fresh.all || from_us < arrivals->from_us)
		from_us = arrivals->from_us;
	result = find_ids(query, &fresh, from_us, !fresh.all && ts_query_in_parts(query), err);
	if (result == 0 && fresh.all)
		keep_those_there(arrivals, &fresh.there);
	if (result == 0) {
		arrivals->begun = true;
		result = tell(query, arrivals, &fresh.ids, take, context, err);
	}
	if (result == 0)
		arrivals->asked_us = now_us;
	free(fresh.ids.all);
	free(fresh.there.all);
	return result;
}
