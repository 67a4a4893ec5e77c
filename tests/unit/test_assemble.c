// SPDX-License-Identifier: Apache-2.0
/* Begins meet their ends, in any order, over crashes too; each span is handed out once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assemble_fixture.h"

static void test_end_is_read_before_its_begin(void **state)
{
	struct fixture *f = *state;

	put_end(f, 0, 1, 2, 20);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	pass(f, 0, 1);
	assert_true(f->batch.spans[0].duration_ms == 1e-5);
	commit(f);
	/* in a later pass */
	record_end(&f->record, 1, 3, TS_OUTCOME_OK, 0, 20);
	record_string(&f->record, TS_PARAM_RESULT, "out");
	put(f, 0);
	pass_and_commit(f, 0, 0);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 3, 0, LEARN, 10);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].output_data, "{\"result\":\"out\"}");
	commit(f);
}

/* The end's place was given back, its reader killed, and only then its begin is read. */
static void test_an_early_end_outlives_its_reader(void **state)
{
	struct fixture *f = *state;
	off_t remembered;

	record_end(&f->record, 1, 3, TS_OUTCOME_OK, 0, 20);
	record_string(&f->record, TS_PARAM_RESULT, "out");
	put(f, 0);
	pass_and_commit(f, 0, 0);
	remembered = open_bytes(f);
	reopen(f);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 3, 0, LEARN, 10);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].output_data, "{\"result\":\"out\"}");
	commit(f);
	assert_int_equal(open_bytes(f), remembered);
	reopen(f);
	pass_and_commit(f, 0, 0);
	interrupt(f, 0, 0);
}

static void test_end_without_begin_is_dropped_in_the_end(void **state)
{
	struct fixture *f = *state;

	put_end(f, 0, 1, 2, 20);
	put_end(f, 0, 1, 3, 20);
	pass_and_commit(f, 0, 0);
	pass_and_commit(f, 0, 0);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	pass_and_commit(f, 0, 1);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 3, 0, LEARN, 10);
	pass_and_commit(f, 0, 0);
	assert_int_equal(ts_assembler_n_open(f->assembler), 1);
}

static void test_begin_seen_twice(void **state)
{
	struct fixture *f = *state;

	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	pass_and_commit(f, 0, 0);
	assert_int_equal(ts_assembler_n_open(f->assembler), 1);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	put_end(f, 0, 1, 2, 20);
	pass_and_commit(f, 0, 1);
	assert_int_equal(ts_assembler_n_open(f->assembler), 0);
}

static void test_many_open_traces(void **state)
{
	struct fixture *f = *state;

	for (uint64_t trace = 1; trace <= 700; trace++)
		put_begin(f, 0, TS_BEGIN_TRACE, trace, 0, 0, LEARN, trace);
	pass_and_commit(f, 0, 0);
	assert_int_equal(ts_assembler_n_open(f->assembler), 700);
	for (uint64_t trace = 700; trace >= 1; trace--)
		put_end(f, 1, trace, 0, trace + 1000);
	pass(f, 700, 0);
	for (size_t i = 0; i < 700; i++)
		assert_true(f->batch.traces[i].duration_ms == 0.001);
	commit(f);
}

static void test_the_rule_of_the_batch(void **state)
{
	struct fixture *f = *state;
	struct ts_batch again;

	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	put_end(f, 0, 1, 2, 20);
	pass(f, 0, 1);
	assert_int_equal(ts_assembler_pass(f->assembler, &again, NULL), -EBUSY);
	assert_int_equal(ts_assembler_interrupt(f->assembler, &again, NULL), -EBUSY);
	assert_string_equal(f->batch.spans[0].span_name, "pipeline:learn");
	assert_int_equal(f->spool.rings[0]->tail, 0);
	reopen(f);
	pass_and_commit(f, 0, 1);
	reopen(f);
	pass_and_commit(f, 0, 0);
}

/* Every open span's begin stands in `open` before the tail passes it [L5]. */
static void test_open_calls_outlive_their_reader(void **state)
{
	struct fixture *f = *state;

	record_thread(&f->record, 42, "worker");
	put(f, 0);
	record_begin(&f->record, TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 10);
	record_string(&f->record, 0, "hello");
	put(f, 0);
	pass_and_commit(f, 0, 0);
	assert_int_equal(f->spool.rings[0]->tail, f->spool.rings[0]->head);
	reopen(f);
	assert_int_equal(ts_assembler_n_open(f->assembler), 1);
	put_end(f, 1, 1, 2, 1010);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].input_data, "{\"prompt\":\"hello\"}");
	assert_string_equal(f->batch.spans[0].attributes, "{\"thread_name\":\"worker\"}");
	commit(f);
	reopen(f); /* stored: not to be interrupted now */
	assert_int_equal(ts_assembler_n_open(f->assembler), 0);
	pass_and_commit(f, 0, 0);
}

static void test_commit_that_cannot_write(void **state)
{
	struct fixture *f = *state;
	char path[512];

	spool_file(&f->spool, "open", path);
	assert_int_equal(mkdir(path, 0700), 0);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 3, 0, LEARN, 10);
	put_end(f, 0, 1, 3, 20);
	pass(f, 0, 1);
	assert_true(ts_assembler_commit(f->assembler, NULL) < 0);
	assert_int_equal(f->spool.rings[0]->tail, 0);
	assert_string_equal(f->batch.spans[0].span_name, "pipeline:learn");
	rmdir(path);
	commit(f);
	assert_int_equal(f->spool.rings[0]->tail, f->spool.rings[0]->head);
	assert_int_equal(open_bytes(f),
			 sizeof(struct ts_event_thread) + sizeof(struct ts_event_begin));
	reopen(f);
	assert_int_equal(ts_assembler_n_open(f->assembler), 1);
}

static void test_interrupted(void **state)
{
	struct fixture *f = *state;
	bool seen[5] = {0};

	put_begin(f, 0, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 1000);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 3000);
	pass_and_commit(f, 0, 0);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 3, 2, CLAUDE, 9000);
	put_begin(f, 1, TS_BEGIN_SPAN, 1, 4, 2, CLAUDE, 4000); /* read last */
	reopen(f);
	pass_and_commit(f, 0, 0);
	interrupt(f, 1, 3);
	assert_string_equal(f->batch.traces[0].error, "interrupted");
	assert_false(f->batch.traces[0].success);
	assert_true(f->batch.traces[0].duration_ms == 0.008);
	assert_int_equal(f->batch.traces[0].ended_us, SPOOL_EPOCH_US + 9);
	for (int i = 0; i < 3; i++) {
		const struct ts_span *span = &f->batch.spans[i];

		seen[span->span_id.bytes[15]] = true;
		assert_string_equal(span->error, "interrupted");
		assert_null(span->output_data);
		assert_int_equal(span->ended_us, SPOOL_EPOCH_US + 9);
		assert_true(span->started_us <= span->ended_us);
	}
	assert_true(seen[2] && seen[3] && seen[4]);
	commit(f);
	interrupt(f, 0, 0);
	reopen(f);
	assert_int_equal(ts_assembler_n_open(f->assembler), 0);
}

static void test_many_interrupted_come_in_parts(void **state)
{
	enum { CALLS = 60, TEXT = 50000 };
	struct fixture *f = *state;
	char *text = calloc(1, TEXT), path[512];
	struct stat status;
	ino_t file = 0;
	size_t n = 0;
	int more;

	memset(text, 'x', TEXT);
	for (uint64_t i = 1; i <= CALLS; i++) {
		record_begin(&f->record, TS_BEGIN_SPAN, 1, i, 0, TRAINER, i);
		record_value(&f->record, 0, TS_VALUE_STRING, text, TEXT);
		put(f, 0);
		pass_and_commit(f, 0, 0);
		spool_file(&f->spool, "open", path);
		assert_int_equal(stat(path, &status), 0);
		file = file ? file : status.st_ino;
	}
	/* all of it is needed, so there was nothing to gain from a new file */
	assert_int_equal(status.st_ino, file);
	do {
		more = ts_assembler_interrupt(f->assembler, &f->batch, NULL);
		assert_true(more >= 0 && f->batch.n_spans < CALLS);
		n += f->batch.n_spans;
		commit(f);
	} while (more);
	assert_int_equal(n, CALLS);
	free(text);
}

/* `open` does not grow without bounds, and forgets nothing when it is written anew. */
static void test_compaction(void **state)
{
	enum { TEXT = 20000, ROUNDS = 300 };
	struct fixture *f = *state;
	char *text = calloc(1, TEXT), path[512];
	struct stat status;
	off_t largest = 0;

	memset(text, 'x', TEXT);
	put_begin(f, 0, TS_BEGIN_TRACE, 7, 0, 0, LEARN, 5);
	spool_file(&f->spool, "open", path);
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		record_begin(&f->record, TS_BEGIN_SPAN, 7, i, 0, TRAINER, i);
		record_value(&f->record, 0, TS_VALUE_STRING, text, TEXT);
		put(f, 0);
		pass_and_commit(f, 0, 0);
		put_end(f, 0, 7, i, i + 1);
		pass_and_commit(f, 0, 1);
		assert_int_equal(stat(path, &status), 0);
		largest = status.st_size > largest ? status.st_size : largest;
	}
	assert_in_range(largest, 1 << 19, (1 << 20) + 2 * TEXT);
	reopen(f);
	assert_int_equal(ts_assembler_n_open(f->assembler), 1);
	pass_and_commit(f, 0, 0);
	interrupt(f, 1, 0);
	assert_true(has_id(&f->batch.traces[0].trace_id, 7));
	free(text);
}

/* A write to `open` that was cut off, at any byte: what was before it counts. */
static void test_torn_segment(void **state)
{
	struct fixture *f = *state;
	struct stat status;
	char path[512];

	spool_file(&f->spool, "open", path);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	pass_and_commit(f, 0, 0);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 3, 0, LEARN, 11);
	pass_and_commit(f, 0, 0);
	assert_int_equal(stat(path, &status), 0);
	for (off_t bytes = status.st_size - 1; bytes >= 0; bytes--) {
		assert_int_equal(truncate(path, bytes), 0);
		reopen(f);
		assert_int_equal(ts_assembler_n_open(f->assembler), bytes >= status.st_size / 2);
	}
}

enum { SPANS = 600 };

static void count_rows(struct fixture *f, const uint8_t *stage, uint8_t *rows)
{
	for (size_t i = 0; i < f->batch.n_spans; i++) {
		const uint8_t *bytes = f->batch.spans[i].span_id.bytes;
		unsigned n = bytes[14] * 256u + bytes[15];

		assert_int_equal(stage[n], 2);
		assert_true(f->batch.spans[i].duration_ms == 2 * n / 1e6);
		rows[n]++;
	}
	commit(f);
}

/* Two rings, any interleaving of writes, passes, commits and killed readers: each span once. */
static void test_random_order(void **state)
{
	struct fixture *f = *state;
	uint8_t stage[SPANS + 1] = {0}, rows[SPANS + 1] = {0};

	srand(99);
	for (int step = 0; step < 6000; step++) {
		uint64_t id = 1 + (uint64_t)rand() % SPANS;

		if (stage[id] == 0)
			put_begin(f, (uint32_t)rand() % 2, TS_BEGIN_SPAN, 1, id, 0, LEARN, id);
		else if (stage[id] == 1)
			put_end(f, (uint32_t)rand() % 2, 1, id, 3 * id);
		stage[id] += stage[id] < 2;
		if (rand() % 4)
			continue;
		assert_int_equal(ts_assembler_pass(f->assembler, &f->batch, NULL), 0);
		if (rand() % 4)
			count_rows(f, stage, rows);
		else
			reopen(f);
	}
	assert_int_equal(ts_assembler_pass(f->assembler, &f->batch, NULL), 0);
	count_rows(f, stage, rows);
	for (uint64_t id = 1; id <= SPANS; id++)
		assert_int_equal(rows[id], stage[id] == 2);
}

/* A damaged process file or ring behind a working reader: rows or none, but no crash. */
static void test_every_byte_of_a_spool_flipped(void **state)
{
	struct fixture *f = *state;
	uint64_t head;
	char path[512];

	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	record_begin(&f->record, TS_BEGIN_TRACE | TS_BEGIN_SPAN, 3, 3, 2, CLAUDE, 10);
	record_tenant(&f->record, "t");
	record_string(&f->record, 0, "{\"password\":1}");
	put(f, 0);
	make_end(f, TS_OUTCOME_FAILED, 5);
	record_int(&f->record, TS_PARAM_RESULT, -1);
	put(f, 0);
	put_end(f, 0, 3, 3, 20);
	head = f->spool.rings[0]->head;
	spool_file(&f->spool, "open", path);
	for (size_t at = 0; at < head; at++) {
		unsigned char *byte = (unsigned char *)f->spool.rings[0] + TS_ABI_PAGE + at;

		*byte ^= 0xff;
		reopen(f);
		assert_int_equal(ts_assembler_pass(f->assembler, &f->batch, NULL), 0);
		commit(f);
		assert_int_equal(ts_assembler_interrupt(f->assembler, &f->batch, NULL), 0);
		commit(f);
		*byte ^= 0xff;
		f->spool.rings[0]->tail = 0;
		unlink(path);
	}
	reopen(f);
	pass_and_commit(f, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_end_is_read_before_its_begin),
		TEST(test_an_early_end_outlives_its_reader),
		TEST(test_end_without_begin_is_dropped_in_the_end),
		TEST(test_begin_seen_twice),
		TEST(test_many_open_traces),
		TEST(test_the_rule_of_the_batch),
		TEST(test_open_calls_outlive_their_reader),
		TEST(test_commit_that_cannot_write),
		TEST(test_interrupted),
		TEST(test_many_interrupted_come_in_parts),
		TEST(test_compaction),
		TEST(test_torn_segment),
		TEST(test_random_order),
		TEST(test_every_byte_of_a_spool_flipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
