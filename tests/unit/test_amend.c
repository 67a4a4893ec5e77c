// SPDX-License-Identifier: Apache-2.0
/* Costs of spans that lie in an SQLite file, written anew: those that are meant, and of them nothing else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "runtime/query/query.h"
#include "runtime/store.h"

extern const struct ts_store ts_store;
extern const struct ts_source ts_source;

#define STARTED_US 1795215600000000
#define N_SPANS    5

struct place {
	char folder[64];
	char path[96];
	char url[112];
	struct ts_store_handle *handle;
	struct ts_span spans[N_SPANS];
};

static struct ts_span span_of(uint8_t trace, uint8_t number, const char *tenant)
{
	return (struct ts_span){
		.trace_id = {{0, 0, 0, 0, 0, trace, 0x70}},
		.span_id = {{0, 0, 0, 0, 0, trace, 0x70, 0, number}},
		.tenant_id = tenant,
		.span_name = "llm:asked",
		.kind = "llm",
		.function = "ask",
		.model = "m",
		.provider = "p",
		.started_us = STARTED_US + number,
		.ended_us = STARTED_US + 1000,
		.created_us = STARTED_US + 1000,
		.input_data = "{\"in\":1}",
		.output_data = "{\"out\":1}",
		.input_tokens = {true, number},
		.attributes = "{\"cost_status\":\"unpriced\"}",
		.success = true,
	};
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct ts_batch batch = {.spans = place->spans, .n_spans = N_SPANS};
	struct ts_error err = {""};

	strcpy(place->folder, "/dev/shm/test_amend-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/traces.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
	place->spans[0] = span_of(1, 1, "");
	place->spans[1] = span_of(1, 2, "");
	place->spans[2] = span_of(2, 1, "acme");
	place->spans[3] = span_of(2, 3, "acme");
	place->spans[3].kind = "tool";
	place->spans[4] = span_of(3, 1, "");
	place->spans[4].input_tokens.known = false;
	assert_int_equal(ts_store.open(&place->handle, place->url, NULL, &err), 0);
	assert_int_equal(ts_store.write(place->handle, &batch, &err), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[96];
	int status;

	ts_store.close(place->handle);
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	status = system(command);
	free(place);
	return status;
}

/* One number of the file, past all that is ours. */
static int ask(const struct place *place, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *db;
	int number;

	assert_int_equal(sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

static void test_cost_and_attributes_alone(void **state)
{
	struct place *place = *state;
	struct ts_span changed[2] = {place->spans[0], place->spans[2]};
	struct ts_error err = {""};

	for (int i = 0; i < 2; i++) {
		changed[i].cost_nano_usd = (struct ts_maybe){true, 100 + i};
		changed[i].attributes = "{\"cost_status\":\"estimated\"}";
		changed[i].model = "not this";
		changed[i].input_tokens.value = 77;
	}
	assert_int_equal(ts_store.amend(place->handle, changed, 2, &err), 2);
	assert_int_equal(ask(place, "SELECT sum(cost_nano_usd) FROM pipeline_spans"), 201);
	assert_int_equal(
		ask(place,
		    "SELECT count(*) FROM pipeline_spans WHERE attributes LIKE '%estimated%'"),
		2);
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_spans WHERE model = 'm' AND "
				    "provider = 'p' AND input_data = '{\"in\":1}'"),
			 N_SPANS);
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_spans WHERE input_tokens = 77"),
			 0);
	/* and back to what nobody knows */
	changed[0].cost_nano_usd.known = false;
	assert_int_equal(ts_store.amend(place->handle, changed, 1, &err), 1);
	assert_int_equal(
		ask(place, "SELECT count(*) FROM pipeline_spans WHERE cost_nano_usd IS NULL"),
		N_SPANS - 1);
}

static void test_only_those_that_are_meant(void **state)
{
	struct place *place = *state;
	struct ts_span others[3] = {place->spans[0], place->spans[0], place->spans[0]};
	struct ts_error err = {""};

	others[0].tenant_id = "acme";
	others[1].started_us++;
	others[2].span_id.bytes[8] = 9; /* pruned meanwhile, say */
	for (int i = 0; i < 3; i++)
		others[i].cost_nano_usd = (struct ts_maybe){true, 5};
	assert_int_equal(ts_store.amend(place->handle, others, 3, &err), 0);
	assert_int_equal(ts_store.amend(place->handle, others, 0, &err), 0);
	assert_int_equal(
		ask(place, "SELECT count(*) FROM pipeline_spans WHERE cost_nano_usd IS NOT NULL"),
		0);
}

static void test_all_or_nothing(void **state)
{
	struct place *place = *state;
	struct ts_span changed[2] = {place->spans[0], place->spans[1]};
	struct ts_error err = {""};
	sqlite3 *db;

	changed[0].cost_nano_usd = changed[1].cost_nano_usd = (struct ts_maybe){true, 5};
	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			     "CREATE TRIGGER no BEFORE UPDATE ON pipeline_spans WHEN "
			     "NEW.input_tokens = 2 BEGIN SELECT RAISE(ABORT, 'not that'); END",
			     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_true(ts_store.amend(place->handle, changed, 2, &err) < 0);
	assert_non_null(strstr(err.text, "not that"));
	assert_int_equal(
		ask(place, "SELECT count(*) FROM pipeline_spans WHERE cost_nano_usd IS NOT NULL"),
		0);
}

/* --- what there is to be amended ------------------------------------------------------- */

static void expect_page(struct ts_query *query, int64_t since_us, const struct ts_span *after,
			size_t limit, const struct ts_span *const *wanted, size_t n_wanted)
{
	struct ts_error err = {""};
	struct ts_llm_page *page;
	struct ts_span *spans;
	size_t n;

	assert_int_equal(ts_query_llm(query, since_us, after, limit, &page, &err), 0);
	spans = ts_llm_page_spans(page, &n);
	assert_int_equal(n, n_wanted);
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(&spans[i].span_id, &wanted[i]->span_id, sizeof(struct ts_uuid));
		assert_memory_equal(&spans[i].trace_id, &wanted[i]->trace_id,
				    sizeof(struct ts_uuid));
		assert_string_equal(spans[i].tenant_id, wanted[i]->tenant_id);
		assert_string_equal(spans[i].model, "m");
		assert_string_equal(spans[i].attributes, wanted[i]->attributes);
		assert_int_equal(spans[i].started_us, wanted[i]->started_us);
		assert_int_equal(spans[i].input_tokens.value, wanted[i]->input_tokens.value);
		assert_null(spans[i].input_data);
	}
	ts_llm_page_free(page);
}

/* Neither other kinds, nor calls that tell of nothing. */
static void test_calls_page_by_page(void **state)
{
	struct place *place = *state;
	const struct ts_span *const all[] = {&place->spans[0], &place->spans[1], &place->spans[2]};
	struct ts_error err = {""};
	struct ts_query *query;

	assert_int_equal(ts_query_new(&query, &ts_source, place->url, NULL, &err), 0);
	expect_page(query, 0, NULL, 10, all, 3);
	expect_page(query, 0, NULL, 2, all, 2);
	expect_page(query, 0, all[1], 2, all + 2, 1);
	expect_page(query, 0, all[2], 2, NULL, 0);
	/* ids say when their trace began: at the beginning of 1970 */
	expect_page(query, STARTED_US, NULL, 10, NULL, 0);
	ts_query_free(query);
	assert_int_equal(ts_query_new(&query, &ts_source, place->url, "acme", &err), 0);
	expect_page(query, 0, NULL, 10, all + 2, 1);
	ts_query_free(query);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cost_and_attributes_alone),
		TEST(test_only_those_that_are_meant),
		TEST(test_all_or_nothing),
		TEST(test_calls_page_by_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
