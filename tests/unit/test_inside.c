// SPDX-License-Identifier: Apache-2.0
/* What a program is inside of, looked at from outside: whole, damaged, and while all of it moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "reader_fixture.h"
#include "runtime/assemble/assemble.h"
#include "runtime/live/inside.h"
#include "runtime/log/segment.h"

static struct ts_inside *look(const struct spool *spool)
{
	struct ts_inside *inside;

	assert_int_equal(ts_inside_new(&inside, spool->path, NULL), 0);
	assert_int_equal(ts_inside_look(inside, NULL), 0);
	return inside;
}

static size_t damaged;

static size_t count(const struct spool *spool)
{
	struct ts_inside *inside = look(spool);
	size_t n;

	ts_inside_calls(inside, &n);
	damaged = ts_inside_damaged(inside);
	ts_inside_free(inside);
	return n;
}

/* The call whose begin has these ticks; NULL. */
static const struct ts_inside_call *find(const struct ts_inside *inside, uint64_t ticks)
{
	size_t n;
	const struct ts_inside_call *calls = ts_inside_calls(inside, &n);

	for (size_t i = 0; i < n; i++)
		if (calls[i].begin->ticks == ticks)
			return &calls[i];
	return NULL;
}

static void test_what_is_no_spool(void **state)
{
	struct ts_error err = {0};
	struct ts_inside *inside = NULL;
	struct spool spool;

	(void)state;
	assert_int_equal(ts_inside_new(&inside, "/nowhere", &err), -ENOENT);
	assert_string_equal(err.text, "/nowhere: No such file or directory");
	spool_new(&spool);
	spool.process->version++;
	assert_int_equal(ts_inside_new(&inside, spool.path, &err), -EBADMSG);
	spool.process->version--;
	assert_int_equal(truncate(strcat(strcpy(err.text, spool.path), "/process"), 100), 0);
	assert_int_equal(ts_inside_new(&inside, spool.path, &err), -EBADMSG);
	assert_null(inside);
	spool_remove(&spool);
}

static void test_open_calls_of_all_rings(void **state)
{
	struct ts_inside *inside;
	struct record record;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	assert_int_equal(count(&spool), 0);
	spool_settings(&spool, "sqlite:/tmp/x.db", "", "");
	spool_thunk(&spool, 0, TS_KIND_LLM, "claude", "claude_complete", "", NULL);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	record_thread(&record, 42, "worker");
	spool_put(&spool, 0, &record);
	put_begin(&spool, 0, 10);
	put_begin(&spool, 0, 20);
	put_begin(&spool, 0, 30);
	put_begin(&spool, 1, 40);
	put_end(&spool, 0, 20); /* not the innermost */
	put_end(&spool, 1, 10); /* in another thread's ring */
	put_end(&spool, 1, 50); /* of which no begin was recorded */
	inside = look(&spool);
	assert_null(find(inside, 10));
	assert_null(find(inside, 20));
	assert_non_null(find(inside, 30));
	assert_string_equal(find(inside, 30)->thread_name, "worker");
	assert_string_equal(find(inside, 30)->thunk->span_name, "llm:claude");
	assert_string_equal(find(inside, 40)->thread_name, "");
	assert_string_equal(ts_inside_settings(inside)->program, "/usr/bin/bot");
	assert_int_equal(count(&spool), 2);
	ts_inside_free(inside);
	ts_inside_free(NULL);
	spool_remove(&spool);
}

/* Begins whose places were given back are in `open`; some of it is in a ring, too. */
static void test_what_open_remembers(void **state)
{
	struct ts_assembler *assembler;
	struct ts_inside *inside;
	struct ts_reader *reader;
	struct ts_batch batch;
	struct record record;
	struct spool spool;
	uint64_t tails[2];

	(void)state;
	spool_new(&spool);
	spool_settings(&spool, "sqlite:/tmp/x.db", "", "");
	spool_thunk(&spool, 0, TS_KIND_AGENT, "trainer", "trainer_run", "", NULL);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	record_thread(&record, 42, "worker");
	spool_put(&spool, 0, &record);
	put_begin(&spool, 0, 10);
	put_begin(&spool, 0, 20);
	put_end(&spool, 1, 20);
	reader = open_reader(&spool);
	assert_int_equal(ts_assembler_new(&assembler, reader, NULL), 0);
	assert_int_equal(ts_assembler_pass(assembler, &batch, NULL), 0);
	assert_int_equal(ts_assembler_commit(assembler, NULL), 0);
	assert_int_equal(spool.rings[0]->tail, spool.rings[0]->head);
	put_begin(&spool, 0, 30);
	inside = look(&spool);
	assert_string_equal(find(inside, 10)->thread_name, "worker");
	assert_non_null(find(inside, 30));
	ts_inside_free(inside);

	/* a consumer that was killed between `open` and the tails */
	tails[0] = spool.rings[0]->tail;
	tails[1] = spool.rings[1]->tail;
	spool.rings[0]->tail = spool.rings[1]->tail = 0;
	assert_int_equal(count(&spool), 2);
	spool.rings[0]->tail = tails[0];
	spool.rings[1]->tail = tails[1];
	put_end(&spool, 1, 10);
	assert_int_equal(count(&spool), 1);
	assert_int_equal(ts_assembler_pass(assembler, &batch, NULL), 0);
	assert_int_equal(ts_assembler_commit(assembler, NULL), 0);
	spool.rings[0]->tail = tails[0];
	spool.rings[1]->tail = tails[1];
	assert_int_equal(count(&spool), 1);
	ts_assembler_free(assembler);
	ts_reader_free(reader);
	spool_remove(&spool);
}

/* The looker's moment is the end: who began later, or ended later, is none of its business. */
static void test_later_does_not_count(void **state)
{
	struct record record;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	put_begin(&spool, 0, 10);
	put_begin(&spool, 0, UINT64_MAX / 2);
	assert_int_equal(count(&spool), 1);
	record_end(&record, 1, 11, TS_OUTCOME_OK, 0, UINT64_MAX / 2);
	spool_put(&spool, 0, &record);
	assert_int_equal(count(&spool), 1);
	spool_remove(&spool);
}

/* --- damage ------------------------------------------------------------------------------------ */

static void fill(struct spool *spool)
{
	spool_new(spool);
	spool_ring(spool, 4096);
	spool_ring(spool, 4096);
	put_begin(spool, 0, 10);
	put_begin(spool, 1, 20);
}

static void test_rings_that_make_no_sense(void **state)
{
	static const struct {
		size_t offset;
		uint64_t value;
	} faults[] = {
		{offsetof(struct ts_abi_ring, magic), 0},
		{offsetof(struct ts_abi_ring, version), 0},
		{offsetof(struct ts_abi_ring, bytes), 0},
		{offsetof(struct ts_abi_ring, bytes), 4097},
		{offsetof(struct ts_abi_ring, bytes), 1ULL << 40},
		{offsetof(struct ts_abi_ring, bytes), 1ULL << 20},
		{offsetof(struct ts_abi_ring, head), 1},
		{offsetof(struct ts_abi_ring, head), 4096 + 8},
		{offsetof(struct ts_abi_ring, head), UINT64_MAX - 7},
		{offsetof(struct ts_abi_ring, tail), 4},
		{offsetof(struct ts_abi_ring, tail), 8192},
		{offsetof(struct ts_abi_ring, tail), UINT64_MAX - 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct spool spool;

		fill(&spool);
		memcpy((char *)spool.rings[0] + faults[i].offset, &faults[i].value,
		       sizeof(faults[i].value));
		/* one that only says it is larger is read as far as there is something */
		assert_int_equal(count(&spool), faults[i].value == 1ULL << 20 ? 2 : 1);
		assert_int_equal(damaged, faults[i].value == 1ULL << 20 ? 0 : 1);
		spool_remove(&spool);
	}
}

static void test_rings_that_are_cut_or_missing(void **state)
{
	struct spool spool;
	char path[512];

	(void)state;
	fill(&spool);
	spool_file(&spool, "ring-0", path);
	assert_int_equal(truncate(path, TS_ABI_PAGE + 40), 0);
	assert_int_equal(count(&spool), 1);
	assert_int_equal(damaged, 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(count(&spool), 1);
	assert_int_equal(damaged, 1);
	spool.process->n_rings = UINT32_MAX;
	assert_int_equal(count(&spool), 1);
	spool_remove(&spool);
}

/* Whatever an event says of itself: what lies before it counts. */
static void test_events_that_are_none(void **state)
{
	struct spool spool;

	(void)state;
	for (unsigned at = 0; at < sizeof(struct ts_event); at++) {
		for (unsigned value = 0; value < 256; value += 51) {
			struct record record;
			size_t n;

			fill(&spool);
			record_begin(&record, TS_BEGIN_SPAN, 1, 99, 0, 0, 30);
			record.bytes[at] = (unsigned char)value;
			spool_put_bytes(&spool, 0, &record, sizeof(record.begin));
			n = count(&spool);
			assert_true(n == 2 || n == 3);
			spool_remove(&spool);
		}
	}
}

static void test_a_segment_of_anything(void **state)
{
	uint64_t words[64];
	struct spool spool;

	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		fill(&spool);
		srandom(seed);
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			words[i] = (uint64_t)random() << (random() % 33);
		assert_int_equal(ts_segment_append(spool.path, 0, words, sizeof(words), NULL), 0);
		assert_true(count(&spool) >= 2);
		spool_remove(&spool);
	}
}

/* --- while all of it moves ---------------------------------------------------------------------- */

#define PRODUCERS 3
#define LOOKS     150

static struct spool busy;
static volatile int stop;
static int n_busy;

static uint64_t now_ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void put_when_there_is_room(uint32_t ring, const struct record *record)
{
	while (!spool_put(&busy, ring, record) && !stop)
		sched_yield();
}

/* A trace, an agent in it and calls in that; every second call ends in the ring that all share. */
static void *produce(void *number)
{
	uint32_t ring = (uint32_t)(uintptr_t)number;
	uint64_t id = (uint64_t)ring << 32;
	bool inside = false;
	struct record record;

	while (!stop) {
		uint64_t trace = ++id, agent = ++id;

		record_begin(&record, TS_BEGIN_TRACE, trace, 0, 0, 0, now_ticks());
		put_when_there_is_room(ring, &record);
		record_begin(&record, TS_BEGIN_SPAN, trace, agent, 0, 0, now_ticks());
		put_when_there_is_room(ring, &record);
		if (!inside)
			__atomic_add_fetch(&n_busy, 1, __ATOMIC_RELEASE);
		inside = true;
		for (int i = 0; i < 5; i++) {
			uint64_t call = ++id;

			record_begin(&record, TS_BEGIN_SPAN, trace, call, agent, 0, now_ticks());
			record_string(&record, 0, "what was asked");
			put_when_there_is_room(ring, &record);
			record_end(&record, trace, call, TS_OUTCOME_OK, 0, now_ticks());
			put_when_there_is_room(ring == 1 && i % 2 ? 0 : ring, &record);
		}
		record_end(&record, trace, agent, TS_OUTCOME_OK, 0, now_ticks());
		put_when_there_is_room(ring, &record);
		record_end(&record, trace, 0, TS_OUTCOME_OK, 0, now_ticks());
		put_when_there_is_room(ring, &record);
	}
	return NULL;
}

static void *consume(void *assembler)
{
	struct ts_batch batch;

	while (!stop) {
		assert_true(ts_assembler_pass(assembler, &batch, NULL) >= 0);
		assert_int_equal(ts_assembler_commit(assembler, NULL), 0);
	}
	return NULL;
}

static bool has(const struct ts_inside_call *calls, size_t n, const uint8_t trace[16],
		const uint8_t span[16])
{
	for (size_t i = 0; i < n; i++)
		if (!memcmp(calls[i].begin->trace_id, trace, 16) &&
		    !memcmp(calls[i].begin->span_id, span, 16))
			return true;
	return false;
}

/* No call without the one around it, and of each thread three at most. */
static void check(const struct ts_inside_call *calls, size_t n)
{
	static const uint8_t none[16];

	assert_true(n <= 3 * PRODUCERS);
	for (size_t i = 0; i < n; i++) {
		const struct ts_event_begin *begin = calls[i].begin;

		if (begin->event.flags & TS_BEGIN_PARENT)
			assert_true(has(calls, n, begin->trace_id, begin->parent_id));
		else if (!(begin->event.flags & TS_BEGIN_TRACE))
			assert_true(has(calls, n, begin->trace_id, none));
	}
}

static void test_while_rings_fill_and_are_given_back(void **state)
{
	pthread_t producers[PRODUCERS], consumer;
	struct ts_assembler *assembler;
	struct ts_reader *reader;
	size_t seen_any = 0;

	(void)state;
	spool_new(&busy);
	spool_settings(&busy, "sqlite:/tmp/x.db", "", "");
	spool_thunk(&busy, 0, TS_KIND_AGENT, "trainer", "trainer_run", "", "prompt");
	for (int i = 0; i <= PRODUCERS; i++)
		spool_ring(&busy, 4096);
	reader = open_reader(&busy);
	assert_int_equal(ts_assembler_new(&assembler, reader, NULL), 0);
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		pthread_create(&producers[i], NULL, produce, (void *)(i + 1));
	pthread_create(&consumer, NULL, consume, assembler);
	while (__atomic_load_n(&n_busy, __ATOMIC_ACQUIRE) < PRODUCERS)
		sched_yield();
	for (int i = 0; i < LOOKS; i++) {
		struct ts_inside *inside = look(&busy);
		size_t n;
		const struct ts_inside_call *calls = ts_inside_calls(inside, &n);

		assert_int_equal(ts_inside_damaged(inside), 0);
		check(calls, n);
		seen_any += n > 0;
		ts_inside_free(inside);
	}
	stop = 1;
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	pthread_join(consumer, NULL);
	assert_true(seen_any > LOOKS / 2);
	ts_assembler_free(assembler);
	ts_reader_free(reader);
	spool_remove(&busy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_spool),
		cmocka_unit_test(test_open_calls_of_all_rings),
		cmocka_unit_test(test_what_open_remembers),
		cmocka_unit_test(test_later_does_not_count),
		cmocka_unit_test(test_rings_that_make_no_sense),
		cmocka_unit_test(test_rings_that_are_cut_or_missing),
		cmocka_unit_test(test_events_that_are_none),
		cmocka_unit_test(test_a_segment_of_anything),
		cmocka_unit_test(test_while_rings_fill_and_are_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
