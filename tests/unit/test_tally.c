// SPDX-License-Identifier: Apache-2.0
/* begun = stored + open + dropped, whatever happens to program, ring and reader. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assemble_fixture.h"
#include "runtime/assemble/run.h"
#include "runtime/assemble/tally.h"

static const struct ts_backlog_counts nothing;

/* The row as it is now, which must add up. */
static struct ts_run run_of(struct fixture *f, bool ended)
{
	static struct ts_run_row row;

	assert_true(ts_assembler_run(f->assembler, ended, true, &nothing, &row));
	assert_int_equal(row.run.begun, row.run.stored + row.run.open + row.run.dropped);
	return row.run;
}

#define assert_run(f, ended, n_begun, n_stored, n_open, reasons)       \
	do {                                                           \
		struct ts_run run_ = run_of(f, ended);                 \
		assert_int_equal(run_.begun, n_begun);                 \
		assert_int_equal(run_.stored, n_stored);               \
		assert_int_equal(run_.open, n_open);                   \
		if (reasons)                                           \
			assert_string_equal(run_.dropped_by, reasons); \
		else                                                   \
			assert_null(run_.dropped_by);                  \
	} while (0)

#define NONE ((const char *)NULL)

/* A trace with two spans inside each other */
static void put_story(struct fixture *f)
{
	put_begin(f, 0, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 10);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 11);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 3, 2, CLAUDE, 12);
}

static void test_open_and_stored(void **state)
{
	struct fixture *f = *state;
	struct ts_run_row row;

	assert_false(ts_assembler_run(f->assembler, false, true, &nothing, &row));
	put_story(f);
	pass(f, 0, 0);
	assert_run(f, false, 3, 0, 3, NONE);
	commit(f);
	assert_run(f, false, 3, 0, 3, NONE);
	put_end(f, 1, 1, 3, 20);
	assert_run(f, false, 3, 0, 3, NONE);
	pass(f, 0, 1);
	assert_run(f, false, 3, 1, 2, NONE); /* this batch counted */
	commit(f);
	assert_run(f, false, 3, 1, 2, NONE);
	put_end(f, 0, 1, 2, 21);
	put_end(f, 0, 1, 0, 22);
	pass_and_commit(f, 1, 1);
	assert_run(f, false, 3, 3, 0, NONE);
	assert_int_equal(f->spool.rings[0]->settled, 2);
	assert_int_equal(f->spool.rings[1]->settled, 1);
}

static void test_not_read_yet_is_open(void **state)
{
	struct fixture *f = *state;

	pass_and_commit(f, 0, 0);
	put_story(f);
	pass(f, 0, 0);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 4, 0, CHECK, 30);
	assert_run(f, false, 3, 0, 3, NONE); /* as of the look at head */
	commit(f);
	pass(f, 0, 0);
	assert_run(f, false, 4, 0, 4, NONE);
}

static void test_an_orphan_is_two_rows(void **state)
{
	struct fixture *f = *state;

	put_begin(f, 0, TS_BEGIN_TRACE | TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 10);
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 2, 0, 2, NONE);
	reopen(f);
	put_end(f, 0, 1, 2, 20);
	pass_and_commit(f, 1, 1);
	assert_run(f, false, 2, 2, 0, NONE);
}

static void test_calls_that_were_not_recorded(void **state)
{
	struct fixture *f = *state;

	f->spool.rings[0]->lost[TS_LOST_RING_FULL] = 3;
	f->spool.rings[1]->lost[TS_LOST_RING_FULL] = 4;
	f->spool.rings[1]->lost[TS_LOST_REENTERED] = 1;
	f->spool.rings[1]->lost[TS_LOST_END] = 1; /* its call is open, and will be interrupted */
	f->spool.process->lost[TS_LOST_NO_RING] = 9;
	f->spool.process->lost[TS_LOST_UNHOOKED] = 5;
	put_story(f);
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 20, 0, 3, "{\"no_ring\": 9, \"ring_full\": 7, \"reentered\": 1}");
	reopen(f);
	f->spool.rings[1]->lost[TS_LOST_TOO_DEEP] = 8;
	f->spool.rings[1]->lost[TS_LOST_ABANDONED] = 2;
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 30, 0, 3,
		   "{\"no_ring\": 9, \"too_deep\": 8, \"ring_full\": 7, \"abandoned\": 2, "
		   "\"reentered\": 1}");
}

/* What a reader could not read is told by no begin, but by what its producer counted. */
static void test_damage(void **state)
{
	struct fixture *f = *state;
	struct ts_abi_ring *ring = f->spool.rings[0];
	uint64_t damage;

	put_story(f);
	damage = ring->head;
	for (uint64_t i = 0; i < 3; i++) {
		put_begin(f, 0, TS_BEGIN_TRACE | TS_BEGIN_SPAN, 7 + i, 7 + i, 0, CHECK, 13);
		put_end(f, 0, 7 + i, 7 + i, 14);
	}
	memset((char *)ring + TS_ABI_PAGE + damage, 0xff, 8);
	pass(f, 0, 0);
	assert_run(f, false, 9, 0, 3, "{\"unreadable\": 6}");
	commit(f);
	put_end(f, 0, 1, 2, 20);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 12, 0, CHECK, 21);
	pass_and_commit(f, 0, 1);
	assert_run(f, false, 10, 1, 3, "{\"unreadable\": 6}");
	reopen(f); /* one that did not see it */
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 10, 1, 3, "{\"unreadable\": 6}");
	interrupt(f, 1, 2);
	assert_run(f, true, 10, 4, 0, "{\"unreadable\": 6}");
}

static void test_a_ring_that_turns_bad(void **state)
{
	struct fixture *f = *state;

	put_story(f);
	pass_and_commit(f, 0, 0);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 4, 0, CHECK, 13);
	f->spool.rings[1]->bytes = 77;
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 4, 0, 3, "{\"unreadable\": 1}");
}

static void test_cut_off_in_a_begin(void **state)
{
	struct fixture *f = *state;

	put_story(f);
	f->spool.rings[0]->begun += 2;
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 5, 0, 5, NONE); /* it may be committed any moment */
	interrupt(f, 1, 2);
	assert_run(f, true, 5, 3, 0, "{\"cut_off\": 2}");
}

static void test_killed_before_the_commit(void **state)
{
	struct fixture *f = *state;

	put_story(f);
	pass_and_commit(f, 0, 0);
	put_end(f, 1, 1, 3, 20);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 4, 0, CHECK, 13);
	pass(f, 0, 1);
	assert_run(f, false, 4, 1, 3, NONE);
	reopen(f);
	pass(f, 0, 1);
	assert_run(f, false, 4, 1, 3, NONE);
	commit(f);
	reopen(f);
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 4, 1, 3, NONE);
}

/* `open` was written, and of the tails the first was moved. */
static void test_killed_in_the_commit(void **state)
{
	struct fixture *f = *state;
	struct ts_abi_ring *ring = f->spool.rings[1];
	uint64_t tail, settled;

	put_story(f);
	tail = ring->tail;
	settled = ring->settled;
	put_end(f, 1, 1, 2, 20);
	pass_and_commit(f, 0, 1);
	close_reader(f);
	ring->tail = tail;
	ring->settled = settled;
	open_reader(f);
	pass(f, 0, 0);
	assert_run(f, false, 3, 1, 2, NONE);
	commit(f);
	interrupt(f, 1, 1);
	assert_run(f, true, 3, 3, 0, NONE);
}

static void test_ring_goes_round(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 2000; i++) {
		put_begin(f, i % 2, TS_BEGIN_TRACE, i + 1, 0, 0, LEARN, i);
		put_end(f, 1 - i % 2, i + 1, 0, i);
		if (i % 100 == 99)
			pass_and_commit(f, 100, 0);
		if (i % 700 == 699)
			reopen(f);
	}
	pass_and_commit(f, 0, 0);
	assert_run(f, false, 2000, 2000, 0, NONE);
}

static void test_backlog(void **state)
{
	const struct ts_backlog_counts counts = {.waiting = 5, .dropped = 3, .rejected = 1};
	struct fixture *f = *state;
	struct ts_run_row row;

	for (uint64_t i = 0; i < 20; i++) {
		put_begin(f, 0, TS_BEGIN_TRACE, i + 1, 0, 0, LEARN, i);
		if (i)
			put_end(f, 0, i + 1, 0, i);
	}
	pass_and_commit(f, 19, 0);
	assert_true(ts_assembler_run(f->assembler, false, true, &counts, &row));
	assert_int_equal(row.run.begun, 20);
	assert_int_equal(row.run.stored, 10);
	assert_int_equal(row.run.open, 6);
	assert_int_equal(row.run.dropped, 4);
	assert_string_equal(row.run.dropped_by, "{\"budget\": 3, \"rejected\": 1}");
}

/* Counts that nobody can have meant still add up. */
static void test_hostile_counts(void **state)
{
	struct fixture *f = *state;
	struct ts_run run;

	f->spool.rings[0]->begun = UINT64_MAX;
	f->spool.rings[1]->settled = UINT64_MAX - 1;
	f->spool.process->lost[TS_LOST_NO_RING] = UINT64_MAX;
	f->spool.process->lost[TS_LOST_RING_FULL] = UINT64_MAX;
	put_story(f);
	pass_and_commit(f, 0, 0);
	run = run_of(f, true);
	assert_true(run.stored >= 0 && run.open >= 0 && run.dropped >= 0);
	f->spool.rings[0]->begun = 0;
	f->spool.rings[0]->settled = UINT64_MAX;
	reopen(f);
	pass_and_commit(f, 0, 0);
	run = run_of(f, false);
	assert_true(run.stored >= 0 && run.open >= 0 && run.dropped >= 0);
}

/* --- when and how it ended ------------------------------------------------------------------- */

static void test_a_process_that_runs(void **state)
{
	struct fixture *f = *state;
	struct ts_run run;

	record_id(f->spool.process->run_id, 99);
	put_begin(f, 0, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 5000000);
	pass_and_commit(f, 0, 0);
	run = run_of(f, false);
	assert_true(has_id(&run.run_id, 99));
	assert_string_equal(run.tenant_id, "acme");
	assert_string_equal(run.program, "/usr/bin/bot");
	assert_string_equal(run.host, "host.example");
	assert_int_equal(run.pid, 4242);
	assert_int_equal(run.started_us, SPOOL_EPOCH_US);
	assert_int_equal(run.seen_us, SPOOL_EPOCH_US + 5000);
	assert_int_equal(run.ended_us, 0);
	assert_null(run.outcome);
	f->spool.process->seen_ticks = 7000000;
	assert_int_equal(run_of(f, false).seen_us, SPOOL_EPOCH_US + 7000);
	assert_int_equal(run_of(f, true).ended_us, SPOOL_EPOCH_US + 7000);
}

static void test_outcomes(void **state)
{
	struct fixture *f = *state;
	struct ts_event_exec mark = {.event = {.type = TS_EVENT_EXEC, .bytes = sizeof(mark)},
				     .ticks = 11};

	put_begin(f, 0, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 10);
	pass_and_commit(f, 0, 0);
	assert_string_equal(run_of(f, true).outcome, "interrupted");
	f->spool.process->stop = 1;
	assert_string_equal(run_of(f, true).outcome, "exited");
	f->spool.process->signal = SIGKILL;
	assert_string_equal(run_of(f, true).outcome, "SIGKILL");
	f->spool.process->signal = 40;
	assert_string_equal(run_of(f, true).outcome, "signal 40");
	f->spool.process->signal = UINT32_MAX;
	assert_string_equal(run_of(f, true).outcome, "signal 4294967295");
	assert_true(spool_put_bytes(&f->spool, 0, &mark, sizeof(mark)));
	pass_and_commit(f, 0, 0);
	assert_string_equal(run_of(f, true).outcome, "exec");
}

static void test_interrupted_by_a_signal(void **state)
{
	struct fixture *f = *state;

	put_story(f);
	pass_and_commit(f, 0, 0);
	f->spool.process->signal = SIGKILL;
	f->spool.process->seen_ticks = 9000000;
	interrupt(f, 1, 2);
	assert_string_equal(f->batch.traces[0].error, "interrupted by SIGKILL");
	assert_string_equal(f->batch.spans[0].error, "interrupted by SIGKILL");
	assert_int_equal(f->batch.spans[0].ended_us, SPOOL_EPOCH_US + 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open_and_stored),
		TEST(test_not_read_yet_is_open),
		TEST(test_an_orphan_is_two_rows),
		TEST(test_calls_that_were_not_recorded),
		TEST(test_damage),
		TEST(test_a_ring_that_turns_bad),
		TEST(test_cut_off_in_a_begin),
		TEST(test_killed_before_the_commit),
		TEST(test_killed_in_the_commit),
		TEST(test_ring_goes_round),
		TEST(test_backlog),
		TEST(test_hostile_counts),
		TEST(test_a_process_that_runs),
		TEST(test_outcomes),
		TEST(test_interrupted_by_a_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
