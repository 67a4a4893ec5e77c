// SPDX-License-Identifier: Apache-2.0
/* A begin and its end -> the columns of a trace and of a span. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "assemble_fixture.h"

static void check_trace(const struct ts_trace *trace)
{
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
}

static void check_call_to_a_model(const struct ts_span *span)
{
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
}

static void check_agent(const struct ts_span *span)
{
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
}

static void test_a_trace_and_its_spans(void **state)
{
	struct fixture *f = *state;

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

	check_trace(&f->batch.traces[0]);
	check_call_to_a_model(&f->batch.spans[0]);
	check_agent(&f->batch.spans[1]);
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
	/* the tenant is what the begin carries, whatever a parameter of that name was */
	assert_string_equal(f->batch.traces[0].tenant_id, "acme");
	commit(f);
}

/* A member of the object that is open. */
static void put_text(struct fixture *f, const char *key, const char *text)
{
	record_string(&f->record, 0, key);
	record_string(&f->record, 0, text);
}

static void put_number(struct fixture *f, const char *key, int64_t number)
{
	record_string(&f->record, 0, key);
	record_int(&f->record, 0, number);
}

static void python_begin(struct fixture *f)
{
	record_begin(&f->record, TS_BEGIN_TRACE | TS_BEGIN_SPAN, 1, 2, 0, PYTHON, 10);
}

static void python_end(struct fixture *f)
{
	put(f, 0);
	put_end(f, 0, 1, 2, 20);
	pass(f, 1, 1);
}

/* Python's **kwargs, and dicts that are passed. */
static void test_columns_from_members_of_objects(void **state)
{
	struct fixture *f = *state;
	const struct ts_trace *trace;
	uint32_t object, inner;

	python_begin(f);
	record_string(&f->record, 0, "user_id");
	object = record_open(&f->record, 1, TS_VALUE_OBJECT);
	put_text(f, "role", "user_id");
	record_string(&f->record, 0, "inner");
	inner = record_open(&f->record, 0, TS_VALUE_OBJECT);
	put_text(f, "session_id", "too deep");
	record_close(&f->record, inner);
	put_number(f, "telegram_id", -1001234567890);
	put_text(f, "model", "opus");
	record_string(&f->record, 0, "user_id");
	record_value(&f->record, 0, TS_VALUE_NULL, NULL, 0);
	record_close(&f->record, object);
	object = record_open(&f->record, 2, TS_VALUE_OBJECT);
	put_text(f, "telegram_id", "8");
	put_text(f, "model", "haiku");
	put_number(f, "user_id", 7);
	record_close(&f->record, object);
	python_end(f);
	trace = &f->batch.traces[0];
	assert_true(trace->telegram_id.known);
	assert_int_equal(trace->telegram_id.value, -1001234567890);
	assert_string_equal(trace->user_id, "7");
	assert_null(trace->session_id);
	assert_string_equal(f->batch.spans[0].model, "opus");
	assert_string_equal(f->batch.spans[0].function, "bot.agents.trainer:TrainerAgent.run");
	commit(f);
}

static void test_a_parameter_comes_before_members(void **state)
{
	struct fixture *f = *state;
	uint32_t object;

	record_begin(&f->record, TS_BEGIN_TRACE, 1, 0, 0, LEARN, 10);
	object = record_open(&f->record, 0, TS_VALUE_OBJECT);
	put_text(f, "user_id", "member");
	put_text(f, "session_id", "member");
	record_close(&f->record, object);
	record_string(&f->record, 1, "parameter");
	record_value(&f->record, 2, TS_VALUE_REDACTED, NULL, 0);
	put(f, 0);
	put_end(f, 0, 1, 0, 20);
	pass(f, 1, 0);
	assert_string_equal(f->batch.traces[0].user_id, "parameter");
	assert_null(f->batch.traces[0].session_id);
	assert_false(f->batch.traces[0].telegram_id.known);
	commit(f);
}

static void test_hidden_members_fill_no_column(void **state)
{
	struct fixture *f = *state;
	uint32_t object;

	close_reader(f);
	spool_remove(&f->spool);
	spool_new(&f->spool);
	spool_settings(&f->spool, "sqlite:x", "", "Session_ID");
	spool_thunk(&f->spool, PYTHON, TS_KIND_AGENT, "coach", "coach", "", "kwargs");
	spool_ring(&f->spool, 1 << 16);
	open_reader(f);
	python_begin(f);
	object = record_open(&f->record, 0, TS_VALUE_OBJECT);
	put_text(f, "session_id", "secret");
	put_text(f, "user_id", "7");
	record_close(&f->record, object);
	python_end(f);
	assert_string_equal(f->batch.traces[0].user_id, "7");
	assert_null(f->batch.traces[0].session_id);
	assert_string_equal(f->batch.traces[0].input_data,
			    "{\"kwargs\":{\"session_id\":\"[redacted]\",\"user_id\":\"7\"}}");
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

static void test_error_texts(void **state)
{
	struct fixture *f = *state;
	uint64_t word = 0;

	make_end(f, TS_OUTCOME_FAILED, ENOENT);
	record_int(&f->record, TS_PARAM_RESULT, -1);
	check_error(f, LEARN, "No such file or directory (returned -1)");
	make_end(f, TS_OUTCOME_FAILED, ENOENT);
	f->record.event.flags = TS_END_ERRNO_KEPT;
	record_value(&f->record, TS_PARAM_RESULT, TS_VALUE_NULL, NULL, 0);
	check_error(f, TRAINER,
		    "returned NULL (errno as before the call: No such file or directory)");
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
	check_error(f, CLAUDE, "error 99999 (failed)");
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	check_error(f, LEARN, "left by an exception");
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	record_value(&f->record, TS_PARAM_ERROR, TS_VALUE_STRING, "St13runtime_error", 17);
	record_value(&f->record, TS_PARAM_WHAT, TS_VALUE_STRING, "no such user", 12);
	check_error(f, LEARN, "std::runtime_error: no such user");
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	record_value(&f->record, TS_PARAM_ERROR, TS_VALUE_STRING, "no type of C++'s", 16);
	check_error(f, LEARN, "no type of C++'s");
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	word = 0x4d4f5a0052555354;
	record_value(&f->record, TS_PARAM_ERROR, TS_VALUE_UINT, &word, 8);
	check_error(f, LEARN, "Rust panic");
	make_end(f, TS_OUTCOME_LONGJMP, 0);
	check_error(f, LEARN, "left by longjmp");
	make_end(f, TS_OUTCOME_THREAD_EXITED, 0);
	check_error(f, LEARN, "thread exited");
	make_end(f, (enum ts_outcome)77, 0);
	check_error(f, LEARN, "failed");
}

static void put_raised(struct fixture *f, const char *type, const char *what)
{
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	record_string(&f->record, TS_PARAM_RAISED, type);
	if (what)
		record_string(&f->record, TS_PARAM_WHAT, what);
}

static void test_error_texts_of_python(void **state)
{
	struct fixture *f = *state;
	uint64_t word = 1;

	put_raised(f, "openai.RateLimitError", "slow down");
	check_error(f, PYTHON, "openai.RateLimitError: slow down");
	put_raised(f, "KeyError", NULL);
	check_error(f, PYTHON, "KeyError");
	put_raised(f, "St13runtime_error", ""); /* no name of C++'s */
	check_error(f, PYTHON, "St13runtime_error");
	put_raised(f, "E\xff", "{\"password\": \"x\"} \xc3\xa9\xc3");
	check_error(f, PYTHON,
		    "E\xef\xbf\xbd: {\"password\": \"[redacted]\"} \xc3\xa9\xef\xbf\xbd");
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	record_cut(&f->record, TS_PARAM_RAISED, "a.\xc3", 3, "\xa9.Error", 7, 99);
	record_cut(&f->record, TS_PARAM_WHAT, "so", 2, "long", 4, 99);
	check_error(f, PYTHON, "a.\xe2\x80\xa6.Error: so\xe2\x80\xa6long");
	make_end(f, TS_OUTCOME_FAILED, 0);
	record_value(&f->record, TS_PARAM_RESULT, TS_VALUE_NULL, NULL, 0);
	check_error(f, PYTHON, "returned None");
	make_end(f, TS_OUTCOME_FAILED, 0);
	record_value(&f->record, TS_PARAM_RESULT, TS_VALUE_BOOL, &word, 8);
	check_error(f, PYTHON, "returned True");
	make_end(f, TS_OUTCOME_FAILED, 0);
	word = 0;
	record_value(&f->record, TS_PARAM_RESULT, TS_VALUE_BOOL, &word, 8);
	check_error(f, PYTHON, "returned False");
	make_end(f, TS_OUTCOME_FAILED, 0); /* not captured: what the rule says */
	check_error(f, PYTHON, "returned None");
	make_end(f, TS_OUTCOME_CANCELLED, 0);
	record_string(&f->record, TS_PARAM_RAISED, "asyncio.exceptions.CancelledError");
	check_error(f, PYTHON, "cancelled");
	make_end(f, TS_OUTCOME_ABANDONED, 0);
	check_error(f, PYTHON, "abandoned");
}

/* What has as many bytes as are recorded was cut. */
static void test_long_words_of_an_exception(void **state)
{
	struct fixture *f = *state;
	char long_text[TS_MAX_ERROR + 1], wanted[TS_MAX_ERROR + 64];

	memset(long_text, 'x', TS_MAX_ERROR);
	long_text[TS_MAX_ERROR - 1] = '\xc3';
	long_text[TS_MAX_ERROR] = 0;
	put_raised(f, "ValueError", long_text);
	snprintf(wanted, sizeof(wanted), "ValueError: %.*s\xe2\x80\xa6", TS_MAX_ERROR - 1,
		 long_text);
	check_error(f, PYTHON, wanted);
	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	record_string(&f->record, TS_PARAM_ERROR, "St13runtime_error");
	record_string(&f->record, TS_PARAM_WHAT, long_text);
	snprintf(wanted, sizeof(wanted), "std::runtime_error: %.*s\xe2\x80\xa6", TS_MAX_ERROR - 1,
		 long_text);
	check_error(f, LEARN, wanted);
}

/* How span 2 ended, of which the record tells, stands in its attributes and in no output. */
static void check_attributes(struct fixture *f, const char *wanted)
{
	struct record end = f->record;

	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, PYTHON, 1000000);
	f->record = end;
	put(f, 0);
	pass(f, 0, 1);
	if (wanted)
		assert_string_equal(f->batch.spans[0].attributes, wanted);
	else
		assert_null(f->batch.spans[0].attributes);
	assert_null(f->batch.spans[0].output_data);
	commit(f);
}

static void make_first(struct fixture *f, enum ts_outcome outcome, enum ts_value_type type,
		       uint64_t ticks)
{
	make_end(f, outcome, 0);
	record_value(&f->record, TS_PARAM_FIRST, type, &ticks, 8);
}

static void test_how_a_call_ended_stands_in_the_attributes(void **state)
{
	struct fixture *f = *state;

	make_end(f, TS_OUTCOME_CANCELLED, 0);
	check_attributes(f, "{\"outcome\":\"cancelled\"}");
	make_first(f, TS_OUTCOME_ABANDONED, TS_VALUE_UINT, 42250000);
	check_attributes(f, "{\"outcome\":\"abandoned\",\"time_to_first_ms\":41.25}");
	make_first(f, TS_OUTCOME_OK, TS_VALUE_UINT, 1000000);
	check_attributes(f, "{\"time_to_first_ms\":0}");
	make_first(f, TS_OUTCOME_OK, TS_VALUE_UINT, 999999);
	check_attributes(f, NULL);
	make_first(f, TS_OUTCOME_OK, TS_VALUE_INT, 2000000);
	check_attributes(f, NULL);
	put_raised(f, "KeyError", "'x'");
	check_attributes(f, NULL);
}

static void test_lines_of_a_stack(void **state)
{
	struct fixture *f = *state;
	uint64_t one = 1;
	uint32_t list;

	put_raised(f, "KeyError", "'x'");
	list = record_open(&f->record, TS_PARAM_LINES, TS_VALUE_LIST);
	record_string(&f->record, 0, "lookup (trainer.py:42)");
	record_int(&f->record, 0, 5); /* no line */
	record_string(&f->record, 0, "\xff {\"password\": 1}");
	record_value(&f->record, 0, TS_VALUE_OMITTED, &one, 8);
	record_close(&f->record, list);
	check_attributes(f, "{\"stack\":[\"lookup (trainer.py:42)\","
			    "\"\xef\xbf\xbd {\\\"password\\\": \\\"[redacted]\\\"}\"]}");
	make_end(f, TS_OUTCOME_FAILED, 0);
	record_string(&f->record, TS_PARAM_LINES, "no list");
	check_attributes(f, NULL);
	make_end(f, TS_OUTCOME_FAILED, 0);
	record_close(&f->record, record_open(&f->record, TS_PARAM_LINES, TS_VALUE_LIST));
	check_attributes(f, NULL);
}

static void test_long_stacks_are_cut(void **state)
{
	struct fixture *f = *state;
	char wanted[1024] = "{\"stack\":[\"0\"";
	uint32_t list;

	make_end(f, TS_OUTCOME_EXCEPTION, 0);
	list = record_open(&f->record, TS_PARAM_LINES, TS_VALUE_LIST);
	for (int i = 0; i < 70; i++) {
		char line[32];

		snprintf(line, sizeof(line), "%d", i);
		record_string(&f->record, 0, line);
		if (i > 0 && i < 64)
			snprintf(wanted + strlen(wanted), 8, ",\"%d\"", i);
	}
	record_close(&f->record, list);
	check_attributes(f, strcat(wanted, "]}"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_trace_and_its_spans),
		TEST(test_an_orphan_has_both_rows),
		TEST(test_columns_of_a_trace),
		TEST(test_columns_from_members_of_objects),
		TEST(test_a_parameter_comes_before_members),
		TEST(test_hidden_members_fill_no_column),
		TEST(test_tenants),
		TEST(test_error_texts),
		TEST(test_error_texts_of_python),
		TEST(test_long_words_of_an_exception),
		TEST(test_how_a_call_ended_stands_in_the_attributes),
		TEST(test_lines_of_a_stack),
		TEST(test_long_stacks_are_cut),
		TEST(test_errno_stands_in_the_attributes),
		TEST(test_lost_counts_stand_in_one_trace),
		TEST(test_unknown_thunk),
		TEST(test_thunk_that_came_later),
		TEST(test_times_from_ticks),
		TEST(test_frequency_that_was_not_measured),
		TEST(test_absurd_ticks_stay_in_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
