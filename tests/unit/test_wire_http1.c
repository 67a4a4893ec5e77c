// SPDX-License-Identifier: Apache-2.0
/* HTTP/1: which response answers which request, where messages end, and what becomes of bytes that nobody saw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_fixture.h"

#define HEAD(bytes)                                                                            \
	"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: " bytes \
	"\r\n\r\n"
#define ASK(model) HEAD("13") "{\"model\":\"" model "\"}"
#define JSON(model, bytes)                                                            \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " bytes \
	"\r\n\r\n{\"model\":\"" model "\"}"
#define STREAM_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define DELTA(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define DONE        "data: [DONE]\n\n"
#define STOPS(choice) \
	"data: {\"choices\":[{\"index\":" choice ",\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

static const struct ts_wire_settings settings;
static struct told told, again;

/* What is sent, then what is received, alternately; NULL ends. The same calls come of it however it is cut. */
static void run(enum ts_wire_how how, ...)
{
	struct piece pieces[16];
	size_t n = 0, longest = 0;
	const char *bytes;
	va_list list;

	va_start(list, how);
	for (; (bytes = va_arg(list, const char *)); n++) {
		pieces[n] = (struct piece){n % 2 ? TS_WIRE_RECEIVED : TS_WIRE_SENT, bytes,
					   strlen(bytes)};
		longest = pieces[n].n > longest ? pieces[n].n : longest;
	}
	va_end(list);
	run_pieces(&told, &settings, pieces, n, 0, how);
	for (size_t cut = 1; cut < longest; cut++) {
		run_pieces(&again, &settings, pieces, n, cut, how);
		assert_string_equal(told.text, again.text);
	}
	run_pieces(&again, &settings, pieces, n, SIZE_MAX, how);
	assert_string_equal(told.text, again.text);
}

static void expect(const char *name, const char *value)
{
	const char *found = told_of(&told, name);

	if (!value)
		assert_null(found);
	else if (!found)
		fail_msg("no %s in\n%s", name, told.text);
	else
		assert_string_equal(found, value);
}

/* How often a line is there. */
static unsigned lines(const char *line)
{
	unsigned n = 0;

	for (const char *at = strstr(told.text, line); at; at = strstr(at + 1, line))
		n++;
	return n;
}

static void test_keep_alive(void **state)
{
	(void)state;
	run(TS_WIRE_BY_CLIENT, ASK("a"), JSON("A", "13"), ASK("b"), JSON("B", "13"), NULL);
	assert_int_equal(told.calls, 2);
	assert_int_equal(lines("asked=a\nserved=A"), 1);
	assert_int_equal(lines("asked=b\nserved=B"), 1);
	assert_int_equal(lines("outcome=done"), 2);
	expect("started", "3");
	expect("last", "4");
}

static void test_pipelining(void **state)
{
	(void)state;
	run(TS_WIRE_BY_CLIENT, ASK("a") ASK("b") "GET /x HTTP/1.1\r\nhost: h\r\n\r\n" ASK("c"),
	    JSON("A", "13") JSON("B", "13") "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc" JSON(
		    "C", "13"),
	    NULL);
	assert_int_equal(told.calls, 3);
	assert_int_equal(lines("asked=a\nserved=A"), 1);
	assert_int_equal(lines("asked=b\nserved=B"), 1);
	assert_int_equal(lines("asked=c\nserved=C"), 1);
}

static void test_interim_responses(void **state)
{
	(void)state;
	run(TS_WIRE_BY_CLIENT,
	    "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nExpect: "
	    "100-continue\r\nContent-Length: 13\r\n\r\n",
	    "HTTP/1.1 100 Continue\r\n\r\n", "{\"model\":\"a\"}",
	    "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" JSON("A", "13"), NULL);
	assert_int_equal(told.calls, 1);
	expect("asked", "a");
	expect("served", "A");
	expect("status", "200");
	expect("first_byte", "4");
}

static void test_responses_without_bodies(void **state)
{
	(void)state;
	run(TS_WIRE_BY_CLIENT, "HEAD / HTTP/1.1\r\nhost: h\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", ASK("a"), "HTTP/1.1 204 No\r\n\r\n",
	    ASK("b"), "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", ASK("c"), JSON("C", "13"),
	    NULL);
	assert_int_equal(told.calls, 3);
	assert_int_equal(lines("status=204"), 1);
	assert_int_equal(lines("status=304"), 1);
	expect("served", "C");
}

static void test_body_up_to_the_end(void **state)
{
	(void)state;
	run(TS_WIRE_BY_PEER, ASK("a"), STREAM_HEAD DELTA("x") DONE, NULL);
	expect("outcome", "done");
	run(TS_WIRE_BY_PEER, ASK("a"), STREAM_HEAD DELTA("x"), NULL);
	expect("outcome", "cut");
	run(TS_WIRE_BY_CLIENT, ASK("a"), STREAM_HEAD DELTA("x"), NULL);
	expect("outcome", "cancelled");
	expect("answer",
	       "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"x\"}]}]");
	run(TS_WIRE_BY_END, ASK("a"), STREAM_HEAD DELTA("x"), NULL);
	expect("outcome", "lost");
	expect("error_type", "interrupted");
	run(TS_WIRE_BY_ERROR, ASK("a"), STREAM_HEAD DELTA("x"), NULL);
	expect("outcome", "lost");
	expect("error_type", "connection_lost");
	/* who has read the end mark need not read on */
	run(TS_WIRE_BY_CLIENT, ASK("a"), STREAM_HEAD DELTA("x") DONE, NULL);
	expect("outcome", "done");
	/* nor who has read how all choices ended, but others may not cut it off there */
	run(TS_WIRE_BY_CLIENT, ASK("a"), STREAM_HEAD DELTA("x") STOPS("0"), NULL);
	expect("outcome", "done");
	run(TS_WIRE_BY_CLIENT, ASK("a"), STREAM_HEAD DELTA("x") STOPS("1"), NULL);
	expect("outcome", "cancelled");
	run(TS_WIRE_BY_ERROR, ASK("a"), STREAM_HEAD DELTA("x") STOPS("0"), NULL);
	expect("outcome", "lost");
	run(TS_WIRE_BY_END, ASK("a"), STREAM_HEAD DELTA("x") STOPS("0"), NULL);
	expect("outcome", "lost");
}

static void test_no_response(void **state)
{
	(void)state;
	run(TS_WIRE_BY_PEER, ASK("a"), NULL);
	expect("outcome", "lost");
	expect("status", NULL);
	expect("asked", "a");
	run(TS_WIRE_BY_CLIENT, ASK("a"), "HTTP/1.1 20", NULL);
	expect("outcome", "cancelled");
	run(TS_WIRE_BY_CLIENT, ASK("a"), JSON("A", "999"), NULL);
	expect("outcome", "cancelled");
	run(TS_WIRE_BY_PEER, ASK("a"), JSON("A", "999"), NULL);
	expect("outcome", "lost");
	run(TS_WIRE_BY_PEER, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.ope", NULL);
	assert_int_equal(told.calls, 0);
}

#define POST(bytes)                                                                            \
	"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: " bytes \
	"\r\n\r\n"

/* What went wrong may be in there. */
static void test_requests_that_are_no_json(void **state)
{
	static char large[200000];
	size_t head = (size_t)sprintf(large, POST("199999") "{\"a\":[");

	(void)state;
	run(TS_WIRE_BY_CLIENT, POST("17") "{\"model\":\"a\xc3\xb6\"", NULL);
	expect("outcome", "cancelled");
	expect("messages", "{\"body\":\"{\\\"model\\\":\\\"a\xc3\xb6\\\"\"}");
	run(TS_WIRE_BY_CLIENT, POST("9") "{model: a}", NULL);
	expect("messages", "{\"body\":\"{model: a\"}");
	run(TS_WIRE_BY_PEER, POST("4") "{'\xff}", "HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n{}",
	    NULL);
	expect("outcome", "refused");
	expect("messages", "{\"body\":\"{'\xef\xbf\xbd}\"}");
	run(TS_WIRE_BY_CLIENT, POST("9"), NULL);
	expect("messages", NULL);
	memset(large + head, ' ', sizeof(large) - head - 1);
	run_pieces(&told, &settings, &(struct piece){TS_WIRE_SENT, large, strlen(large)}, 1, 50000,
		   TS_WIRE_BY_CLIENT);
	assert_non_null(strstr(told_of(&told, "messages"), "\",\"tail\":\"\",\"truncated\":"));
	assert_true(strlen(told_of(&told, "messages")) < 65536);
}

/* Who is answered has sent all of it, whether the end was seen or not; who is refused may have stopped. */
static void test_end_of_a_request_unseen(void **state)
{
	static const char begins[] =
		"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
		"Content-Length: 19\r\n\r\n{\"mod";

	(void)state;
	run(TS_WIRE_BY_CLIENT, begins, JSON("A", "13"), NULL);
	expect("outcome", "done");
	expect("sent", "19");
	expect("unseen", "14");
	run(TS_WIRE_BY_CLIENT, begins, "HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\n{}", NULL);
	expect("outcome", "refused");
	expect("sent", "5");
	expect("unseen", NULL);
}

static void test_answer_before_the_request_is_over(void **state)
{
	(void)state;
	run(TS_WIRE_BY_CLIENT,
	    "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: "
	    "19\r\n\r\n{\"mod",
	    "HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\n{}", "el\":\"123456\"}x" ASK("b"),
	    JSON("B", "13"), NULL);
	assert_int_equal(told.calls, 2);
	assert_int_equal(lines("outcome=refused"), 1);
	expect("served", "B");
}

static void test_upgrades(void **state)
{
	(void)state;
	/* offered, and not taken */
	run(TS_WIRE_BY_CLIENT,
	    "POST /api/chat HTTP/1.1\r\nHost: localhost:11434\r\nConnection: Upgrade, "
	    "HTTP2-Settings\r\nUpgrade: h2c\r\n"
	    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nContent-Length: "
	    "13\r\n\r\n{\"model\":\"a\"}",
	    JSON("A", "13"), ASK("b"), JSON("B", "13"), NULL);
	assert_int_equal(told.calls, 2);
	assert_int_equal(lines("asked=a\nserved=A"), 1);
	/* taken */
	run(TS_WIRE_BY_CLIENT,
	    "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nConnection: "
	    "upgrade\r\nUpgrade: h2c\r\n"
	    "Content-Length: 2\r\n\r\n{}",
	    "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n\0",
	    "PRI * HTTP/2.0\r\n\r\n", NULL);
	assert_int_equal(told.calls, 1);
	expect("outcome", "unseen");
	expect("error_type", "switched");
	/* a tunnel: what is in it has its own connection */
	run(TS_WIRE_BY_CLIENT, "CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n\r\n", ASK("a"), JSON("A", "13"), NULL);
	assert_int_equal(told.calls, 0);
	run(TS_WIRE_BY_CLIENT, "CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", ASK("a"), JSON("A", "13"), NULL);
	assert_int_equal(told.calls, 1);
}

static void test_who_is_a_provider(void **state)
{
	static const char *const others[] = {
		"POST /v1/chat/completions HTTP/1.1\r\nHost: example.org\r\nContent-Length: "
		"2\r\n\r\n{}",
		"POST /v1/chat/completions HTTP/1.1\r\nHost: "
		"api.openai.com.evil.org\r\nContent-Length: 2\r\n\r\n{}",
		"POST /v1/files HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: 2\r\n\r\n{}",
		"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n",
		"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
		"POST /x?u=api.openai.com/v1/chat/completions HTTP/1.1\r\nHost: "
		"localhost:8000\r\nContent-Length: 2\r\n\r\n{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		run(TS_WIRE_BY_CLIENT, others[i], JSON("A", "13"), NULL);
		assert_int_equal(told.calls, 0);
	}
	/* through a proxy */
	run(TS_WIRE_BY_CLIENT,
	    "POST http://me:secret@localhost:11434/v1/chat/completions?x=y HTTP/1.1\r\nHost: "
	    "other\r\nContent-Length: 2\r\n\r\n{}",
	    JSON("A", "13"), NULL);
	expect("call", "ollama");
	expect("host", "localhost:11434");
	expect("path", "/v1/chat/completions");
	assert_null(strstr(told.text, "secret"));
}

static void test_gateways(void **state)
{
	static const struct ts_wire_gateway gateways[] = {{"llm.corp", "/litellm/", "corp"},
							  {"10.0.0.1:8000", NULL, NULL}};
	struct ts_wire_settings with = {.gateways = gateways, .n_gateways = 2};
	struct piece pieces[] = {
		{TS_WIRE_SENT,
		 "POST /litellm/v1/messages HTTP/1.1\r\nHost: "
		 "LLM.corp:443\r\nx-stainless-retry-count: 2\r\n\r\n",
		 0},
		{TS_WIRE_RECEIVED, JSON("A", "13"), 0},
		{TS_WIRE_SENT, "POST /other/v1/messages HTTP/1.1\r\nHost: llm.corp\r\n\r\n", 0},
		{TS_WIRE_RECEIVED, JSON("B", "13"), 0},
		{TS_WIRE_SENT, "POST /v1/chat/completions HTTP/1.1\r\nHost: 10.0.0.1:8000\r\n\r\n",
		 0},
		{TS_WIRE_RECEIVED, JSON("C", "13"), 0},
	};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		pieces[i].n = strlen(pieces[i].bytes);
	run_pieces(&told, &with, pieces, 6, 0, TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 2);
	assert_int_equal(lines("call=corp\napi=messages"), 1);
	assert_int_equal(lines("attempt=2"), 1);
	expect("call", "openai_compatible");
}

static void test_what_is_no_http(void **state)
{
	static const char *const noise[] = {
		"\x16\x03\x01",           "SSH-2.0-x",           "POSTAL", "GET", "GET \r\n",
		"PRI * HTTP/2.1\r\n\r\n", "*1\r\n$4\r\nPING\r\n"};
	struct ts_wire_settings own = {.called = tell, .user = &told};

	(void)state;
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++) {
		struct ts_wire *wire;
		bool goes_on = true;

		assert_int_equal(ts_wire_new(&wire, &own), 0);
		for (const char *at = noise[i]; *at; at++)
			goes_on = feed_exactly(wire, TS_WIRE_SENT, at, 1, 1);
		assert_int_equal(goes_on, strcmp(noise[i], "GET") == 0);
		ts_wire_close(wire, TS_WIRE_BY_PEER, 1);
	}
}

/* --- bytes that nobody saw ------------------------------------------------------------- */

struct gap_piece {
	enum ts_wire_direction direction;
	uint64_t gap;
	const char *bytes;
};

static void run_gaps(const struct gap_piece *pieces)
{
	struct ts_wire_settings own = {.called = tell, .user = &told};
	struct ts_wire *wire;

	told.bytes = told.calls = 0;
	told.text[0] = 0;
	assert_int_equal(ts_wire_new(&wire, &own), 0);
	for (; pieces->bytes; pieces++)
		ts_wire_feed(wire, pieces->direction, pieces->bytes, strlen(pieces->bytes),
			     pieces->gap, 1, NULL);
	ts_wire_close(wire, TS_WIRE_BY_PEER, 2);
}

/* A request of which `gap` bytes before `rest` are not seen, its response, and another exchange. */
static void run_gap_in_request(const char *head, uint64_t gap, const char *rest)
{
	const struct gap_piece pieces[] = {
		{TS_WIRE_SENT, 0, head},
		{TS_WIRE_SENT, gap, rest},
		{TS_WIRE_RECEIVED, 0, JSON("A", "13")},
		{TS_WIRE_SENT, 0, ASK("b")},
		{TS_WIRE_RECEIVED, 0, JSON("B", "13")},
		{0, 0, NULL},
	};

	run_gaps(pieces);
	assert_int_equal(told.calls, 2);
	assert_int_equal(lines("outcome=done"), 2);
	expect("served", "B");
}

static void test_gap_within_a_request(void **state)
{
	(void)state;
	run_gap_in_request(HEAD("1000019") "{\"messages\"", 1000000, "\"x\\n\"}}}");
	assert_int_equal(lines("unseen=1000000"), 1);
	assert_int_equal(lines("sent=1000019"), 1);
	assert_int_equal(lines("messages={\"body\":{\"head\":\"{\\\"messages\\\"\",\"tail\":"
			       "\"\\\"x\\\\n\\\"}}}\","
			       "\"truncated\":1000019}}"),
			 1);
}

/* Of a body that nobody saw it is told how long it was. */
static void test_gap_that_is_a_request(void **state)
{
	(void)state;
	run_gap_in_request(HEAD("4711"), 4711, "");
	assert_int_equal(lines("unseen=4711"), 1);
	assert_int_equal(
		lines("messages={\"body\":{\"head\":\"\",\"tail\":\"\",\"truncated\":4711}}"), 1);
}

static void test_gap_within_a_stream(void **state)
{
	const struct gap_piece pieces[] = {
		{TS_WIRE_SENT, 0, ASK("a")},
		{TS_WIRE_RECEIVED, 0, STREAM_HEAD DELTA("x") "data: {\"choi"},
		{TS_WIRE_RECEIVED, 7, "\"}}]}\n\n" DELTA("z") DONE},
		{0, 0, NULL},
	};

	(void)state;
	run_gaps(pieces);
	expect("outcome", "done");
	expect("answer",
	       "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"xz\"}]}]");
	expect("unseen", "7");
}

static void test_gap_over_the_end(void **state)
{
	const struct gap_piece pieces[] = {
		{TS_WIRE_SENT, 0, ASK("a")},
		{TS_WIRE_RECEIVED, 0,
		 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"mod"},
		{TS_WIRE_RECEIVED, 9, "\"}\r\n0\r\n\r\n"},
		{TS_WIRE_SENT, 0, ASK("b")},
		{TS_WIRE_RECEIVED, 0, JSON("B", "13")},
		{0, 0, NULL},
	};

	(void)state;
	run_gaps(pieces);
	assert_int_equal(told.calls, 2);
	assert_int_equal(lines("outcome=unseen"), 1);
	expect("served", "B");
	expect("outcome", "done");
}

static void test_gap_in_a_chunk(void **state)
{
	const struct gap_piece pieces[] = {
		{TS_WIRE_SENT, 0, ASK("a")},
		{TS_WIRE_RECEIVED, 0,
		 "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n8\r\nda"},
		{TS_WIRE_RECEIVED, 6, "\r\ne\r\n\ndata: [DONE]\n\r\n0\r\n\r\n"},
		{TS_WIRE_SENT, 0, ASK("b")},
		{TS_WIRE_RECEIVED, 0, JSON("B", "13")},
		{0, 0, NULL},
	};

	(void)state;
	run_gaps(pieces);
	assert_int_equal(told.calls, 2);
	assert_int_equal(lines("outcome=done"), 2);
	expect("served", "B");
}

static void test_joined_in_the_middle(void **state)
{
	const struct gap_piece pieces[] = {
		{TS_WIRE_SENT, 123, "...rest of a body\"}"},
		{TS_WIRE_RECEIVED, 0, JSON("A", "13")},
		{TS_WIRE_SENT, 0, ASK("b")},
		{TS_WIRE_RECEIVED, 0, JSON("B", "13")},
		{0, 0, NULL},
	};
	const struct gap_piece second[] = {
		{TS_WIRE_SENT, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
		{TS_WIRE_SENT, 1, "anything"},
		{TS_WIRE_SENT, 0, ASK("b")},
		{0, 0, NULL},
	};

	(void)state;
	run_gaps(pieces);
	assert_int_equal(told.calls, 1);
	expect("asked", "b");
	expect("served", "B");
	run_gaps(second);
	assert_int_equal(told.calls, 0);
}

static void test_damaged_messages(void **state)
{
	(void)state;
	run(TS_WIRE_BY_CLIENT, ASK("a"), "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", NULL);
	assert_int_equal(told.calls, 1);
	expect("outcome", "unseen");
}

/* --- bounds ---------------------------------------------------------------------------- */

static void test_large_bodies(void **state)
{
	static char request[3 << 20], response[6 << 20];
	struct piece pieces[2] = {{TS_WIRE_SENT, request, 0}, {TS_WIRE_RECEIVED, response, 0}};
	size_t n;

	(void)state;
	n = (size_t)sprintf(request, "POST /v1/chat/completions HTTP/1.1\r\nHost: "
				     "api.openai.com\r\nTransfer-Encoding: chunked\r\n\r\n");
	n += (size_t)sprintf(request + n, "200000\r\n{\"messages\":[\"");
	memset(request + n, 'a', 0x200000 - 14);
	n += 0x200000 - 14;
	pieces[0].n = n + (size_t)sprintf(
				  request + n,
				  "\r\n1f\r\n\", \"last\"], \"model\" : \"gpt-4o\"}\r\n0\r\n\r\n");
	n = (size_t)sprintf(response,
			    "%sdata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
			    STREAM_HEAD);
	memset(response + n, 'b', 5 << 20);
	n += 5 << 20;
	pieces[1].n =
		n + (size_t)sprintf(response + n, "\"},\"finish_reason\":\"stop\"}]}\n\n" DONE);
	run_pieces(&told, &settings, pieces, 2, 0, TS_WIRE_BY_CLIENT);
	expect("asked", "gpt-4o");
	expect("outcome", "done");
	assert_non_null(
		strstr(told.text, ",\"truncated\":5242880}}],\"finish_reason\":\"stop\"}]"));
	assert_non_null(strstr(told.text, ",\"truncated\":2097138},\"last\"]}"));
	assert_true(strlen(told_of(&told, "answer")) < 66000 &&
		    strlen(told_of(&told, "answer")) > 65000);
	run_pieces(&again, &settings, pieces, 2, 100000, TS_WIRE_BY_CLIENT);
	assert_string_equal(told.text, again.text);
}

static void test_interleaved_connections(void **state)
{
	static struct told all[20];
	static const char *const pieces[4] = {ASK("a"), STREAM_HEAD DELTA("x") "data: [", ASK("c"),
					      "x"};
	struct ts_wire_settings own[20];
	struct ts_wire *wires[20];
	size_t at[20][2] = {0};
	uint32_t seed = 4711;
	unsigned left = 20;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		own[i] = (struct ts_wire_settings){.called = tell, .user = &all[i]};
		all[i].bytes = all[i].calls = 0;
		assert_int_equal(ts_wire_new(&wires[i], &own[i]), 0);
	}
	while (left) {
		unsigned i = (seed = seed * 1664525 + 1013904223) >> 8, n = i >> 8 & 15;
		size_t *piece = at[i %= 20];
		const char *bytes = piece[0] < 2 ? pieces[piece[0]] : NULL;

		if (!bytes)
			continue;
		n = n < strlen(bytes) - piece[1] ? n : (unsigned)(strlen(bytes) - piece[1]);
		feed_exactly(wires[i], (enum ts_wire_direction)(piece[0] % 2), bytes + piece[1], n,
			     1);
		piece[1] += n;
		if (piece[1] < strlen(bytes))
			continue;
		piece[0]++;
		piece[1] = 0;
		left -= piece[0] == 2;
	}
	for (unsigned i = 0; i < 20; i++) {
		ts_wire_close(wires[i], TS_WIRE_BY_CLIENT, 2);
		assert_int_equal(all[i].calls, 1);
		assert_string_equal(all[i].text, all[0].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_interim_responses),
		cmocka_unit_test(test_responses_without_bodies),
		cmocka_unit_test(test_body_up_to_the_end),
		cmocka_unit_test(test_no_response),
		cmocka_unit_test(test_requests_that_are_no_json),
		cmocka_unit_test(test_end_of_a_request_unseen),
		cmocka_unit_test(test_answer_before_the_request_is_over),
		cmocka_unit_test(test_upgrades),
		cmocka_unit_test(test_who_is_a_provider),
		cmocka_unit_test(test_gateways),
		cmocka_unit_test(test_what_is_no_http),
		cmocka_unit_test(test_gap_within_a_request),
		cmocka_unit_test(test_gap_that_is_a_request),
		cmocka_unit_test(test_gap_within_a_stream),
		cmocka_unit_test(test_gap_over_the_end),
		cmocka_unit_test(test_gap_in_a_chunk),
		cmocka_unit_test(test_joined_in_the_middle),
		cmocka_unit_test(test_damaged_messages),
		cmocka_unit_test(test_large_bodies),
		cmocka_unit_test(test_interleaved_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
