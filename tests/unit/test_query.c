// SPDX-License-Identifier: Apache-2.0
/* The read side against a real SQLite file that the store has written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "runtime/query/query.h"
#include "runtime/uuid.h"

extern const struct ts_store ts_store;
extern const struct ts_source ts_source;

#define START 1795129651123456LL
#define STEP  1000000LL
#define BIG   9007199254740993LL /* no double holds it */

static char folder[64];
static char url[128];

/* Trace i starts i seconds in; 7 and 8 share all of their ids but the last digit. */
static struct ts_uuid id_of(unsigned i)
{
	uint64_t ms = (uint64_t)(START + (i == 8 ? 7 : i) * STEP) / 1000;
	struct ts_uuid id = {{0}};

	for (int k = 0; k < 6; k++)
		id.bytes[k] = (uint8_t)(ms >> (40 - 8 * k));
	id.bytes[6] = 0x70;
	id.bytes[8] = 0x80;
	id.bytes[15] = (uint8_t)i;
	return id;
}

static struct ts_trace trace_of(unsigned i)
{
	/* the last two in the same millisecond */
	int64_t at = i == 8 ? START + 7 * STEP + 500 : START + i * STEP;

	return (struct ts_trace){.trace_id = id_of(i),
				 .tenant_id = "",
				 .pipeline_name = i % 2 ? "learn" : "support",
				 .telegram_id = {i != 3, i == 4 ? BIG : i},
				 .user_id = i == 5   ? "alice"
					    : i == 6 ? "2"
						     : NULL,
				 .started_us = at,
				 .ended_us = at + 1500,
				 .duration_ms = 1.5,
				 .success = i % 3 != 0,
				 .error = i % 3 ? NULL : "broken",
				 .input_data = "{\"n\":9007199254740993}",
				 .program = i < 2 ? "/srv/bot-1" : "/bot",
				 .attributes = i == 4   ? "{\"release\": \"a\\\"b\", \"n\": 7}"
					       : i == 5 ? "{\"release\": \"7\", \"n\": true}"
							: NULL,
				 .host = "h",
				 .pid = 42,
				 .created_us = at};
}

static struct ts_span span_of(unsigned trace, unsigned i, int64_t offset_us)
{
	int64_t at = START + trace * STEP + offset_us;

	return (struct ts_span){.trace_id = id_of(trace),
				.span_id = {{(uint8_t)(0xf0 - i)}},
				.tenant_id = "",
				.has_parent = i > 0,
				.parent_span_id = {{0xf0}},
				.span_name = "llm:claude",
				.kind = "llm",
				.function = "f",
				.thread_id = 43,
				.started_us = at,
				.ended_us = at + 10,
				.duration_ms = 0.01,
				.success = true,
				.input_tokens = {true, BIG},
				.created_us = at};
}

static int fill(void **state)
{
	struct ts_trace traces[9];
	struct ts_span spans[3] = {span_of(1, 0, 0), span_of(1, 2, 300), span_of(1, 1, 200)};
	struct ts_batch batch = {traces, 9, spans, 3, NULL};
	struct ts_store_handle *handle;
	struct ts_error err = {.text = ""};

	(void)state;
	for (unsigned i = 0; i < 9; i++)
		traces[i] = trace_of(i);
	strcpy(folder, "/tmp/test_query.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/traces.db", folder);
	if (ts_store.open(&handle, url, NULL, &err) < 0 || ts_store.write(handle, &batch, &err) < 0)
		fail_msg("%s", err.text);
	ts_store.close(handle);
	return 0;
}

static int empty(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/traces.db%s", folder, endings[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static int open_query(void **state)
{
	struct ts_error err = {.text = ""};
	struct ts_query *query;

	if (ts_query_new(&query, &ts_source, url, NULL, &err) < 0)
		fail_msg("%s", err.text);
	*state = query;
	return 0;
}

static int close_query(void **state)
{
	ts_query_free(*state);
	return 0;
}

static struct ts_run run_of(unsigned i, int64_t begun)
{
	int64_t at = START + i * STEP;

	return (struct ts_run){
		.run_id = id_of(i),
		.tenant_id = "",
		.program = "/bot",
		.host = "h",
		.pid = 40 + i,
		.started_us = at,
		.seen_us = at + 5 * STEP,
		.ended_us = i == 2 ? at + 5 * STEP : 0,
		.outcome = i == 2 ? "exited" : NULL,
		.begun = begun,
		.stored = 1,
		.open = begun - 4,
		.dropped = 3,
		.dropped_by = "{\"ring_full\": 3}",
		.created_us = at,
	};
}

static void put_run(unsigned i, int64_t begun)
{
	const struct ts_run run = run_of(i, begun);
	const struct ts_batch batch = {.run = &run};
	struct ts_store_handle *handle;

	assert_int_equal(ts_store.open(&handle, url, NULL, NULL), 0);
	assert_int_equal(ts_store.write(handle, &batch, NULL), 0);
	ts_store.close(handle);
}

static void processes(void **state)
{
	struct ts_query *query = *state;
	const struct ts_run *all;
	struct ts_runs *runs;
	size_t n;

	put_run(1, 10);
	put_run(2, BIG);
	put_run(1, 20); /* its next batch */
	assert_int_equal(ts_query_runs(query, 0, 2, &runs, NULL), 0);
	all = ts_runs_all(runs, &n);
	assert_int_equal(n, 2);
	assert_false(ts_runs_more(runs));
	assert_int_equal(all[0].begun, BIG);
	assert_string_equal(all[0].outcome, "exited");
	assert_int_equal(all[0].ended_us, START + 7 * STEP);
	assert_int_equal(all[1].begun, 20);
	assert_int_equal(all[1].open, 16);
	assert_int_equal(all[1].pid, 41);
	assert_null(all[1].outcome);
	assert_int_equal(all[1].ended_us, 0);
	assert_string_equal(all[1].dropped_by, "{\"ring_full\": 3}");
	ts_runs_free(runs);
	assert_int_equal(ts_query_runs(query, START + 7 * STEP, 1, &runs, NULL), 0);
	assert_int_equal(ts_runs_all(runs, &n)->pid, 42);
	assert_false(ts_runs_more(runs));
	ts_runs_free(runs);
	assert_int_equal(ts_query_runs(query, 0, 1, &runs, NULL), 0);
	assert_true(ts_runs_more(runs));
	ts_runs_free(runs);
}

/* The last bytes of the ids that a filter lets pass, in order. */
static void expect_ids(struct ts_query *query, struct ts_query_filter filter, const char *wanted)
{
	struct ts_error err = {.text = ""};
	struct ts_listing *listing;
	char got[64] = "";

	filter.limit = filter.limit ? filter.limit : 100;
	if (ts_query_list(query, &filter, &listing, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < ts_listing_count(listing); i++)
		sprintf(got + strlen(got), "%d",
			ts_listing_at(listing, i)->trace.trace_id.bytes[15]);
	assert_string_equal(got, wanted);
	ts_listing_free(listing);
}

static void filters(void **state)
{
	struct ts_query *query = *state;
	typedef struct ts_query_filter filter;

	expect_ids(query, (filter){.limit = 100}, "876543210");
	expect_ids(query, (filter){.limit = 3}, "876");
	expect_ids(query, (filter){.pipeline = "learn"}, "7531");
	expect_ids(query, (filter){.pipeline = "lear"}, "");
	expect_ids(query, (filter){.failed = true}, "630");
	expect_ids(query, (filter){.has_since = true, .since_us = START + 4 * STEP}, "87654");
	expect_ids(query, (filter){.has_since = true, .since_us = START + 4 * STEP + 1}, "8765");
	expect_ids(query, (filter){.user = "alice"}, "5");
	expect_ids(query, (filter){.user = "2"}, "62");
	expect_ids(query, (filter){.user = "9007199254740993"}, "4");
	expect_ids(query, (filter){.user = "9007199254740992"}, "");
	expect_ids(query, (filter){.user = "2 OR 1=1"}, "");
	expect_ids(query,
		   (filter){.user = "3", .pipeline = "learn", .failed = true, .has_since = true},
		   "");
	expect_ids(query,
		   (filter){.pipeline = "support",
			    .failed = true,
			    .has_since = true,
			    .since_us = START + 1},
		   "6");
	expect_ids(query, (filter){.has_until = true, .until_us = START + 4 * STEP}, "3210");
	expect_ids(query, (filter){.has_until = true, .until_us = START + 4 * STEP + 1}, "43210");
	expect_ids(query,
		   (filter){.has_since = true,
			    .since_us = START + 2 * STEP,
			    .has_until = true,
			    .until_us = START + 5 * STEP},
		   "432");
	expect_ids(query, (filter){.program = "/srv/bot-1"}, "10");
	expect_ids(query, (filter){.program = "bot-1"}, "10");
	expect_ids(query, (filter){.program = "srv/bot-1"}, "10");
	expect_ids(query, (filter){.program = "bot"}, "8765432");
	expect_ids(query, (filter){.program = "ot"}, "");
	expect_ids(query, (filter){.program = "BOT"}, "");
	expect_ids(query, (filter){.program = "%"}, "");
	expect_ids(query, (filter){.attribute = "release", .value = "a\"b"}, "4");
	expect_ids(query, (filter){.attribute = "release", .value = "7"}, "5");
	expect_ids(query, (filter){.attribute = "n", .value = "7"}, "4");
	expect_ids(query, (filter){.attribute = "n", .value = "true"}, "5");
	expect_ids(query, (filter){.attribute = "none", .value = "7"}, "");
}

struct seen {
	char ids[64];
	size_t spans;
	int stop_at; /* a trace's last digit, whose result it is; or -1 */
};

static int see(void *context, const struct ts_trace *trace, const struct ts_span *spans, size_t n)
{
	struct seen *seen = context;

	sprintf(seen->ids + strlen(seen->ids), "%d", trace->trace_id.bytes[15]);
	seen->spans += n;
	assert_string_equal(trace->host, "h");
	assert_null(trace->input_data);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(spans[i].span_name, "llm:claude");
		assert_true(!i || spans[i - 1].started_us <= spans[i].started_us);
		assert_int_equal(spans[i].input_tokens.value, BIG);
		assert_null(spans[i].input_data);
	}
	return trace->trace_id.bytes[15] == seen->stop_at ? 42 : 0;
}

static struct seen scan(struct ts_query *query, struct ts_query_filter filter, int stop_at)
{
	struct seen seen = {.stop_at = stop_at};
	struct ts_error err = {.text = ""};

	if (ts_query_scan(query, &filter, see, &seen, &err) != (stop_at < 0 ? 0 : 42))
		fail_msg("%s", err.text);
	return seen;
}

/* Each trace once, the oldest first, and its spans with it. */
static void scans(void **state)
{
	typedef struct ts_query_filter filter;
	struct seen seen = scan(*state, (filter){.limit = 1}, -1);

	assert_string_equal(seen.ids, "012345678");
	assert_int_equal(seen.spans, 3);
	seen = scan(*state,
		    (filter){.has_since = true,
			     .since_us = START + STEP,
			     .has_until = true,
			     .until_us = START + 3 * STEP},
		    -1);
	assert_string_equal(seen.ids, "12");
	assert_int_equal(seen.spans, 3);
	assert_string_equal(scan(*state, (filter){.pipeline = "learn", .failed = true}, -1).ids,
			    "3");
	assert_string_equal(scan(*state, (filter){.user = "none"}, -1).ids, "");
	/* the last one, too, ends it */
	assert_string_equal(scan(*state, (filter){.limit = 1}, 4).ids, "01234");
	assert_string_equal(scan(*state, (filter){.limit = 1}, 8).ids, "012345678");
}

static void rows_are_whole(void **state)
{
	struct ts_query_filter filter = {.limit = 9};
	struct ts_error err = {.text = ""};
	struct ts_listing *listing;
	const struct ts_listed *listed;

	assert_int_equal(ts_query_list(*state, &filter, &listing, &err), 0);
	listed = ts_listing_at(listing, 4);
	assert_int_equal(listed->trace.telegram_id.value, BIG);
	assert_int_equal(listed->trace.started_us, START + 4 * STEP);
	assert_true(listed->trace.duration_ms == 1.5);
	assert_null(listed->trace.input_data);
	assert_int_equal(listed->trace.pid, 42);
	assert_int_equal(listed->span_count, 0);
	assert_false(ts_listing_at(listing, 5)->trace.telegram_id.known);
	assert_string_equal(ts_listing_at(listing, 5)->trace.error, "broken");
	assert_int_equal(ts_listing_at(listing, 7)->span_count, 3);
	ts_listing_free(listing);
	filter.with_payload = true;
	assert_int_equal(ts_query_list(*state, &filter, &listing, &err), 0);
	assert_string_equal(ts_listing_at(listing, 4)->trace.input_data,
			    "{\"n\":9007199254740993}");
	ts_listing_free(listing);
}

/* Whatever part of the store is listed, each short form leads back to its trace. */
static void short_forms_are_unique(void **state)
{
	for (size_t n = 0; n < 9 * 9; n++) {
		struct ts_query_filter filter = {.limit = n % 9 + 1,
						 .pipeline = n % 2 ? NULL : "learn",
						 .has_since = n >= 9,
						 .since_us = START + (int64_t)(n / 9) * STEP + 1};
		struct ts_error err = {.text = ""};
		struct ts_listing *listing;

		assert_int_equal(ts_query_list(*state, &filter, &listing, &err), 0);
		for (size_t i = 0; i < ts_listing_count(listing); i++) {
			const struct ts_uuid *id = &ts_listing_at(listing, i)->trace.trace_id;
			size_t digits = ts_listing_digits(listing);
			char text[TS_UUID_TEXT];
			struct ts_story *story;

			ts_uuid_format(id, text);
			text[digits + (digits > 8) + (digits > 12) + (digits > 16) +
			     (digits > 20)] = '\0';
			assert_int_equal(ts_query_find(*state, text, &story, &err), 0);
			assert_memory_equal(&ts_story_trace(story)->trace_id, id, sizeof(*id));
			ts_story_free(story);
		}
		ts_listing_free(listing);
	}
}

static void digits_that_tell(void **state)
{
	struct ts_error err = {.text = ""};
	struct ts_uuid ids[2] = {id_of(0), id_of(7)};
	size_t digits;

	assert_int_equal(ts_query_digits(*state, ids, 0, &digits, &err), 0);
	assert_int_equal(digits, 8);
	/* a second apart: the last four of the twelve digits of milliseconds begin to differ */
	assert_int_equal(ts_query_digits(*state, ids, 1, &digits, &err), 0);
	assert_in_range(digits, 9, 12);
	assert_int_equal(ts_query_digits(*state, ids, 2, &digits, &err), 0);
	assert_int_equal(digits, 32);
}

static void more(void **state)
{
	struct ts_query_filter filter = {.limit = 2};
	struct ts_error err = {.text = ""};
	size_t n;

	assert_int_equal(ts_query_more(*state, &filter, 100, &n, &err), 0);
	assert_int_equal(n, 7);
	assert_int_equal(ts_query_more(*state, &filter, 5, &n, &err), 0);
	assert_int_equal(n, 5);
	filter.failed = true;
	filter.limit = 3;
	assert_int_equal(ts_query_more(*state, &filter, 5, &n, &err), 0);
	assert_int_equal(n, 0);
}

static void names(void **state)
{
	struct ts_error err = {.text = ""};
	struct ts_names *names_;
	const char *const *all;
	size_t n;

	assert_int_equal(ts_query_pipelines(*state, &names_, &err), 0);
	all = ts_names_all(names_, &n);
	assert_int_equal(n, 2);
	assert_string_equal(all[0], "learn");
	assert_string_equal(all[1], "support");
	ts_names_free(names_);
}

static void spans_in_start_order(void **state)
{
	struct ts_error err = {.text = ""};
	struct ts_story *story;
	const struct ts_span *spans;
	char text[TS_UUID_TEXT];
	struct ts_uuid id = id_of(1);
	size_t n;

	ts_uuid_format(&id, text);
	assert_int_equal(ts_query_find(*state, text, &story, &err), 0);
	spans = ts_story_spans(story, &n);
	assert_int_equal(n, 3);
	assert_false(spans[0].has_parent);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(spans[i].span_id.bytes[0], 0xf0 - i);
	assert_memory_equal(&spans[1].parent_span_id, &spans[0].span_id, sizeof(spans[0].span_id));
	assert_int_equal(spans[2].input_tokens.value, BIG);
	assert_false(spans[2].output_tokens.known);
	assert_null(spans[2].error);
	ts_story_free(story);
}

static void finds(void **state)
{
	struct ts_story *story = NULL;
	struct ts_error err = {.text = ""};

	assert_int_equal(ts_query_find(*state, "last", &story, &err), 0);
	assert_int_equal(ts_story_trace(story)->trace_id.bytes[15], 8);
	ts_story_free(story);
	story = NULL;
	assert_int_equal(ts_query_find(*state, "xyz", &story, &err), -EINVAL);
	assert_int_equal(ts_query_find(*state, "", &story, &err), -EINVAL);
	assert_int_equal(ts_query_find(*state, "ffff", &story, &err), -ENOENT);
	assert_non_null(strstr(err.text, "ffff"));
	assert_int_equal(ts_query_find(*state, "0", &story, &err), -ENOTUNIQ);
	assert_non_null(strstr(err.text, ", ..."));
	assert_null(story);
}

static void nothing_there(void **state)
{
	struct ts_query *query = NULL;
	struct ts_error err = {.text = ""};

	(void)state;
	assert_int_equal(
		ts_query_new(&query, &ts_source, "sqlite:/tmp/no such folder/x.db", NULL, &err),
		-ENOENT);
	assert_null(query);
	ts_query_free(NULL);
	ts_listing_free(NULL);
	ts_names_free(NULL);
	ts_story_free(NULL);
}

/* A source whose rows are not what the tables promise. */
static int wrong_row(struct ts_source_handle *handle, const char *sql, const struct ts_cell *params,
		     size_t n_params, ts_row_fn *row, void *context, struct ts_error *err)
{
	struct ts_cell cells[32] = {{.type = TS_CELL_UUID}};

	(void)handle, (void)sql, (void)params, (void)n_params, (void)err;
	cells[6] = (struct ts_cell){.type = TS_CELL_TEXT, .text = "yesterday"};
	return row(context, cells, 21);
}

static int open_nothing(struct ts_source_handle **ret, const char *at, const char *tenant,
			struct ts_error *err)
{
	(void)at, (void)tenant, (void)err;
	*ret = NULL;
	return 0;
}

static void close_nothing(struct ts_source_handle *handle)
{
	(void)handle;
}

static void foreign_rows(void **state)
{
	const struct ts_source wrong = {.scheme = "wrong",
					.open = open_nothing,
					.select = wrong_row,
					.close = close_nothing};
	struct ts_query_filter filter = {.limit = 1};
	struct ts_listing *listing = NULL;
	struct ts_error err = {.text = ""};
	struct ts_query *query;

	(void)state;
	assert_int_equal(ts_query_new(&query, &wrong, "wrong:", NULL, &err), 0);
	assert_int_equal(ts_query_list(query, &filter, &listing, &err), -EPROTO);
	assert_null(listing);
	assert_true(err.text[0]);
	ts_query_free(query);
}

#define WITH_QUERY(test) cmocka_unit_test_setup_teardown(test, open_query, close_query)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_QUERY(filters),
		WITH_QUERY(scans),
		WITH_QUERY(rows_are_whole),
		WITH_QUERY(short_forms_are_unique),
		WITH_QUERY(digits_that_tell),
		WITH_QUERY(more),
		WITH_QUERY(names),
		WITH_QUERY(spans_in_start_order),
		WITH_QUERY(finds),
		WITH_QUERY(processes),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(foreign_rows),
	};

	return cmocka_run_group_tests(tests, fill, empty);
}
