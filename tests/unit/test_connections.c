// SPDX-License-Identifier: Apache-2.0
/* Messages of connections to LLM APIs: from rings to rows, once each, whoever is killed in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assemble_fixture.h"
#include "connections_fixture.h"
#include "runtime/assemble/run.h"
#include "runtime/assemble/tally.h"

/* --- rows ------------------------------------------------------------------------------ */

static void test_a_call_in_a_span(void **state)
{
	struct fixture *f = *state;
	const struct ts_span *span;

	ask(f, 0, 1, PLAIN_REQUEST);
	answer(f, 1, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	span = &f->batch.spans[0];
	assert_true(has_id(&span->trace_id, 7) && span->has_parent &&
		    has_id(&span->parent_span_id, 8));
	assert_string_equal(span->span_name, "llm:openai");
	assert_string_equal(span->kind, "llm");
	assert_string_equal(span->function, "POST api.openai.com/v1/chat/completions");
	assert_string_equal(span->provider, "openai");
	assert_string_equal(span->model, "gpt-4o-2024-08-06");
	assert_string_equal(span->tenant_id, "blue");
	assert_int_equal(span->thread_id, 42);
	assert_int_equal(span->started_us, SPOOL_EPOCH_US + 1000);
	assert_int_equal(span->ended_us, SPOOL_EPOCH_US + 2000);
	assert_true(span->duration_ms == 1.0 && span->success);
	assert_null(span->error);
	assert_int_equal(span->input_tokens.value, 9);
	assert_int_equal(span->output_tokens.value, 3);
	/* 9 tokens at 2.5 USD a million, 3 at 10 */
	assert_int_equal(span->cost_nano_usd.value, 52500);
	assert_string_equal(span->input_data,
			    "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],"
			    "\"model\":\"gpt-4o\",\"temperature\":0.5}");
	assert_string_equal(span->output_data,
			    "{\"result\":[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\","
			    "\"content\":\"Hello\"}],\"finish_reason\":\"stop\"}]}");
	has(span->attributes,
	    "\"wire\":{\"http\":\"1.1\",\"host\":\"api.openai.com\",\"path\":"
	    "\"/v1/chat/completions\",\"api\":\"chat_completions\",\"status\":200,"
	    "\"request_id\":\"req-1\",\"response_id\":\"chatcmpl-1\",");
	has(span->attributes, "\"time_to_first_byte_ms\":1}");
	has(span->attributes, "\"usage\":{\"api\":\"openai.chat\",\"requested_model\":\"gpt-4o\",");
	has(span->attributes, "\"cost_status\":\"estimated\"");
	assert_null(strstr(span->attributes, "time_to_first_ms"));
	commit(f);
	pass_and_commit(f, 0, 0);
}

static void test_a_stream(void **state)
{
	struct fixture *f = *state;
	const struct ts_span *span;

	ask(f, 0, 1, STREAM_REQUEST);
	answer(f, 1, 1, stream_answer[0]);
	for (size_t i = 1; i < STREAM_PARTS; i++)
		answer_chunk(f, 1, 1, stream_answer[i]);
	answer(f, 1, 1, "0\r\n\r\n");
	pass(f, 0, 1);
	span = &f->batch.spans[0];
	assert_string_equal(span->provider, "anthropic");
	assert_int_equal(span->input_tokens.value, 10);
	assert_int_equal(span->output_tokens.value, 20);
	has(span->attributes, "\"time_to_first_ms\":3,");
	has(span->attributes, "\"time_to_first_token_ms\":3,\"tokens_per_second\":10000,"
			      "\"longest_gap_ms\":1,\"pieces\":2}");
	has(span->attributes, "\"tool_calls\":[{\"id\":\"toolu_1\",\"name\":\"weather\"}]");
	commit(f);
}

static void test_outside_of_every_trace(void **state)
{
	struct fixture *f = *state;

	sender = 0;
	ask(f, 0, 1, PLAIN_REQUEST);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass_and_commit(f, 0, 0);
}

static void test_orphans(void **state)
{
	struct fixture *f = *state;
	const struct ts_trace *trace;
	struct ts_uuid id;

	settings_are(f, TS_SETTINGS_WIRE | TS_SETTINGS_ORPHANS, 51200);
	sender = 0;
	ask(f, 0, 1, PLAIN_REQUEST);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass(f, 1, 1);
	trace = &f->batch.traces[0];
	assert_string_equal(trace->pipeline_name, "openai");
	assert_string_equal(trace->program, "/usr/bin/bot");
	assert_string_equal(trace->tenant_id, "blue");
	assert_string_equal(trace->output_data, f->batch.spans[0].output_data);
	assert_int_equal(trace->trace_id.bytes[6] >> 4, 7);
	assert_memory_equal(&trace->trace_id, &f->batch.spans[0].trace_id, 16);
	assert_memory_not_equal(&trace->trace_id, &f->batch.spans[0].span_id, 16);
	assert_false(f->batch.spans[0].has_parent);
	/* another consumer makes the same row of it */
	id = trace->trace_id;
	reopen(f);
	pass(f, 1, 1);
	assert_memory_equal(&f->batch.traces[0].trace_id, &id, 16);
}

static void test_times_only(void **state)
{
	struct fixture *f = *state;

	settings_are(f, TS_SETTINGS_WIRE, 0);
	ask(f, 0, 1, PLAIN_REQUEST);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	assert_null(f->batch.spans[0].input_data);
	assert_null(f->batch.spans[0].output_data);
	assert_int_equal(f->batch.spans[0].output_tokens.value, 3);
	assert_int_equal(f->batch.spans[0].cost_nano_usd.value, 52500);
	commit(f);
}

static void test_what_is_to_be_hidden(void **state)
{
	struct fixture *f = *state;
	const struct ts_span *span;

	ask_body(f, 0, 1,
		 "{\"model\":\"gpt-4o\",\"password\":\"s1\",\"messages\":[{\"role\":\"user\","
		 "\"content\":\"my {\\\"password\\\": \\\"s2\\\"}\"}]}");
	answer_body(f, 0, 1, "200 OK",
		    "{\"id\":\"x\",\"choices\":[{\"message\":{\"content\":\"\",\"tool_calls\":"
		    "[{\"id\":\"c\",\"function\":{\"name\":\"login\",\"arguments\":"
		    "\"{\\\"password\\\":\\\"s3\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}");
	pass(f, 0, 1);
	span = &f->batch.spans[0];
	has(span->input_data, "\"password\":\"[redacted]\"");
	has(span->input_data, "my {\\\"password\\\": \\\"[redacted]\\\"}");
	has(span->output_data, "\"arguments\":{\"password\":\"[redacted]\"}");
	assert_null(strstr(span->input_data, "s1"));
	assert_null(strstr(span->input_data, "s2"));
	assert_null(strstr(span->output_data, "s3"));
	commit(f);
}

/* The end of a secret stands in the tail of a text whose middle is missing. */
static void test_what_is_hidden_and_cut(void **state)
{
	struct fixture *f = *state;
	char *body = calloc(1, 1 << 18), *at = body;

	at += sprintf(at, "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\""
			  "{\\\"note\\\":\\\"n\\\",\\\"password\\\":\\\"");
	for (int i = 0; i < 20000; i++)
		at += sprintf(at, "secret");
	sprintf(at, "\\\",\\\"after\\\":\\\"seen\\\"}\"}]}");
	ask_body(f, 0, 1, body);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	has(f->batch.spans[0].input_data, "\"truncated\":");
	has(f->batch.spans[0].input_data, "[redacted]");
	has(f->batch.spans[0].input_data, "seen");
	assert_null(strstr(f->batch.spans[0].input_data, "secret"));
	commit(f);
	free(body);
}

static void test_a_side_that_is_too_long(void **state)
{
	struct fixture *f = *state;
	const struct ts_span *span;
	char *body = calloc(1, 1 << 18), *at = body;

	settings_are(f, TS_SETTINGS_WIRE, 200);
	at += sprintf(at, "{\"id\":\"x\",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3},"
			  "\"choices\":[{\"message\":{\"content\":\"");
	for (int i = 0; i < 20000; i++)
		at += sprintf(at, "\\\"\xc3\xa4");
	sprintf(at, "\"},\"finish_reason\":\"stop\"}]}");
	ask(f, 0, 1, PLAIN_REQUEST);
	answer_body(f, 0, 1, "200 OK", body);
	pass(f, 0, 1);
	span = &f->batch.spans[0];
	has(span->output_data, "{\"result\":{\"head\":\"[{\\\"role\\\"");
	has(span->output_data, "\"truncated\":");
	assert_true(strlen(span->output_data) < 1000);
	is_json(span->output_data);
	assert_int_equal(span->output_tokens.value, 3);
	commit(f);
	free(body);
}

/* As no column of PostgreSQL's can have them, be they JSON. */
static void test_numbers_without_bounds(void **state)
{
	struct fixture *f = *state;
	char body[4096], digits[1200];

	memset(digits, '7', sizeof(digits));
	digits[sizeof(digits) - 1] = 0;
	snprintf(body, sizeof(body),
		 "{\"messages\":[\"1e99999\",-1.5e+99999,1e9999,-2,%s],\"top_p\":3E-12345}",
		 digits);
	ask_body(f, 0, 1, body);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	has(f->batch.spans[0].input_data, "[\"1e99999\",\"-1.5e+99999\",1e9999,-2,\"777");
	has(f->batch.spans[0].input_data, "777\"],\"top_p\":\"3E-12345\"}");
	commit(f);
}

/* What is nested too deep to be sure that it is still JSON is hidden as a whole; nobody's names are in it otherwise. */
static void test_what_is_too_deep_to_be_hidden_in(void **state)
{
	struct fixture *f = *state;
	char body[1024] = "{\"model\":\"gpt-4o\",\"messages\":", *at = body + strlen(body);

	memset(at, '[', 100);
	memset(at + 100, ']', 100);
	strcpy(at + 200, "}");
	ask_body(f, 0, 1, body);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].input_data, "{\"redacted\":\"[redacted]\"}");
	commit(f);
}

/* --- tokens ---------------------------------------------------------------------------- */

static void check_tokens(struct fixture *f, const char *host, const char *path, const char *body,
			 const char *provider, int64_t input, int64_t output, const char *attribute)
{
	static uint64_t connection;
	const struct ts_span *span;
	char head[512];

	snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nhost: %s\r\ncontent-length: 2\r\n\r\n{}",
		 path, host);
	connection = connection % (CONNECTIONS - 1) + 1;
	ask(f, 0, connection, head);
	answer_body(f, 0, connection, "200 OK", body);
	pass(f, 0, 1);
	span = &f->batch.spans[0];
	assert_string_equal(span->provider, provider);
	assert_int_equal(span->input_tokens.known ? span->input_tokens.value : -1, input);
	assert_int_equal(span->output_tokens.known ? span->output_tokens.value : -1, output);
	has(span->attributes, attribute);
	is_json(span->attributes);
	commit(f);
}

static void test_tokens_of_each_api(void **state)
{
	struct fixture *f = *state;

	check_tokens(f, "127.0.0.1:11434", "/api/chat",
		     "{\"model\":\"llama3\",\"message\":{\"content\":\"Hi\"},\"done\":true,"
		     "\"total_duration\":9,\"prompt_eval_count\":5,\"eval_count\":7}",
		     "ollama", 5, 7, "\"cost_status\":\"free\"");
	check_tokens(
		f, "127.0.0.1:11434", "/api/chat",
		"{\"model\":\"x-cloud\",\"remote_model\":\"x\",\"message\":{\"content\":\"Hi\"},"
		"\"done\":true,\"total_duration\":9,\"prompt_eval_count\":5,\"eval_count\":7}",
		"ollama", 5, 7, "\"cost_status\":\"unpriced\"");
	check_tokens(f, "generativelanguage.googleapis.com",
		     "/v1beta/models/gemini-2.5-pro:generateContent",
		     "{\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":2,"
		     "\"thoughtsTokenCount\":3,\"totalTokenCount\":15},\"modelVersion\":"
		     "\"gemini-2.5-pro\",\"candidates\":[{\"finishReason\":\"STOP\"}]}",
		     "gcp.gemini", 10, 5, "\"api\":\"gemini\"");
	check_tokens(f, "api.openai.com", "/v1/responses",
		     "{\"object\":\"response\",\"status\":\"completed\",\"output\":[],\"usage\":"
		     "{\"input_tokens\":4,\"output_tokens\":6,\"total_tokens\":10}}",
		     "openai", 4, 6, "\"api\":\"openai.responses\"");
	check_tokens(f, "api.anthropic.com", "/v1/messages",
		     "{\"type\":\"message\",\"content\":[],\"usage\":{\"input_tokens\":4,"
		     "\"cache_read_input_tokens\":100,\"output_tokens\":6}}",
		     "anthropic", 104, 6, "\"cache_read_tokens\":100");
	check_tokens(f, "bedrock-runtime.us-east-1.amazonaws.com", "/model/meta.llama3/invoke",
		     "{\"generation\":\"Hi\",\"stop_reason\":\"stop\",\"prompt_token_count\":8,"
		     "\"generation_token_count\":9}",
		     "aws.bedrock", 8, 9, "\"api\":\"bedrock.invoke\"");
	check_tokens(f, "bedrock-runtime.us-east-1.amazonaws.com", "/model/amazon.titan/invoke",
		     "{\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":8,"
		     "\"outputTokenCount\":9}}",
		     "aws.bedrock", 8, 9, "\"api\":\"bedrock.invoke\"");
	check_tokens(f, "api.openai.com", "/v1/chat/completions", "{\"choices\":[]}", "openai", -1,
		     -1, "\"cost_status\":\"no_usage\"");
}

/* --- how calls fail -------------------------------------------------------------------- */

static void check_failure(struct fixture *f, const char *error)
{
	pass(f, 0, 1);
	assert_false(f->batch.spans[0].success);
	assert_string_equal(f->batch.spans[0].error, error);
	is_json(f->batch.spans[0].attributes);
	commit(f);
}

static void test_failures(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, PLAIN_REQUEST);
	answer_body(f, 0, 1, "429 Too Many Requests",
		    "{\"error\":{\"type\":\"rate_limit_exceeded\",\"message\":"
		    "\"Slow, password\"}}");
	check_failure(f, "429 rate_limit_exceeded: Slow, password");
	ask(f, 0, 2, PLAIN_REQUEST);
	answer_body(f, 0, 2, "502 Bad Gateway", "");
	check_failure(f, "502: HTTP status 502");
	ask(f, 0, 3, STREAM_REQUEST);
	answer(f, 0, 3, stream_answer[0]);
	answer_chunk(f, 0, 3, stream_answer[1]);
	answer(f, 0, 3, "0\r\n\r\n");
	check_failure(f, "stream cut before its end");
	ask(f, 0, 4, STREAM_REQUEST);
	answer(f, 0, 4, stream_answer[0]);
	answer_chunk(f, 0, 4, stream_answer[1]);
	hang_up(f, 0, 4, TS_ENDING_PEER);
	check_failure(f, "connection lost");
	ask(f, 0, 5, STREAM_REQUEST);
	hang_up(f, 0, 5, TS_ENDING_CLIENT);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].error, "cancelled");
	has(f->batch.spans[0].attributes, "\"outcome\":\"cancelled\"");
	commit(f);
	ask(f, 0, 6, STREAM_REQUEST);
	hang_up(f, 0, 6, TS_ENDING_UNSEEN);
	check_failure(f, "its end was not recorded");
}

static void test_what_a_cut_stream_cost(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, STREAM_REQUEST);
	answer(f, 0, 1, stream_answer[0]);
	answer_chunk(f, 0, 1, stream_answer[1]);
	hang_up(f, 0, 1, TS_ENDING_PEER);
	pass(f, 0, 1);
	assert_int_equal(f->batch.spans[0].input_tokens.value, 10);
	assert_false(f->batch.spans[0].output_tokens.known);
	has(f->batch.spans[0].attributes, "\"cost_status\":\"lower_bound\"");
	commit(f);
}

static void test_a_program_that_ends(void **state)
{
	struct fixture *f = *state;

	f->spool.process->seen_ticks = 9000000;
	f->spool.process->signal = 9;
	ask(f, 0, 1, PLAIN_REQUEST);
	pass_and_commit(f, 0, 0);
	interrupt(f, 0, 1);
	assert_string_equal(f->batch.spans[0].error, "interrupted by SIGKILL");
	assert_true(f->batch.spans[0].duration_ms == 8.0);
	commit(f);
	interrupt(f, 0, 0);
	commit(f);
}

static void test_exec(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, PLAIN_REQUEST);
	memset(&f->record, 0, sizeof(struct ts_event_exec));
	f->record.event.type = TS_EVENT_EXEC;
	f->record.event.bytes = sizeof(struct ts_event_exec);
	((struct ts_event_exec *)&f->record)->ticks = 3000000;
	put(f, 0);
	pass_and_commit(f, 0, 0);
	interrupt(f, 0, 1);
	assert_true(f->batch.spans[0].success && f->batch.spans[0].duration_ms == 2.0);
	has(f->batch.spans[0].attributes, "\"outcome\":\"exec\"");
	commit(f);
}

/* --- order ----------------------------------------------------------------------------- */

/* What comes early waits for what it follows on. */
static void test_messages_that_are_early(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, PLAIN_REQUEST);
	said[1].sequence = 2;
	answer(f, 1, 1, PLAIN_ANSWER + 20);
	pass_and_commit(f, 0, 0);
	reopen(f);
	pass_and_commit(f, 0, 0);
	said[1].sequence = 1;
	said[1].offset[1] = 0;
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER, 20);
	said[1].offset[1] += strlen(PLAIN_ANSWER) - 20;
	pass_and_commit(f, 0, 1);
	/* and again is nothing new */
	said[1].sequence = 2;
	answer(f, 1, 1, PLAIN_ANSWER + 20);
	pass_and_commit(f, 0, 0);
}

/* A thread that went from ring to ring wrote a lot, and the rings are read in another order. */
static void test_rings_of_messages_that_are_early(void **state)
{
	enum { RINGS = 4, EACH = 10, TEXT = 80000 };
	static char body[TEXT + 512];
	struct fixture *f = *state;
	size_t n_spans = 0;
	int result;

	snprintf(body, sizeof(body),
		 "{\"choices\":[{\"message\":{\"content\":\"%0*d\"},\"finish_reason\":\"stop\"}]}",
		 TEXT, 0);
	for (uint32_t i = 0; i < RINGS; i++)
		spool_ring(&f->spool, 1 << 20);
	for (uint32_t i = 0; i < RINGS * EACH; i++) {
		uint32_t ring = 2 + RINGS - 1 - i / EACH;

		ask(f, ring, 1, PLAIN_REQUEST);
		answer_body(f, ring, 1, "200 OK", body);
	}
	do {
		result = ts_assembler_pass(f->assembler, &f->batch, NULL);
		assert_in_range(result, 0, 1);
		for (size_t i = 0; i < f->batch.n_spans; i++)
			assert_true(f->batch.spans[i].success);
		n_spans += f->batch.n_spans;
		commit(f);
	} while (result == 1);
	assert_int_equal(n_spans, RINGS * EACH);
}

static void test_messages_that_never_come(void **state)
{
	struct fixture *f = *state;

	ask(f, 0, 1, PLAIN_REQUEST);
	said[1].sequence += 2;
	said[1].offset[1] += 100;
	answer(f, 1, 1, PLAIN_ANSWER);
	pass_and_commit(f, 0, 0);
	pass_and_commit(f, 0, 0);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].error, "its end was not recorded");
	commit(f);
	/* what follows is read */
	ask(f, 0, 1, PLAIN_REQUEST);
	answer(f, 1, 1, PLAIN_ANSWER);
	pass_and_commit(f, 0, 1);
}

static void test_bytes_that_were_lost_within_a_body(void **state)
{
	struct fixture *f = *state;
	size_t n = strlen(PLAIN_ANSWER) - 30;

	ask(f, 0, 1, PLAIN_REQUEST);
	say(f, 0, TS_MESSAGE_RECEIVED, 1, PLAIN_ANSWER, n);
	said[1].offset[1] += 10;
	answer(f, 0, 1, PLAIN_ANSWER + n + 10);
	pass(f, 0, 1);
	has(f->batch.spans[0].attributes, "\"unseen_bytes\":10,");
	commit(f);
}

/* --- whoever looks at it ---------------------------------------------------------------- */

static void test_told_in_a_ring_is_nothing(void **state)
{
	struct fixture *f = *state;
	struct ts_event_told told = {.event = {TS_EVENT_TOLD, 0, sizeof(told)},
				     .connection = 1,
				     .rows = 77,
				     .sequence = 9};

	assert_true(spool_put_bytes(&f->spool, 0, &told, sizeof(told)));
	ask(f, 0, 1, PLAIN_REQUEST);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass_and_commit(f, 0, 1);
}

static void test_too_many_connections(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 5000; i++) {
		record_message(&f->record, TS_MESSAGE_INSIDE, 100 + i, 0, 0, 1000);
		f->record.message.text_bytes = 5;
		record_append(&f->record, "POST ", 5);
		if (!spool_put(&f->spool, 0, &f->record)) {
			pass_and_commit(f, 0, 0);
			put(f, 0);
		}
	}
	pass_and_commit(f, 0, 0);
	interrupt(f, 0, 0);
	commit(f);
}

static void test_the_row_of_the_process(void **state)
{
	static const struct ts_backlog_counts nothing;
	struct fixture *f = *state;
	struct ts_run_row row;

	pass(f, 0, 0);
	assert_false(ts_assembler_run(f->assembler, true, true, &nothing, &row));
	f->spool.process->wire[TS_WIRE_SEEN] = 3;
	f->spool.process->wire[TS_WIRE_RECORDED] = 1;
	f->spool.process->wire[TS_WIRE_BYPASSED] = 2;
	spool_tls(&f->spool, "/lib/libssl.so.3", "OpenSSL", "");
	spool_tls(&f->spool, "/srv/bot", "rustls", "no OpenSSL");
	assert_true(ts_assembler_run(f->assembler, true, true, &nothing, &row));
	assert_string_equal(
		row.run.attributes,
		"{\"wire\":{\"connections\":3,\"recorded\":1,\"not_http\":0,\"other_host\":0,"
		"\"unreadable\":0,\"no_room\":0,\"lost_bytes\":0,\"bypassed\":2,\"libraries\":["
		"{\"path\":\"/lib/libssl.so.3\",\"library\":\"OpenSSL\",\"unseen\":null},"
		"{\"path\":\"/srv/bot\",\"library\":\"rustls\",\"unseen\":\"no OpenSSL\"}]}}");
	assert_int_equal(row.told, 1);
	commit(f);
	/* what is under way is not told of */
	ask(f, 0, 1, PLAIN_REQUEST);
	pass(f, 0, 0);
	assert_true(ts_assembler_run(f->assembler, true, true, &nothing, &row));
	assert_int_equal(row.run.begun, 1);
	assert_int_equal(row.run.open, 1);
	assert_int_equal(row.told, UINT64_MAX);
	commit(f);
}

static void test_gateways_and_listed_addresses(void **state)
{
	static const char request[] =
		"POST /gw/v1/chat/completions HTTP/1.1\r\nhost: llm.example\r\n"
		"content-length: 2\r\n\r\n{}";
	struct fixture *f = *state;

	more.gateways = "other.example mine,llm.example/gw yours,";
	settings_are(f, TS_SETTINGS_WIRE, 51200);
	ask(f, 0, 1, request);
	answer(f, 0, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].span_name, "llm:yours");
	commit(f);
	more.gateways = "";
	settings_are(f, TS_SETTINGS_WIRE, 51200);
	ask(f, 0, 2, request);
	answer(f, 0, 2, PLAIN_ANSWER);
	pass_and_commit(f, 0, 0);
	sender |= TS_MESSAGE_LISTED;
	ask(f, 0, 3, request);
	answer(f, 0, 3, PLAIN_ANSWER);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].span_name, "llm:openai_compatible");
	commit(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WIRE(test_a_call_in_a_span),
		TEST_WIRE(test_a_stream),
		TEST_WIRE(test_outside_of_every_trace),
		TEST_WIRE(test_orphans),
		TEST_WIRE(test_times_only),
		TEST_WIRE(test_what_is_to_be_hidden),
		TEST_WIRE(test_what_is_hidden_and_cut),
		TEST_WIRE(test_a_side_that_is_too_long),
		TEST_WIRE(test_numbers_without_bounds),
		TEST_WIRE(test_what_is_too_deep_to_be_hidden_in),
		TEST_WIRE(test_tokens_of_each_api),
		TEST_WIRE(test_failures),
		TEST_WIRE(test_what_a_cut_stream_cost),
		TEST_WIRE(test_a_program_that_ends),
		TEST_WIRE(test_exec),
		TEST_WIRE(test_messages_that_are_early),
		TEST_WIRE(test_rings_of_messages_that_are_early),
		TEST_WIRE(test_messages_that_never_come),
		TEST_WIRE(test_bytes_that_were_lost_within_a_body),
		TEST_WIRE(test_told_in_a_ring_is_nothing),
		TEST_WIRE(test_too_many_connections),
		TEST_WIRE(test_the_row_of_the_process),
		TEST_WIRE(test_gateways_and_listed_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
