// SPDX-License-Identifier: Apache-2.0
/* The consumer's half of the event log: whole events, in order, each until it is committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "reader_fixture.h"
#include "runtime/assemble/tally.h"

static void test_what_is_no_spool(void **state)
{
	struct ts_error err = {0};
	struct ts_reader *reader = NULL;
	struct spool spool;

	(void)state;
	assert_int_equal(ts_reader_new(&reader, "/nowhere", NULL, &err), -ENOENT);
	assert_string_equal(err.text, "/nowhere: No such file or directory");
	spool_new(&spool);
	spool.process->version++;
	assert_int_equal(ts_reader_new(&reader, spool.path, NULL, &err), -EBADMSG);
	spool.process->version--;
	spool.process->magic++;
	assert_int_equal(ts_reader_new(&reader, spool.path, NULL, &err), -EBADMSG);
	assert_int_equal(ts_reader_new(&reader, spool.path, spool.process, &err), -EBADMSG);
	assert_null(reader);
	spool_remove(&spool);
}

static void test_empty(void **state)
{
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	assert_int_equal(ts_reader_new(&reader, spool.path, spool.process, NULL), 0);
	assert_ptr_equal(ts_reader_process(reader), spool.process);
	assert_string_equal(ts_reader_spool(reader), spool.path);
	assert_int_equal(pass(reader), 0);
	spool_ring(&spool, 4096);
	assert_int_equal(pass(reader), 0);
	ts_reader_commit(reader);
	assert_int_equal(seen.n, 0);
	ts_reader_free(reader);
	ts_reader_free(NULL);
	spool_remove(&spool);
}

/* Around the ring many times, at every alignment of its end, full each time. */
static void test_wrap_around_and_full(void **state)
{
	struct ts_reader *reader;
	struct spool spool;
	uint64_t next = 0, read = 0;
	int descriptor = lowest_descriptor();

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 1024);
	reader = open_reader(&spool);
	for (int round = 0; round < 100; round++) {
		while (round % 2 ? put_begin(&spool, 0, next) : put_end(&spool, 0, next))
			next++;
		assert_int_equal(pass(reader), 0);
		for (size_t i = 0; i < seen.n; i++)
			assert_int_equal(seen.ticks[i], read++);
		assert_int_equal(read, next);
		ts_reader_commit(reader);
		assert_int_equal(spool.rings[0]->tail, spool.rings[0]->head);
	}
	assert_int_equal(ts_reader_damage(reader).faults, 0);
	assert_int_equal(lowest_descriptor(), descriptor);
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_uncommitted_events_come_again(void **state)
{
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	put_begin(&spool, 0, 1);
	reader = open_reader(&spool);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(pass(reader), 0); /* the same reader reads on */
	assert_int_equal(seen.n, 0);
	assert_int_equal(spool.rings[0]->tail, 0);
	ts_reader_free(reader);
	reader = open_reader(&spool); /* another begins at the tail */
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	ts_reader_commit(reader);
	ts_reader_free(reader);
	reader = open_reader(&spool);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 0);
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_a_refused_event_comes_again(void **state)
{
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	for (uint64_t i = 0; i < 4; i++)
		put_end(&spool, i / 2, i);
	reader = open_reader(&spool);
	memset(&seen, 0, sizeof(seen));
	seen.refusal = -ENOMEM;
	seen.refuse_at = 1;
	assert_int_equal(ts_reader_pass(reader, take, &seen, NULL), 1);
	ts_reader_commit(reader);
	assert_int_equal(spool.rings[0]->tail, TS_EVENT_END_BYTES);
	assert_int_equal(spool.rings[1]->tail, 0);
	seen.n = seen.refuse_at = 0;
	assert_int_equal(ts_reader_pass(reader, take, &seen, NULL), -ENOMEM);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.ticks[0], 1);
	ts_reader_free(reader);
	spool_remove(&spool);
}

/* A pass is bounded, and no ring waits while another is never empty. */
static void test_rings_take_turns(void **state)
{
	enum { RINGS = 3, RING_BYTES = 2 << 20 };
	struct ts_reader *reader;
	struct ts_tally tally;
	struct spool spool;
	bool served[RINGS] = {0};

	(void)state;
	spool_new(&spool);
	for (uint32_t i = 0; i < RINGS; i++)
		spool_ring(&spool, RING_BYTES);
	reader = open_reader(&spool);
	for (int n = 0; n < RINGS + 1; n++) {
		uint64_t tails[RINGS], read = 0;

		for (uint32_t i = 0; i < RINGS; i++) {
			while (put_begin(&spool, i, 0)) /* 104 bytes: passes end within one */
				continue;
			tails[i] = spool.rings[i]->tail;
		}
		assert_int_equal(pass(reader), 1);
		assert_true(ts_reader_tally(reader, false, &tally)); /* of those that wait, too */
		ts_reader_commit(reader);
		for (uint32_t i = 0; i < RINGS; i++) {
			served[i] |= spool.rings[i]->tail > tails[i];
			read += spool.rings[i]->tail - tails[i];
		}
		assert_in_range(read, TS_READER_PASS_BYTES / 2, TS_READER_PASS_BYTES);
	}
	for (uint32_t i = 0; i < RINGS; i++)
		assert_true(served[i]);
	for (int n = 0; pass(reader) == 1; n++) {
		ts_reader_commit(reader);
		assert_in_range(n, 0, 3 * RINGS);
	}
	ts_reader_commit(reader);
	for (uint32_t i = 0; i < RINGS; i++)
		assert_int_equal(spool.rings[i]->tail, spool.rings[i]->head);
	assert_int_equal(ts_reader_damage(reader).faults, 0);
	ts_reader_free(reader);
	spool_remove(&spool);
}

/* What a thread wrote that went from ring to ring comes as it was written. */
static void test_rings_are_read_to_their_heads_in_order(void **state)
{
	enum { RINGS = 4 };
	uint64_t ticks = 0, last = 0;
	struct ts_reader *reader;
	struct spool spool;
	int result;

	(void)state;
	spool_new(&spool);
	for (uint32_t i = 0; i < RINGS; i++) {
		spool_ring(&spool, 1 << 20);
		while (spool.rings[i]->head < 700000)
			put_begin(&spool, i, ++ticks);
	}
	reader = open_reader(&spool);
	do {
		result = pass(reader);
		assert_in_range(result, 0, 1);
		ts_reader_commit(reader);
		for (size_t i = 0; i < seen.n; i++)
			assert_int_equal(seen.ticks[i], ++last);
	} while (result == 1);
	assert_int_equal(last, ticks);
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_thread_names(void **state)
{
	struct ts_reader *reader;
	struct record record;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	reader = open_reader(&spool);
	put_end(&spool, 0, 1);
	pass(reader);
	assert_string_equal(seen.thread_name, "?");
	record_thread(&record, 5, "sixteen_letters_");
	spool_put(&spool, 0, &record);
	pass(reader);
	ts_reader_commit(reader);
	put_end(&spool, 0, 2);
	pass(reader);
	assert_string_equal(seen.thread_name, "sixteen_letters_");
	record_thread(&record, 6, "next");
	spool_put(&spool, 0, &record);
	put_end(&spool, 0, 3);
	pass(reader);
	assert_string_equal(seen.thread_name, "next");
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_lost_is_told_once(void **state)
{
	uint64_t lost[TS_LOST_COUNT];
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	reader = open_reader(&spool);
	pass(reader);
	assert_false(ts_reader_lost(reader, lost));
	spool.rings[0]->lost[TS_LOST_RING_FULL] = 2;
	spool.rings[1]->lost[TS_LOST_RING_FULL] = 3;
	spool.process->lost[TS_LOST_NO_RING] = 7;
	assert_true(ts_reader_lost(reader, lost));
	assert_int_equal(lost[TS_LOST_RING_FULL], 5);
	assert_int_equal(lost[TS_LOST_NO_RING], 7);
	assert_true(ts_reader_lost(reader, lost)); /* asked is not told */
	spool.rings[0]->lost[TS_LOST_RING_FULL] = 4;
	ts_reader_lost_told(reader);
	ts_reader_free(reader);
	reader = open_reader(&spool); /* the spool remembers */
	pass(reader);
	assert_true(ts_reader_lost(reader, lost));
	assert_int_equal(lost[TS_LOST_RING_FULL], 2);
	assert_int_equal(lost[TS_LOST_NO_RING], 0);
	ts_reader_lost_told(reader);
	assert_false(ts_reader_lost(reader, lost));
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_no_descriptor_left(void **state)
{
	struct rlimit limit, none;
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	put_end(&spool, 0, 1);
	reader = open_reader(&spool);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(pass(reader), -EMFILE); /* to map its first page */
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	put_end(&spool, 0, 2);
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(pass(reader), -EMFILE); /* to read its data */
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.ticks[0], 2);
	assert_int_equal(ts_reader_damage(reader).rings + ts_reader_damage(reader).faults, 0);
	ts_reader_free(reader);
	spool_remove(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_spool),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_wrap_around_and_full),
		cmocka_unit_test(test_uncommitted_events_come_again),
		cmocka_unit_test(test_a_refused_event_comes_again),
		cmocka_unit_test(test_rings_take_turns),
		cmocka_unit_test(test_rings_are_read_to_their_heads_in_order),
		cmocka_unit_test(test_thread_names),
		cmocka_unit_test(test_lost_is_told_once),
		cmocka_unit_test(test_no_descriptor_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
