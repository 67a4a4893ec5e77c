// SPDX-License-Identifier: Apache-2.0
/* A process that becomes another program: the calls that were open end there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assemble_fixture.h"

static void put_exec(struct fixture *f, uint32_t ring, uint16_t flags, uint64_t ticks)
{
	struct ts_event_exec exec = {
		.event = {.type = TS_EVENT_EXEC, .flags = flags, .bytes = sizeof(exec)},
		.ticks = ticks,
	};

	memcpy(&f->record, &exec, sizeof(exec));
	put(f, ring);
}

static void put_open_calls(struct fixture *f)
{
	put_begin(f, 0, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 10);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 20);
}

static void ended_by_exec_at(struct fixture *f, uint64_t ticks)
{
	interrupt(f, 1, 1);
	assert_true(f->batch.traces[0].success);
	assert_null(f->batch.traces[0].error);
	assert_non_null(strstr(f->batch.traces[0].attributes, "\"outcome\":\"exec\""));
	assert_true(f->batch.traces[0].duration_ms == (double)(ticks - 10) / 1e6);
	assert_true(f->batch.spans[0].success);
	assert_null(f->batch.spans[0].error);
	assert_non_null(strstr(f->batch.spans[0].attributes, "\"outcome\":\"exec\""));
	assert_true(f->batch.spans[0].duration_ms == (double)(ticks - 20) / 1e6);
	commit(f);
}

static void were_interrupted(struct fixture *f)
{
	interrupt(f, 1, 1);
	assert_false(f->batch.traces[0].success);
	assert_string_equal(f->batch.traces[0].error, "interrupted");
	assert_null(f->batch.traces[0].attributes);
	commit(f);
}

static void test_exec_ends_what_is_open(void **state)
{
	struct fixture *f = *state;

	put_open_calls(f);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 3, 2, CLAUDE, 30);
	put_end(f, 1, 1, 3, 35);
	put_exec(f, 0, 0, 50);
	pass_and_commit(f, 0, 1);
	ended_by_exec_at(f, 50);
}

/* The consumer that read the mark was ended by it; whoever recovers the spool still knows. */
static void test_a_mark_outlives_its_reader(void **state)
{
	struct fixture *f = *state;

	put_open_calls(f);
	pass_and_commit(f, 0, 0);
	put_exec(f, 1, 0, 50);
	pass_and_commit(f, 0, 0);
	for (int i = 0; i < 3; i++) {
		reopen(f);
		pass_and_commit(f, 0, 0);
	}
	ended_by_exec_at(f, 50);
}

static void test_an_exec_that_failed_ends_nothing(void **state)
{
	struct fixture *f = *state;

	put_open_calls(f);
	put_exec(f, 0, 0, 50);
	put_exec(f, 0, TS_EXEC_FAILED, 50);
	pass_and_commit(f, 0, 0);
	were_interrupted(f);
}

static void test_a_failure_outlives_its_reader(void **state)
{
	struct fixture *f = *state;

	put_open_calls(f);
	put_exec(f, 0, 0, 50);
	pass_and_commit(f, 0, 0);
	put_exec(f, 0, TS_EXEC_FAILED, 50);
	pass_and_commit(f, 0, 0);
	reopen(f);
	pass_and_commit(f, 0, 0);
	were_interrupted(f);
}

/* Threads that try at once; one fails, and the other's program replaces all of them. */
static void test_threads_that_exec_at_once(void **state)
{
	struct fixture *f = *state;

	put_open_calls(f);
	put_exec(f, 0, 0, 50);
	put_exec(f, 1, 0, 60);
	put_exec(f, 0, TS_EXEC_FAILED, 50);
	pass_and_commit(f, 0, 0);
	reopen(f);
	ended_by_exec_at(f, 60);
}

/* Places that were not given back are read again: a mark and its failure twice. */
static void test_marks_seen_twice(void **state)
{
	struct fixture *f = *state;

	put_open_calls(f);
	put_exec(f, 0, 0, 50);
	pass_and_commit(f, 0, 0);
	put_exec(f, 0, 0, 50);
	put_exec(f, 0, TS_EXEC_FAILED, 50);
	put_exec(f, 0, TS_EXEC_FAILED, 50);
	pass_and_commit(f, 0, 0);
	were_interrupted(f);
}

static void test_more_marks_than_are_kept(void **state)
{
	struct fixture *f = *state;

	put_open_calls(f);
	for (uint64_t i = 1; i <= 100; i++)
		put_exec(f, i % 2, 0, 1000 + i);
	pass_and_commit(f, 0, 0);
	reopen(f);
	ended_by_exec_at(f, 1100);
}

/* What began behind the mark, on a thread that the exec had not ended yet. */
static void test_a_call_behind_the_mark(void **state)
{
	struct fixture *f = *state;

	put_exec(f, 0, 0, 50);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 60);
	pass_and_commit(f, 0, 0);
	interrupt(f, 0, 1);
	assert_true(f->batch.spans[0].success);
	assert_true(f->batch.spans[0].duration_ms == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exec_ends_what_is_open),
		TEST(test_a_mark_outlives_its_reader),
		TEST(test_an_exec_that_failed_ends_nothing),
		TEST(test_a_failure_outlives_its_reader),
		TEST(test_threads_that_exec_at_once),
		TEST(test_marks_seen_twice),
		TEST(test_more_marks_than_are_kept),
		TEST(test_a_call_behind_the_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
