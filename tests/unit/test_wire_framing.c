// SPDX-License-Identifier: Apache-2.0
/* Between a body and its JSON values: server-sent events, lines and lists, AWS's messages; each at any cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <zlib.h>

#include "runtime/wire/sse.h"
#include "runtime/wire/values.h"
#include "wire_fixture.h"

static char seen[4096];
static size_t n_seen;

static void data_comes(void *user, const char *data, size_t bytes)
{
	(void)user;
	memcpy(seen + n_seen, data, bytes);
	n_seen += bytes;
	seen[n_seen] = 0;
}

static void event_ends(void *user, const char *name)
{
	data_comes(user, "<", 1);
	data_comes(user, name, strlen(name));
	data_comes(user, ">", 1);
}

static void value_ends(void *user)
{
	data_comes(user, ";", 1);
}

static void expect_events(const char *stream, const char *wanted)
{
	static const struct ts_sse_target target = {data_comes, event_ends, NULL};
	size_t bytes = strlen(stream);

	for (size_t piece = 1; piece <= bytes; piece++) {
		struct ts_sse sse = {0};

		n_seen = 0;
		seen[0] = 0;
		for (size_t at = 0; at < bytes; at += piece)
			assert_int_equal(ts_sse_add(&sse, &target, stream + at,
						    bytes - at < piece ? bytes - at : piece),
					 bytes - at < piece ? bytes - at : piece);
		ts_sse_end(&sse, &target);
		assert_string_equal(seen, wanted);
	}
}

static void test_events(void **state)
{
	(void)state;
	expect_events("data: a\n\n", "a<>");
	expect_events("data:a\r\rdata:  b\r\n\r\n", "a<> b<>");
	expect_events("\xef\xbb\xbf"
		      "data: a\n\n\xef\xbb\xbf"
		      "data: b\n\n",
		      "a<>");
	expect_events(": comment\nevent: x\ndata: a\n: data: no\ndata: b\nid: 1\nretry: 2\n\n",
		      "a\nb<x>");
	expect_events("event: x\n\ndata: a\n\n", "a<>");
	expect_events("data\ndata\n\n", "\n<>");
	expect_events("data: a\n\n\n\n", "a<>");
	expect_events("datax: a\n\ndat: b\n\nlongerthananyfield: c\n\n", "");
	expect_events("data: a:b: c\n\n", "a:b: c<>");
	expect_events("data: left over", "left over<>");
	expect_events("data: a\r\n", "a<>");
	expect_events("event: one\nevent: two\ndata: a\n\n", "a<two>");
	expect_events("event: a name that is much longer than the room that there is for names of "
		      "events\ndata: a\n\n",
		      "a<a name that is much longer than the room that there is for name>");
}

static void expect_values(const char *body, const char *wanted)
{
	static const struct ts_values_target target = {data_comes, value_ends, NULL};
	size_t bytes = strlen(body);

	for (size_t piece = 1; piece <= bytes; piece++) {
		struct ts_json_values values = {0};

		n_seen = 0;
		seen[0] = 0;
		for (size_t at = 0; at < bytes; at += piece)
			ts_json_values_add(&values, &target, body + at,
					   bytes - at < piece ? bytes - at : piece);
		assert_string_equal(seen, wanted);
	}
}

static void test_values(void **state)
{
	(void)state;
	expect_values("{\"a\":[1,{}]}", "{\"a\":[1,{}]};");
	expect_values("{\"a\":1}\n{\"b\":2}\r\n\n{}", "{\"a\":1};{\"b\":2};{};");
	expect_values(" [{\"a\":\"]\\\"}\"},\n{}]", "{\"a\":\"]\\\"}\"};{};");
	expect_values("[[1],{}]", "[1];{};");
	expect_values("{\"a\":\"torn\n{\"b\":2}\n", "{\"a\":\"torn;{\"b\":2};");
	expect_values("<html>", "");
	expect_values("\"text\" 12 null", "");
}

/* --- AWS ------------------------------------------------------------------------------- */

static size_t put_number(char *to, uint32_t number)
{
	const char bytes[4] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8),
			       (char)number};

	memcpy(to, bytes, 4);
	return 4;
}

static size_t put_header(char *to, const char *name, const char *value)
{
	size_t n = 0;

	to[n++] = (char)strlen(name);
	n += (size_t)sprintf(to + n, "%s", name);
	to[n++] = 7;
	to[n++] = 0;
	to[n++] = (char)strlen(value);
	return n + (size_t)sprintf(to + n, "%s", value);
}

static size_t put_message(char *to, const char *message_type, const char *event,
			  const char *payload)
{
	size_t headers = 0, n, bytes = strlen(payload);
	char coded[512];

	headers += put_header(coded, ":message-type", message_type);
	memcpy(coded + headers,
	       "\4date\x08"
	       "12345678"
	       "\1t\0"
	       "\1b\6\0\2xy",
	       4 + 1 + 1 + 8 + 3 + 7);
	headers += 4 + 1 + 1 + 8 + 3 + 7;
	headers += put_header(
		coded + headers,
		strcmp(message_type, "event") == 0 ? ":event-type" : ":exception-type", event);
	n = put_number(to, (uint32_t)(16 + headers + bytes));
	n += put_number(to + n, (uint32_t)headers);
	n += put_number(to + n, (uint32_t)crc32(0, (Bytef *)to, 8));
	memcpy(to + n, coded, headers);
	memcpy(to + n + headers, payload, bytes);
	n += headers + bytes;
	return n + put_number(to + n, (uint32_t)crc32(0, (Bytef *)to, (uInt)n));
}

static void run_stream(struct told *told, const char *path, const char *stream, size_t bytes)
{
	static const struct ts_wire_settings settings;
	static struct told again;
	char request[256], response[8192];
	struct piece pieces[2] = {{TS_WIRE_SENT, request, 0}, {TS_WIRE_RECEIVED, response, 0}};

	pieces[0].n = (size_t)sprintf(
		request,
		"POST /model/m/%s HTTP/1.1\r\nhost: bedrock-runtime.eu-west-1.amazonaws.com\r\n"
		"content-length: 2\r\n\r\n{}",
		path);
	pieces[1].n = (size_t)sprintf(
		response,
		"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
		"content-length: %zu\r\n\r\n",
		bytes);
	memcpy(response + pieces[1].n, stream, bytes);
	pieces[1].n += bytes;
	run_pieces(told, &settings, pieces, 2, 0, TS_WIRE_BY_CLIENT);
	assert_int_equal(told->calls, 1);
	for (size_t cut = 1; cut < pieces[1].n; cut++) {
		run_pieces(&again, &settings, pieces, 2, cut, TS_WIRE_BY_CLIENT);
		assert_string_equal(told->text, again.text);
	}
	run_pieces(&again, &settings, pieces, 2, SIZE_MAX, TS_WIRE_BY_CLIENT);
	assert_string_equal(told->text, again.text);
}

static void test_converse_stream(void **state)
{
	static struct told told;
	char stream[4096];
	size_t n = 0;

	(void)state;
	n += put_message(stream + n, "event", "messageStart", "{\"role\":\"assistant\"}");
	n += put_message(stream + n, "event", "contentBlockDelta",
			 "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hi\"}}");
	n += put_message(stream + n, "event", "contentBlockStart",
			 "{\"contentBlockIndex\":1,\"start\":{\"toolUse\":{\"toolUseId\":\"i\","
			 "\"name\":\"f\"}}}");
	n += put_message(
		stream + n, "event", "contentBlockDelta",
		"{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"{\\\"a\\\":\"}}}");
	n += put_message(stream + n, "event", "contentBlockDelta",
			 "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"1}\"}}}");
	n += put_message(stream + n, "event", "messageStop", "{\"stopReason\":\"tool_use\"}");
	n += put_message(stream + n, "event", "metadata",
			 "{\"usage\":{\"inputTokens\":5},\"metrics\":{\"latencyMs\":1}}");
	run_stream(&told, "converse-stream", stream, n);
	assert_string_equal(told_of(&told, "answer"),
			    "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":"
			    "\"Hi\"},{\"type\":\"tool_call\","
			    "\"id\":\"i\",\"name\":\"f\",\"arguments\":{\"a\":1}}],\"finish_"
			    "reason\":\"tool_use\"}]");
	assert_string_equal(told_of(&told, "usage"), "{\"inputTokens\":5}");
	assert_string_equal(told_of(&told, "outcome"), "done");
	assert_string_equal(told_of(&told, "pieces"), "3");
}

/* Anthropic's events, in base64. */
static void test_invoke_stream(void **state)
{
	static struct told told;
	char stream[4096];
	size_t n = 0;

	(void)state;
	/* {"type":"content_block_delta","index":0,"delta":{"text":"Hi"}} */
	n += put_message(stream + n, "event", "chunk",
			 "{\"bytes\":"
			 "\"eyJ0eXBlIjoiY29udGVudF9ibG9ja19kZWx0YSIsImluZGV4IjowLCJkZWx0YSI6eyJ0ZXh"
			 "0IjoiSGkifX0=\"}");
	/* {"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":3}} */
	n += put_message(stream + n, "event", "chunk",
			 "{\"bytes\":"
			 "\"eyJ0eXBlIjoibWVzc2FnZV9zdG9wIiwiYW1hem9uLWJlZHJvY2staW52b2NhdGlvbk1ldHJ"
			 "pY3MiOnsiaW5wdXRUb2tlb"
			 "kNvdW50IjozfX0=\"}");
	run_stream(&told, "invoke-with-response-stream", stream, n);
	assert_string_equal(
		told_of(&told, "answer"),
		"[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"Hi\"}]}]");
	assert_string_equal(told_of(&told, "usage"), "{\"inputTokenCount\":3}");
	assert_string_equal(told_of(&told, "outcome"), "done");
}

static void test_exceptions_and_damage(void **state)
{
	static struct told told;
	char stream[4096];
	size_t n = put_message(stream, "event", "contentBlockDelta",
			       "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hi\"}}");
	size_t second = n;

	(void)state;
	n += put_message(stream + n, "exception", "throttlingException",
			 "{\"message\":\"Slow down\"}");
	run_stream(&told, "converse-stream", stream, n);
	assert_string_equal(told_of(&told, "outcome"), "failed");
	assert_string_equal(told_of(&told, "error_type"), "throttlingException");
	assert_string_equal(told_of(&told, "error"), "Slow down");
	/* a payload that its checksum does not fit is not believed; the next message is */
	stream[second - 10] ^= 1;
	run_stream(&told, "converse-stream", stream, n);
	assert_null(told_of(&told, "answer"));
	assert_string_equal(told_of(&told, "outcome"), "failed");
	/* nor is anything behind a prelude that is damaged */
	stream[0] ^= 1;
	run_stream(&told, "converse-stream", stream, n);
	assert_string_equal(told_of(&told, "outcome"), "cut");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_converse_stream),
		cmocka_unit_test(test_invoke_stream),
		cmocka_unit_test(test_exceptions_and_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
