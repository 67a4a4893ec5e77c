// SPDX-License-Identifier: Apache-2.0
/* A spool's way to its store, and past a store that is away. */
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

#include "runtime/consumer.h"
#include "runtime/store.h"
#include "spool_builder.h"

#define RING  (1 << 20)
#define LATE  1 /* the trace that goes on while others come and go */
#define ROWS  3000
#define TICKS 1000

/* --- a store ----------------------------------------------------------------------------------- */

static struct {
	bool away;
	size_t rows, of_late;
	struct ts_run run;
} store;

static bool is_late(const struct ts_uuid *trace)
{
	struct ts_uuid late;

	record_id(late.bytes, LATE);
	return memcmp(trace, &late, sizeof(late)) == 0;
}

static int fake_open(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		     struct ts_error *err)
{
	(void)url, (void)gate, (void)err;
	*ret = (void *)&store;
	return 0;
}

static int fake_write(struct ts_store_handle *handle, const struct ts_batch *batch,
		      struct ts_error *err)
{
	(void)handle;
	if (store.away)
		return ts_error_set(err, -EIO, "it is away");
	store.rows += batch->n_traces + batch->n_spans;
	for (size_t i = 0; i < batch->n_traces; i++)
		store.of_late += is_late(&batch->traces[i].trace_id);
	for (size_t i = 0; i < batch->n_spans; i++)
		store.of_late += is_late(&batch->spans[i].trace_id);
	if (batch->run)
		store.run = *batch->run;
	return 0;
}

static void fake_close(struct ts_store_handle *handle)
{
	(void)handle;
}

static const struct ts_store fake = {
	.scheme = "fake",
	.open = fake_open,
	.write = fake_write,
	.close = fake_close,
};

static const void *load(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	if (strcmp(module, "store_fake") == 0 && strcmp(symbol, "ts_store") == 0)
		return &fake;
	snprintf(why, why_bytes, "not in this test");
	return NULL;
}

/* --- a spool ----------------------------------------------------------------------------------- */

struct place {
	char folder[64];
	char state[96];
	struct spool spool;
	struct record record;
	struct ts_outlets *outlets;
	struct ts_consumer *consumer;
};

static int make_place(void **state)
{
	const struct ts_outlets_options options = {.modules = load};
	struct place *place = calloc(1, sizeof(*place));

	memset(&store, 0, sizeof(store));
	strcpy(place->folder, "/dev/shm/test_consumer-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->state, sizeof(place->state), "%s/state", place->folder);
	spool_new_at(&place->spool, place->folder, "boot-1-x", (uint32_t)getpid());
	spool_settings_backlog(&place->spool, "fake:here", "", "", place->state, 256 << 10);
	spool_thunk(&place->spool, 0, TS_KIND_PIPELINE, "learn", "handle_learn", "", NULL);
	spool_thunk(&place->spool, 1, TS_KIND_STEP, "check", "check", "", NULL);
	spool_ring(&place->spool, RING);
	assert_int_equal(ts_outlets_new(&place->outlets, &options), 0);
	assert_int_equal(ts_consumer_new(&place->consumer, place->spool.path, place->spool.process,
					 place->outlets, load, NULL),
			 0);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];
	int status;

	ts_consumer_free(place->consumer);
	ts_outlets_free(place->outlets);
	spool_unmap(&place->spool);
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	status = system(command);
	free(place);
	return status;
}

static void put(struct place *place)
{
	assert_true(spool_put(&place->spool, 0, &place->record));
}

static void put_begin(struct place *place, uint64_t trace, uint64_t span)
{
	record_begin(&place->record, span ? TS_BEGIN_SPAN : TS_BEGIN_TRACE, trace, span, 0,
		     span != 0, TICKS);
	put(place);
}

static void put_end(struct place *place, uint64_t trace, uint64_t span)
{
	record_end(&place->record, trace, span, TS_OUTCOME_OK, 0, TICKS);
	put(place);
}

static void drain(struct place *place)
{
	int result;

	do
		result = ts_consumer_step(place->consumer, true, NULL);
	while (result > 0);
}

/* --- tests ------------------------------------------------------------------------------------- */

static void expect_counts(uint64_t begun)
{
	assert_int_equal(store.run.begun, begun);
	assert_int_equal(store.run.stored, store.rows);
	assert_int_equal(store.run.open, 0);
	assert_int_equal(store.run.stored + store.run.dropped, begun);
}

/* Its first row went over the budget; its last comes when nothing waits any more. */
static void late_rows_of_a_dropped_trace_are_dropped(void **state)
{
	struct place *place = *state;
	uint64_t begun = 3;

	store.away = true;
	put_begin(place, LATE, 0);
	put_begin(place, LATE, 1);
	put_end(place, LATE, 1);
	drain(place);
	for (uint64_t i = 0; i < ROWS; i++, begun++) {
		put_begin(place, LATE + 1 + i, 0);
		put_end(place, LATE + 1 + i, 0);
		if (i % 100 == 99)
			drain(place);
	}
	store.away = false;
	drain(place);
	assert_int_equal(ts_consumer_backlog(place->consumer).waiting, 0);
	assert_true(ts_consumer_backlog(place->consumer).dropped > 0);
	assert_true(store.rows > 0);

	put_begin(place, LATE, 2);
	put_end(place, LATE, 2);
	drain(place);
	ts_consumer_free(place->consumer);
	assert_int_equal(ts_consumer_new(&place->consumer, place->spool.path, place->spool.process,
					 place->outlets, load, NULL),
			 0);
	put_end(place, LATE, 0);
	put_begin(place, ROWS * 2, 0);
	put_end(place, ROWS * 2, 0);
	drain(place);
	assert_int_equal(store.of_late, 0);
	expect_counts(begun + 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(late_rows_of_a_dropped_trace_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
