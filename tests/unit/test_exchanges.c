// SPDX-License-Identifier: Apache-2.0
/* Calls of LLM APIs that are under way, looked at from outside: wherever their messages lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "assemble_fixture.h"
#include "connections_fixture.h"
#include "runtime/assemble/connections.h"
#include "runtime/live/inside.h"

#define CHUNK_BYTES 3000

static struct ts_inside *inside;

/* Looks, and expects so many; the first of them, which stays until the next look. */
static const struct ts_inside_exchange *look(struct fixture *f, size_t wanted)
{
	const struct ts_inside_exchange *exchanges;
	size_t n;

	ts_inside_free(inside);
	assert_int_equal(ts_inside_new(&inside, f->spool.path, NULL), 0);
	assert_int_equal(ts_inside_look(inside, NULL), 0);
	exchanges = ts_inside_exchanges(inside, &n);
	assert_int_equal(n, wanted);
	return n ? &exchanges[0] : NULL;
}

static int end(void **state)
{
	ts_inside_free(inside);
	inside = NULL;
	return tear_down(state);
}

static void give_back(struct fixture *f)
{
	pass_and_commit(f, 0, 0);
	assert_int_equal(f->spool.rings[0]->tail, f->spool.rings[0]->head);
}

static void test_from_question_to_answer(void **state)
{
	size_t half = strlen(PLAIN_ANSWER) - 100;
	const struct ts_inside_exchange *seen;
	struct fixture *f = *state;
	struct ts_uuid id;

	look(f, 0);
	say(f, 0, 0, 1, PLAIN_REQUEST, 60);
	look(f, 0); /* nobody knows yet whom it asks */
	say(f, 0, 0, 1, PLAIN_REQUEST + 60, strlen(PLAIN_REQUEST) - 60);
	seen = look(f, 1);
	assert_string_equal(seen->name, "llm:openai");
	assert_string_equal(seen->function, "POST api.openai.com/v1/chat/completions");
	assert_string_equal(seen->model, "gpt-4o");
	assert_int_equal(seen->tid, 42);
	assert_int_equal(seen->started_ticks, 1000000);
	assert_true(has_id(&seen->trace_id, 7) && has_id(&seen->parent_id, 8));
	assert_false(seen->is_trace || seen->answered);
	assert_int_equal(seen->received_bytes, 0);
	id = seen->span_id;

	say(f, 1, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER, half);
	seen = look(f, 1);
	assert_true(seen->answered);
	assert_int_equal(seen->received_bytes, 183 - 100);
	assert_memory_equal(&seen->span_id, &id, sizeof(id));
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER + half, 100);
	look(f, 0);
	pass_and_commit(f, 0, 1);
	assert_memory_equal(&f->batch.spans[0].span_id, &id, sizeof(id));
	look(f, 0);
}

/* Messages whose places were given back are in `open`; some are in a ring, too, or only there. */
static void test_what_open_has(void **state)
{
	size_t half = strlen(PLAIN_ANSWER) - 100;
	struct fixture *f = *state;
	struct ts_uuid id;
	uint64_t tail;

	ask(f, 0, 1, PLAIN_REQUEST);
	id = look(f, 1)->span_id;
	give_back(f);
	assert_memory_equal(&look(f, 1)->span_id, &id, sizeof(id));
	tail = f->spool.rings[0]->tail;
	f->spool.rings[0]->tail = 0; /* the consumer is killed before it moves the tail */
	assert_memory_equal(&look(f, 1)->span_id, &id, sizeof(id));
	f->spool.rings[0]->tail = tail;
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER, half);
	assert_int_equal(look(f, 1)->received_bytes, 83);
	give_back(f);
	assert_int_equal(look(f, 1)->received_bytes, 83);
	tail = f->spool.rings[0]->tail;
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER + half, 100);
	look(f, 0);
	pass_and_commit(f, 0, 1);
	f->spool.rings[0]->tail = tail;
	look(f, 0);
}

static void test_of_several_rings(void **state)
{
	const struct ts_inside_exchange *seen;
	struct fixture *f = *state;
	struct record first;

	make_message(&first, 0, 1, PLAIN_REQUEST, strlen(PLAIN_REQUEST));
	answer(f, 0, 1, PLAIN_ANSWER); /* the first ring has what came last */
	ask(f, 1, 1, PLAIN_REQUEST);
	assert_true(spool_put(&f->spool, 1, &first));
	ask(f, 0, 2, STREAM_REQUEST);
	seen = look(f, 2);
	assert_string_not_equal(seen[0].name, seen[1].name);
	for (size_t i = 0; i < 2; i++)
		has("llm:openai llm:anthropic", seen[i].name);
}

/* The looker's moment is the end. */
static void test_later_does_not_count(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, PLAIN_REQUEST);
	said[1].ticks = said[2].ticks = UINT64_MAX / 2;
	answer(f, 0, 1, PLAIN_ANSWER);
	ask(f, 0, 2, PLAIN_REQUEST);
	assert_int_equal(look(f, 1)->started_ticks, 1000000);
}

static void test_outside_every_trace(void **state)
{
	const struct ts_inside_exchange *seen;
	struct ts_uuid trace_id, span_id;
	struct fixture *f = *state;

	sender = 0;
	ask(f, 0, 1, PLAIN_REQUEST);
	look(f, 0); /* it will have no rows */
	settings_are(f, TS_SETTINGS_WIRE | TS_SETTINGS_ORPHANS, 51200);
	seen = look(f, 1);
	assert_true(seen->is_trace);
	trace_id = seen->trace_id;
	span_id = seen->span_id;
	answer(f, 0, 1, PLAIN_ANSWER);
	pass_and_commit(f, 1, 1);
	assert_memory_equal(&f->batch.traces[0].trace_id, &trace_id, sizeof(trace_id));
	assert_memory_equal(&f->batch.spans[0].span_id, &span_id, sizeof(span_id));
	look(f, 0);
}

static void test_connections_that_end(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, PLAIN_REQUEST);
	hang_up(f, 0, 1, TS_ENDING_PEER);
	look(f, 0);
	ask(f, 0, 2, PLAIN_REQUEST);
	pass_and_commit(f, 0, 1);
	look(f, 1);
	hang_up(f, 1, 2, TS_ENDING_CLIENT);
	look(f, 0);
}

/* The mark is there, and the connection stays open: the program has all of it. */
static void test_a_stream_that_has_said_all(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, STREAM_REQUEST);
	answer(f, 0, 1, stream_answer[0]);
	for (size_t i = 1; i + 1 < STREAM_PARTS; i++) {
		answer_chunk(f, 0, 1, stream_answer[i]);
		assert_string_equal(look(f, 1)->model, "claude-sonnet-4-5");
	}
	answer_chunk(f, 0, 1, stream_answer[STREAM_PARTS - 1]);
	look(f, 0);
}

/* A message that no ring has room for, among the counted bytes of a body. */
static void test_messages_that_are_missing(void **state)
{
	size_t half = strlen(PLAIN_ANSWER) - 100;
	struct fixture *f = *state;

	ask(f, 0, 1, PLAIN_REQUEST);
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER, half);
	make_message(&f->record, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER + half, 50);
	look(f, 1);
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER + half + 50, 30);
	assert_int_equal(look(f, 1)->received_bytes, 183 - 20);
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER + half + 80, 20);
	look(f, 0);
}

/* Of more than a consumer keeps the beginning is known, and that it goes on. */
static void test_an_answer_longer_than_what_is_kept(void **state)
{
	char text[CHUNK_BYTES + 1], event[CHUNK_BYTES + 64];
	struct fixture *f = *state;

	memset(text, 'x', CHUNK_BYTES);
	text[CHUNK_BYTES] = 0;
	snprintf(event, sizeof(event), ": %s\n\n", text);
	ask(f, 0, 1, STREAM_REQUEST);
	answer(f, 0, 1, stream_answer[0]);
	for (size_t bytes = 0; bytes < TS_HISTORY_MOST * 2; bytes += CHUNK_BYTES) {
		if (bytes % (10 * CHUNK_BYTES) == 0)
			give_back(f);
		answer_chunk(f, 0, 1, event);
	}
	assert_string_equal(look(f, 1)->name, "llm:anthropic");
	give_back(f);
	assert_true(look(f, 1)->received_bytes > TS_HISTORY_MOST / 2);
	hang_up(f, 0, 1, TS_ENDING_PEER);
	look(f, 0);
}

/* Whatever a message says of itself, and of its text. */
static void test_messages_of_anything(void **state)
{
	struct fixture *f = *state;

	for (unsigned seed = 0; seed < 300; seed++) {
		uint32_t bytes;
		size_t n;

		srandom(seed);
		make_message(&f->record, (uint16_t)(random() % 32), (uint64_t)random() % 3,
			     PLAIN_REQUEST, strlen(PLAIN_REQUEST));
		bytes = f->record.event.bytes;
		for (int i = 0; i < 3; i++)
			f->record.bytes[(size_t)random() % bytes] = (unsigned char)random();
		f->record.event.bytes = bytes;
		if (!spool_put(&f->spool, seed % 2, &f->record))
			f->spool.rings[seed % 2]->tail = f->spool.rings[seed % 2]->head;
		ts_inside_free(inside);
		assert_int_equal(ts_inside_new(&inside, f->spool.path, NULL), 0);
		assert_int_equal(ts_inside_look(inside, NULL), 0);
		ts_inside_exchanges(inside, &n);
		assert_true(n <= seed + 1);
	}
}

#define TEST_LOOK(name) cmocka_unit_test_setup_teardown(name, set_up_wire, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_LOOK(test_from_question_to_answer),
		TEST_LOOK(test_what_open_has),
		TEST_LOOK(test_of_several_rings),
		TEST_LOOK(test_later_does_not_count),
		TEST_LOOK(test_outside_every_trace),
		TEST_LOOK(test_connections_that_end),
		TEST_LOOK(test_a_stream_that_has_said_all),
		TEST_LOOK(test_messages_that_are_missing),
		TEST_LOOK(test_an_answer_longer_than_what_is_kept),
		TEST_LOOK(test_messages_of_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
