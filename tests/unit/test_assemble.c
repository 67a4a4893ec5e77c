// SPDX-License-Identifier: Apache-2.0
/* Events -> rows: every begin that meets its end, in any order, over crashes too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "runtime/assemble.h"
#include "runtime/reader.h"
#include "spool_builder.h"

enum { LEARN, TRAINER, CLAUDE, CHECK };

/* A spool with two rings, and whoever reads it. */
struct fixture {
	struct spool spool;
	struct ts_reader *reader;
	struct ts_assembler *assembler;
	struct ts_batch batch;
	struct record record;
};

static void open_reader(struct fixture *f)
{
	assert_int_equal(ts_reader_new(&f->reader, f->spool.path, NULL, NULL), 0);
	assert_int_equal(ts_assembler_new(&f->assembler, f->reader, NULL), 0);
}

static void close_reader(struct fixture *f)
{
	ts_assembler_free(f->assembler);
	ts_reader_free(f->reader);
}

/* The reader is killed, and another comes. */
static void reopen(struct fixture *f)
{
	close_reader(f);
	open_reader(f);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	spool_new(&f->spool);
	spool_settings(&f->spool, "sqlite:x", "acme", "password");
	spool_thunk(&f->spool, LEARN, TS_KIND_PIPELINE, "learn", "handle_learn", "< 0",
		    "telegram_id,user_id,session_id,tenant_id");
	spool_thunk(&f->spool, TRAINER, TS_KIND_AGENT, "trainer", "trainer_run", "NULL", "prompt");
	spool_thunk(&f->spool, CLAUDE, TS_KIND_LLM, "claude", "claude_complete", "",
		    "model,prompt");
	spool_thunk(&f->spool, CHECK, TS_KIND_STEP, "check", "check", "false", NULL);
	spool_ring(&f->spool, 1 << 16);
	spool_ring(&f->spool, 1 << 16);
	open_reader(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close_reader(f);
	spool_remove(&f->spool);
	free(f);
	return 0;
}

static void put(struct fixture *f, uint32_t ring)
{
	assert_true(spool_put(&f->spool, ring, &f->record));
}

static void put_begin(struct fixture *f, uint32_t ring, uint16_t flags, uint64_t trace,
		      uint64_t span, uint64_t parent, uint32_t thunk, uint64_t ticks)
{
	record_begin(&f->record, flags, trace, span, parent, thunk, ticks);
	put(f, ring);
}

static void put_end(struct fixture *f, uint32_t ring, uint64_t trace, uint64_t span, uint64_t ticks)
{
	record_end(&f->record, trace, span, TS_OUTCOME_OK, 0, ticks);
	put(f, ring);
}

static void pass(struct fixture *f, size_t n_traces, size_t n_spans)
{
	assert_int_equal(ts_assembler_pass(f->assembler, &f->batch, NULL), 0);
	assert_int_equal(f->batch.n_traces, n_traces);
	assert_int_equal(f->batch.n_spans, n_spans);
}

static void commit(struct fixture *f)
{
	assert_int_equal(ts_assembler_commit(f->assembler, NULL), 0);
}

static void pass_and_commit(struct fixture *f, size_t n_traces, size_t n_spans)
{
	pass(f, n_traces, n_spans);
	commit(f);
}

static void interrupt(struct fixture *f, size_t n_traces, size_t n_spans)
{
	assert_int_equal(ts_assembler_interrupt(f->assembler, &f->batch, NULL), 0);
	assert_int_equal(f->batch.n_traces, n_traces);
	assert_int_equal(f->batch.n_spans, n_spans);
}

/* Of the segment `open`. */
static off_t open_bytes(struct fixture *f)
{
	struct stat status;
	char path[512];

	spool_file(&f->spool, "open", path);
	return stat(path, &status) ? 0 : status.st_size;
}

static bool has_id(const struct ts_uuid *uuid, uint64_t number)
{
	struct ts_uuid wanted;

	record_id(wanted.bytes, number);
	return !memcmp(uuid, &wanted, sizeof(wanted));
}

/* --- rows ------------------------------------------------------------------------------ */

static void test_a_trace_and_its_spans(void **state)
{
	struct fixture *f = *state;
	const struct ts_trace *trace;
	const struct ts_span *span;

	record_thread(&f->record, 42, "main");
	put(f, 0);
	record_begin(&f->record, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 1000000);
	record_int(&f->record, 0, 4711);
	put(f, 0);
	record_begin(&f->record, TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 2000999);
	record_string(&f->record, 0, "{\"password\":\"x\"}");
	put(f, 0);
	record_begin(&f->record, TS_BEGIN_SPAN, 1, 3, 2, CLAUDE, 3000000);
	record_string(&f->record, 0, "opus");
	put(f, 0);
	put_end(f, 0, 1, 3, 4000000);
	record_end(&f->record, 1, 2, TS_OUTCOME_OK, 0, 5001999);
	record_string(&f->record, TS_PARAM_RESULT, "done");
	put(f, 0);
	put_end(f, 0, 1, 0, 6500000);
	pass(f, 1, 2);

	trace = &f->batch.traces[0];
	assert_true(has_id(&trace->trace_id, 1));
	assert_string_equal(trace->tenant_id, "acme");
	assert_string_equal(trace->pipeline_name, "learn");
	assert_true(trace->telegram_id.known && trace->telegram_id.value == 4711);
	assert_null(trace->user_id);
	assert_null(trace->session_id);
	assert_int_equal(trace->started_us, SPOOL_EPOCH_US + 1000);
	assert_int_equal(trace->ended_us, SPOOL_EPOCH_US + 6500);
	assert_int_equal(trace->created_us, trace->ended_us);
	assert_true(trace->duration_ms == 5.5);
	assert_true(trace->success);
	assert_null(trace->error);
	assert_string_equal(trace->input_data, "{\"telegram_id\":4711}");
	assert_null(trace->output_data);
	assert_string_equal(trace->program, "/usr/bin/bot");
	assert_string_equal(trace->host, "host.example");
	assert_int_equal(trace->pid, 4242);
	assert_string_equal(trace->attributes, "{\"thread_name\":\"main\"}");

	span = &f->batch.spans[0];
	assert_true(has_id(&span->trace_id, 1) && has_id(&span->span_id, 3));
	assert_true(span->has_parent && has_id(&span->parent_span_id, 2));
	assert_string_equal(span->span_name, "llm:claude");
	assert_string_equal(span->kind, "llm");
	assert_string_equal(span->function, "claude_complete");
	assert_string_equal(span->model, "opus");
	assert_string_equal(span->provider, "claude");
	assert_false(span->input_tokens.known || span->output_tokens.known ||
		     span->cost_nano_usd.known);
	assert_int_equal(span->thread_id, 42);

	span = &f->batch.spans[1];
	assert_true(has_id(&span->span_id, 2));
	assert_false(span->has_parent);
	assert_string_equal(span->tenant_id, "acme");
	assert_null(span->model);
	assert_null(span->provider);
	assert_string_equal(span->input_data,
			    "{\"prompt\":\"{\\\"password\\\":\\\"[redacted]\\\"}\"}");
	assert_string_equal(span->output_data, "{\"result\":\"done\"}");
	assert_int_equal(span->started_us, SPOOL_EPOCH_US + 2000);
	assert_int_equal(span->ended_us, SPOOL_EPOCH_US + 5001);
	assert_true(span->duration_ms == 3.001);
	commit(f);
	assert_int_equal(f->spool.rings[0]->tail, f->spool.rings[0]->head);
	pass_and_commit(f, 0, 0);
	assert_int_equal(open_bytes(f), 0);
}

static void test_an_orphan_has_both_rows(void **state)
{
	struct fixture *f = *state;

	put_begin(f, 0, TS_BEGIN_TRACE | TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 10);
	put_end(f, 0, 1, 2, 20);
	pass(f, 1, 1);
	assert_string_equal(f->batch.traces[0].pipeline_name, "trainer");
	assert_string_equal(f->batch.spans[0].span_name, "agent:trainer");
	assert_true(has_id(&f->batch.traces[0].trace_id, 1));
	assert_true(has_id(&f->batch.spans[0].span_id, 2));
	assert_null(f->batch.spans[0].attributes);
	commit(f);
}

static void columns(struct fixture *f, const char *telegram_id, bool known, int64_t value)
{
	record_begin(&f->record, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 10);
	record_string(&f->record, 0, telegram_id);
	put(f, 0);
	put_end(f, 0, 1, 0, 20);
	pass(f, 1, 0);
	assert_int_equal(f->batch.traces[0].telegram_id.known, known);
	assert_int_equal(f->batch.traces[0].telegram_id.value, value);
	commit(f);
}

static void test_columns_of_a_trace(void **state)
{
	struct fixture *f = *state;
	uint64_t most = UINT64_MAX;

	columns(f, "12", true, 12);
	columns(f, "-1001234567890", true, -1001234567890);
	columns(f, "9223372036854775807", true, INT64_MAX);
	columns(f, "-9223372036854775808", true, INT64_MIN);
	columns(f, "9223372036854775808", false, 0);
	columns(f, "-9223372036854775809", false, 0);
	columns(f, "99999999999999999999999", false, 0);
	columns(f, "", false, 0);
	columns(f, "-", false, 0);
	columns(f, "12a", false, 0);
	columns(f, " 12", false, 0);

	record_begin(&f->record, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 10);
	record_value(&f->record, 0, TS_VALUE_UINT, &most, 8);
	record_int(&f->record, 1, -5);
	record_string(&f->record, 2, "s\xff");
	record_value(&f->record, 3, TS_VALUE_UINT, &most, 8);
	put(f, 0);
	put_end(f, 0, 1, 0, 20);
	pass(f, 1, 0);
	assert_false(f->batch.traces[0].telegram_id.known);
	assert_string_equal(f->batch.traces[0].user_id, "-5");
	assert_string_equal(f->batch.traces[0].session_id, "s\xef\xbf\xbd");
	assert_string_equal(f->batch.traces[0].tenant_id, "18446744073709551615");
	commit(f);
}

static void test_tenants(void **state)
{
	struct fixture *f = *state;

	record_begin(&f->record, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 10);
	record_tenant(&f->record, "zebra");
	record_string(&f->record, 3, "other");
	put(f, 0);
	record_begin(&f->record, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 11);
	record_tenant(&f->record, "zebra");
	put(f, 0);
	record_begin(&f->record, TS_BEGIN_SPAN, 1, 3, 0, LEARN, 12);
	record_string(&f->record, 3, "a span's own parameter does not count");
	put(f, 0);
	put_end(f, 0, 1, 2, 13);
	put_end(f, 0, 1, 3, 14);
	put_end(f, 0, 1, 0, 15);
	pass(f, 1, 2);
	assert_string_equal(f->batch.traces[0].tenant_id, "zebra");
	assert_string_equal(f->batch.spans[0].tenant_id, "zebra");
	assert_string_equal(f->batch.spans[1].tenant_id, "acme");
	commit(f);
}

static void check_error(struct fixture *f, uint32_t thunk, const char *wanted)
{
	struct record end = f->record;

	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, thunk, 10);
	f->record = end;
	put(f, 0);
	pass(f, 0, 1);
	assert_false(f->batch.spans[0].success);
	assert_string_equal(f->batch.spans[0].error, wanted);
	commit(f);
}

static void make_end(struct fixture *f, enum ts_outcome outcome, int error_number)
{
	record_end(&f->record, 1, 2, outcome, error_number, 20);
}

static void test_error_texts(void **state)
{
	struct fixture *f = *state;
	uint64_t word = 0;

	make_end(f, TS_OUTCOME_FAILED, ENOENT);
	record_int(&f->record, TS_PARAM_RESULT, -1);
	check_error(f, LEARN, "returned -1: No such file or directory");
	make_end(f, TS_OUTCOME_FAILED, ENOENT);
	f->record.event.flags = TS_END_ERRNO_KEPT;
	record_value(&f->record, TS_PARAM_RESULT, TS_VALUE_NULL, NULL, 0);
	check_error(f, TRAINER,
		    "returned NULL: No such file or directory (errno as before the call)");
	make_end(f, TS_OUTCOME_FAILED, 0);
	record_value(&f->record, TS_PARAM_RESULT, TS_VALUE_BOOL, &word, 8);
	check_error(f, CHECK, "returned false");
	make_end(f, TS_OUTCOME_FAILED, 0);
	word = 7;
	record_value(&f->record, TS_PARAM_RESULT, TS_VALUE_UINT, &word, 8);
	check_error(f, CHECK, "returned 7");
	make_end(f, TS_OUTCOME_FAILED, 0);
	check_error(f, LEARN, "returned < 0");
	make_end(f, TS_OUTCOME_FAILED, 99999);
	check_error(f, CLAUDE, "failed: error 99999");
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	check_error(f, LEARN, "left by an exception");
	make_end(f, TS_OUTCOME_LONGJMP, 0);
	check_error(f, LEARN, "left by longjmp");
	make_end(f, TS_OUTCOME_THREAD_EXITED, 0);
	check_error(f, LEARN, "thread exited");
	make_end(f, (enum ts_outcome)77, 0);
	check_error(f, LEARN, "failed");
}

static void test_errno_stands_in_the_attributes(void **state)
{
	struct fixture *f = *state;

	put_begin(f, 0, TS_BEGIN_TRACE | TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	make_end(f, TS_OUTCOME_FAILED, EIO);
	put(f, 0);
	pass(f, 1, 1);
	assert_string_equal(f->batch.spans[0].attributes, "{\"errno\":5}");
	assert_string_equal(f->batch.traces[0].attributes, "{\"errno\":5}");
	commit(f);
}

static void test_lost_counts_stand_in_one_trace(void **state)
{
	struct fixture *f = *state;

	f->spool.rings[1]->lost[TS_LOST_RING_FULL] = 12;
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 10);
	put_end(f, 0, 1, 2, 20);
	pass(f, 0, 1);
	assert_null(f->batch.spans[0].attributes);
	commit(f);
	for (uint64_t trace = 3; trace < 5; trace++) {
		put_begin(f, 0, TS_BEGIN_TRACE | TS_BEGIN_SPAN, trace, trace, 0, LEARN, 10);
		put_end(f, 0, trace, trace, 20);
	}
	pass(f, 2, 2);
	reopen(f); /* not stored: to be told again */
	pass(f, 2, 2);
	assert_string_equal(f->batch.traces[0].attributes, "{\"dropped\":{\"ring_full\":12}}");
	assert_null(f->batch.spans[0].attributes);
	assert_null(f->batch.traces[1].attributes);
	commit(f);
	reopen(f);
	put_begin(f, 0, TS_BEGIN_TRACE, 5, 0, 0, LEARN, 10);
	put_end(f, 0, 5, 0, 20);
	pass(f, 1, 0);
	assert_null(f->batch.traces[0].attributes);
	commit(f);
}

static void test_unknown_thunk(void **state)
{
	struct fixture *f = *state;

	record_begin(&f->record, TS_BEGIN_SPAN, 1, 2, 0, 1234, 10);
	record_int(&f->record, 0, 5);
	put(f, 0);
	put_end(f, 0, 1, 2, 20);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].span_name, "step:unknown");
	assert_string_equal(f->batch.spans[0].input_data, "{\"arg0\":5}");
	commit(f);
}

static void test_thunk_that_came_later(void **state)
{
	struct fixture *f = *state;

	spool_thunk(&f->spool, 50, TS_KIND_TOOL, "late", "late", "", NULL);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, 50, 10);
	put_end(f, 0, 1, 2, 20);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].span_name, "tool:late");
	commit(f);
}

/* --- time ------------------------------------------------------------------------------ */

static void test_times_from_ticks(void **state)
{
	struct fixture *f = *state;

	/* a frequency that does not divide, ticks that overflow 64 bits when multiplied */
	f->spool.process->clock_source = TS_CLOCK_TSC;
	f->spool.process->ticks_per_second = 3000000001;
	f->spool.process->clocks[0].ticks = 1ULL << 62;
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, (1ULL << 62) - 3000000001);
	put_end(f, 0, 1, 2, (1ULL << 62) + 86400ULL * 3000000001);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 3, 0, LEARN, (1ULL << 62) + 10000);
	put_end(f, 0, 1, 3, 1ULL << 62);
	pass(f, 0, 2);
	assert_int_equal(f->batch.spans[0].started_us, SPOOL_EPOCH_US - 1000000);
	assert_int_equal(f->batch.spans[0].ended_us, SPOOL_EPOCH_US + 86400000000);
	assert_true(f->batch.spans[0].duration_ms == 86401000.0);
	/* an end before its begin */
	assert_true(f->batch.spans[1].duration_ms == 0);
	assert_int_equal(f->batch.spans[1].ended_us, f->batch.spans[1].started_us);
	commit(f);
}

static double duration_with(struct fixture *f, uint32_t source, uint32_t n_clocks)
{
	f->spool.process->clock_source = source;
	f->spool.process->n_clocks = n_clocks;
	f->spool.process->ticks_per_second = 0;
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 0);
	put_end(f, 0, 1, 2, 2000000);
	pass(f, 0, 1);
	commit(f);
	return f->batch.spans[0].duration_ms;
}

static void test_frequency_that_was_not_measured(void **state)
{
	struct fixture *f = *state;
	struct ts_abi_clock *clocks = f->spool.process->clocks;
	struct timespec now;
	double duration;

	clocks[1] = (struct ts_abi_clock){20000000, 10000000, 0};
	assert_true(duration_with(f, TS_CLOCK_TSC, 2) == 1.0);       /* 2 GHz */
	assert_true(duration_with(f, TS_CLOCK_MONOTONIC, 1) == 2.0); /* 1 GHz */
	/* as if this machine's counter ran at 2 GHz since the first triple */
	clock_gettime(CLOCK_MONOTONIC, &now);
	clocks[0].monotonic_ns =
		now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)__builtin_ia32_rdtsc() / 2;
	duration = duration_with(f, TS_CLOCK_TSC, 1);
	assert_true(duration > 0.99 && duration < 1.01);
	/* two triples at almost the same time do not tell */
	clocks[0].monotonic_ns = INT64_MAX - 200;
	clocks[1] = (struct ts_abi_clock){20, INT64_MAX - 100, 0};
	assert_true(duration_with(f, TS_CLOCK_TSC, 2) == 2.0);
	clocks[0].monotonic_ns = INT64_MAX; /* now cannot be compared with it */
	assert_true(duration_with(f, TS_CLOCK_TSC, 1) == 2.0);
}

static void test_absurd_ticks_stay_in_the_calendar(void **state)
{
	struct fixture *f = *state;

	f->spool.process->ticks_per_second = 1;
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 5);
	put_end(f, 0, 1, 2, UINT64_MAX);
	pass(f, 0, 1);
	assert_int_equal(f->batch.spans[0].ended_us, 253402300799999999);
	commit(f);
	f->spool.process->clocks[0] = (struct ts_abi_clock){10, 0, 0};
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, LEARN, 5);
	put_end(f, 0, 1, 2, 11);
	pass(f, 0, 1);
	assert_int_equal(f->batch.spans[0].started_us, 0);
	assert_int_equal(f->batch.spans[0].ended_us, 1000000);
	commit(f);
}

/* --- order ----------------------------------------------------------------------------- */

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
	assert_int_equal(ts_assembler_orphans(f->assembler), 0);
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
	for (int i = 0; i < 2; i++) {
		pass_and_commit(f, 0, 0);
		assert_int_equal(ts_assembler_orphans(f->assembler), 0);
	}
	pass_and_commit(f, 0, 0);
	assert_int_equal(ts_assembler_orphans(f->assembler), 1);
	assert_int_equal(ts_assembler_n_open(f->assembler), 0);
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

/* --- batches, crashes, the segment ----------------------------------------------------- */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_trace_and_its_spans),
		TEST(test_an_orphan_has_both_rows),
		TEST(test_columns_of_a_trace),
		TEST(test_tenants),
		TEST(test_error_texts),
		TEST(test_errno_stands_in_the_attributes),
		TEST(test_lost_counts_stand_in_one_trace),
		TEST(test_unknown_thunk),
		TEST(test_thunk_that_came_later),
		TEST(test_times_from_ticks),
		TEST(test_frequency_that_was_not_measured),
		TEST(test_absurd_ticks_stay_in_the_calendar),
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
