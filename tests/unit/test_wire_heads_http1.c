// SPDX-License-Identifier: Apache-2.0
/* What of the requests of HTTP/1 is recorded, however they are cut; and that no secret is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "wire_fixture.h"
#include "wire_heads_fixture.h"

#define HOST   "Host: api.openai.com\r\n"
#define POST   "POST /v1/chat/completions HTTP/1.1\r\n"
#define SECRET "sk-S3cr3t"

static struct put whole, pieces;

/* However it is cut, the same comes out, and the same state. */
static void expect(bool listed, const char *bytes, size_t n, enum ts_wire_state state,
		   const char *recorded)
{
	send_all(&whole, listed, bytes, n, 0);
	assert_int_equal(whole.state, state);
	assert_string_equal(whole.bytes, recorded);
	for (size_t cut = 1; cut < n; cut++) {
		send_all(&pieces, listed, bytes, n, cut);
		assert_int_equal(pieces.state, state);
		assert_string_equal(pieces.bytes, recorded);
	}
	send_all(&pieces, listed, bytes, n, SIZE_MAX);
	assert_int_equal(pieces.state, state);
	assert_string_equal(pieces.bytes, recorded);
}

static void expect_text(const char *sent, enum ts_wire_state state, const char *recorded)
{
	expect(false, sent, strlen(sent), state, recorded);
}

static void expect_recorded(const char *sent, const char *recorded)
{
	expect_text(sent, TS_WIRE_STATE_RECORDED, recorded);
}

static void expect_unreadable(const char *sent, const char *recorded)
{
	expect_text(sent, TS_WIRE_STATE_UNREADABLE, recorded);
}

static void test_a_request(void **state)
{
	(void)state;
	expect_recorded(POST HOST "Accept: */*\r\nAuthorization: Bearer " SECRET "\r\n"
				  "Content-Type: application/json\r\nContent-Length: 2\r\n"
				  "X-Stainless-Retry-Count: 1\r\nUser-Agent: x\r\n\r\n{}",
			"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
			"content-type: application/json\r\ncontent-length: 2\r\n"
			"x-stainless-retry-count: 1\r\n\r\n{}");
}

static void test_bodies(void **state)
{
	(void)state;
	/* one behind the other, with and without */
	expect_recorded("GET /v1/models HTTP/1.1\r\n" HOST "\r\n" POST HOST
			"content-length: 5\r\n\r\nhelloHEAD / HTTP/1.0\r\n" HOST "\r\n",
			"GET /v1/models HTTP/1.1\r\nhost: api.openai.com\r\n\r\n"
			"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
			"content-length: 5\r\n\r\n"
			"helloHEAD / HTTP/1.0\r\nhost: api.openai.com\r\n\r\n");
	expect_recorded(POST HOST "content-length: 0\r\n\r\n\r\n" POST HOST "\r\n",
			"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
			"content-length: 0\r\n\r\n"
			"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
	expect_recorded(
		POST HOST "transfer-encoding: Chunked\r\n\r\n"
			  "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n"
			  "X-Signature: " SECRET "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
		"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
		"transfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n"
		"GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
	expect_recorded(POST HOST "expect: 100-continue\r\ncontent-length: 4\r\n\r\nPOST",
			"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
			"expect: 100-continue\r\ncontent-length: 4\r\n\r\nPOST");
}

/* Bodies longer than what is put together. */
static void test_large_bodies(void **state)
{
	static char sent[200000];
	size_t head = (size_t)snprintf(sent, sizeof(sent),
				       POST HOST "cookie: a\r\ncontent-length: 150000\r\n\r\n"),
	       n = head + 150000;

	(void)state;
	for (size_t i = head; i < n; i++)
		sent[i] = (char)('a' + i % 26);
	for (size_t cut = 0; cut < n; cut += 7919) {
		send_all(&whole, false, sent, n, cut);
		assert_int_equal(whole.state, TS_WIRE_STATE_RECORDED);
		assert_int_equal(whole.n, n - strlen("cookie: a\r\n"));
		assert_memory_equal(whole.bytes + whole.n - 150000, sent + head, 150000);
	}
}

static void test_targets(void **state)
{
	static const struct {
		const char *sent, *recorded;
	} targets[] = {
		{"/", "/"},
		{"*", "*"},
		{"/a?key=" SECRET, "/a"},
		{"/a?key=" SECRET "&alt=sse", "/a?alt=sse"},
		{"/a?alt=sse&key=" SECRET "&api-version=2024-06-01&x&beta=true",
		 "/a?alt=sse&api-version=2024-06-01&beta=true"},
		{"/a?alt=sse;key=" SECRET, "/a"},
		{"/a?alt=a%26" SECRET, "/a"},
		{"/a?alt=", "/a"},
		{"/a?beta", "/a"},
		{"/a?&&alt=1&?key=" SECRET, "/a?alt=1"},
		{"/a?X-Amz-Signature=" SECRET "&X-Amz-Security-Token=" SECRET, "/a"},
		{"/a?ALT=" SECRET "&xalt=" SECRET, "/a"},
		{"/a#" SECRET, "/a"},
		{"/a?alt=1#" SECRET, "/a?alt=1"},
		{"http://api.openai.com/a?key=" SECRET, "/a"},
		{"HTTPS://me:" SECRET "@api.openai.com:443/a", "/a"},
		{"http://api.openai.com", "/"},
		{"http://api.openai.com?key=" SECRET, "/"},
		{"http://api.openai.com/#" SECRET, "/"},
		{"http://api.openai.com?alt=1#" SECRET, "/?alt=1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		char sent[512], recorded[512];

		snprintf(sent, sizeof(sent), "GET %s HTTP/1.1\r\n" HOST "\r\n", targets[i].sent);
		snprintf(recorded, sizeof(recorded),
			 "GET %s HTTP/1.1\r\nhost: api.openai.com%s\r\n\r\n", targets[i].recorded,
			 strstr(targets[i].sent, ":443") ? ":443" : "");
		expect_recorded(sent, recorded);
	}
}

static void test_hosts(void **state)
{
	static const struct {
		const char *host;
		enum ts_wire_state state;
	} hosts[] = {
		{"api.openai.com", TS_WIRE_STATE_RECORDED},
		{"API.OpenAI.com:443", TS_WIRE_STATE_RECORDED},
		{"api.openai.com:80", TS_WIRE_STATE_RECORDED},
		{"api.openai.com:8443", TS_WIRE_STATE_OTHER_HOST},
		{"api.openai.com.evil.example", TS_WIRE_STATE_OTHER_HOST},
		{"bedrock-runtime.eu-west-1.amazonaws.com", TS_WIRE_STATE_RECORDED},
		{"localhost:11434", TS_WIRE_STATE_RECORDED},
		{"[::1]:11434", TS_WIRE_STATE_RECORDED},
		{"localhost", TS_WIRE_STATE_OTHER_HOST},
		{"gw.example:8080", TS_WIRE_STATE_RECORDED},
		{"gw.example:443", TS_WIRE_STATE_RECORDED},
		{"gw.example:81", TS_WIRE_STATE_OTHER_HOST},
		{"", TS_WIRE_STATE_OTHER_HOST},
		{"api.openai.com/x", TS_WIRE_STATE_UNREADABLE},
		{"api.openai.com evil", TS_WIRE_STATE_UNREADABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		char sent[512], recorded[512] = "";

		snprintf(sent, sizeof(sent), "GET / HTTP/1.1\r\nhost: %s\r\n\r\n", hosts[i].host);
		if (hosts[i].state == TS_WIRE_STATE_RECORDED)
			strcpy(recorded, sent);
		expect_text(sent, hosts[i].state, recorded);
	}
	expect_recorded("GET / HTTP/1.1\r\nHost: me:" SECRET "@api.openai.com\r\n\r\n",
			"GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
	expect_text("GET http://other.example/ HTTP/1.1\r\n" HOST "\r\n", TS_WIRE_STATE_OTHER_HOST,
		    "");
}

static void test_listed(void **state)
{
	static const char sent[] = "GET / HTTP/1.1\r\nHost: a\r\nCookie: " SECRET "\r\n\r\n"
				   "GET / HTTP/1.0\r\nx-api-key: " SECRET "\r\n\r\n";

	(void)state;
	expect(true, sent, strlen(sent), TS_WIRE_STATE_RECORDED,
	       "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n");
}

/* What was recorded stays; of what cannot be followed nothing comes out. */
static void test_what_cannot_be_followed(void **state)
{
	static const char *const heads[] = {
		POST HOST "content-length: 1\r\ncontent-length: 1\r\n\r\n",
		POST HOST "content-length: 5, 7\r\n\r\n",
		POST HOST "content-length: +5\r\n\r\n",
		POST HOST "content-length: 0x5\r\n\r\n",
		POST HOST "content-length: 1 2\r\n\r\n",
		POST HOST "content-length:\r\n\r\n",
		POST HOST "content-length: 1000000000000000000\r\n\r\n",
		POST HOST "content-length: 18446744073709551621\r\n\r\n",
		POST HOST "content-length: 3\t\r\n\r\n",
		POST HOST "content-length:\t3\r\n\r\n",
		POST HOST "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
		POST HOST "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
		POST HOST "transfer-encoding: gzip, chunked\r\n\r\n",
		POST HOST "transfer-encoding: identity\r\n\r\n",
		POST HOST "transfer-encoding: xchunked\r\n\r\n",
		POST HOST "transfer-encoding: chunked\v\r\n\r\n",
		POST HOST "transfer-encoding: chunked\t\r\n\r\n",
		POST HOST "transfer-encoding : chunked\r\n\r\n",
		POST HOST "content-length\t: 3\r\n\r\n",
		POST HOST " transfer-encoding: chunked\r\n\r\n",
		POST HOST "a: b\r\n c: d\r\n\r\n",
		POST HOST "a: b\r\n\tc\r\n\r\n",
		POST HOST ": b\r\n\r\n",
		POST HOST "a b: c\r\n\r\n",
		POST HOST "nothing\r\n\r\n",
		POST HOST "a: b\nauthorization: " SECRET "\r\n\r\n",
		POST HOST "a: b\rauthorization: " SECRET "\r\n\r\n",
		POST HOST "a: b\x01\r\n\r\n",
		POST HOST "a: b\x7f\r\n\r\n",
		POST HOST "\n\r\n",
		POST HOST HOST "\r\n",
		POST HOST "Host: other\r\n\r\n",
		"POST /v1/chat/completions HTTP/1.0\r\n" HOST "transfer-encoding: chunked\r\n\r\n",
		"GET /\r\n" HOST "\r\n",
		"GET / HTTP/1.2\r\n" HOST "\r\n",
		"GET / HTTP/2.0\r\n" HOST "\r\n",
		"GET / http/1.1\r\n" HOST "\r\n",
		"GET /  HTTP/1.1\r\n" HOST "\r\n",
		"GET / HTTP/1.1 \r\n" HOST "\r\n",
		"GET /a b HTTP/1.1\r\n" HOST "\r\n",
		"GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n",
		"GET ftp://api.openai.com/ HTTP/1.1\r\n" HOST "\r\n",
		"GET http://api.openai.com#x HTTP/1.1\r\n" HOST "\r\n",
		"GET http:// HTTP/1.1\r\n" HOST "\r\n",
		"GET http:///a HTTP/1.1\r\n" HOST "\r\n",
		"GET http://?a HTTP/1.1\r\n" HOST "\r\n",
		"GET http://#a HTTP/1.1\r\n" HOST "\r\n",
		"GET api.openai.com HTTP/1.1\r\n" HOST "\r\n",
		"CONNECT api.openai.com:443 HTTP/1.1\r\n" HOST "\r\n",
		"CONNECT / HTTP/1.1\r\n" HOST "\r\n",
		"TRACE / HTTP/1.1\r\n" HOST "\r\n",
		"PRI * HTTP/2.0\r\n\r\n",
		"\x81\x85words",
		"\x16\x03\x01",
	};
	static const char first[] = "GET / HTTP/1.1\r\n" HOST "\r\n",
			  recorded[] = "GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n";

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		char sent[1024];

		snprintf(sent, sizeof(sent), "%s%s%s", first, heads[i],
			 "authorization: " SECRET "\r\n\r\n");
		expect_unreadable(sent, recorded);
	}
	/* a NUL */
	expect(false, POST HOST "a: \0b\r\n\r\n", strlen(POST HOST) + 9, TS_WIRE_STATE_UNREADABLE,
	       "");
}

static void test_another_host(void **state)
{
	(void)state;
	expect_unreadable("GET / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\nHost: other\r\n\r\n",
			  "GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
}

/* Bodies that turn out to be none: what is sound of them has passed. */
static void test_damaged_bodies(void **state)
{
	static const struct {
		const char *sent, *recorded;
	} bodies[] = {
		{"3;name=" SECRET "\r\nabc\r\n0\r\n\r\n", ""},
		{"3\nabc\r\n", ""},
		{"3 \r\nabc\r\n", ""},
		{"\r\n", ""},
		{"-1\r\n", ""},
		{"1234567890abcdef\r\n", ""},
		{"3\r\nabcd\r\n" SECRET, "3\r\nabc"},
		{"3\r\nabc\n" SECRET, "3\r\nabc"},
		{"3\r\nabc\r\n0;x=" SECRET "\r\n\r\n", "3\r\nabc\r\n"},
		{"3\r\nabc\r\n0\r\na: b\n\r\n" SECRET, "3\r\nabc\r\n"},
		{"3\r\nabc\r\nGET / HTTP/1.1\r\n", "3\r\nabc\r\n"},
		{"3\r\nabc\r\n0\r\nGET / HTTP/1.1\r\na: b\r\n\r\n", "3\r\nabc\r\n"},
		{"3\r\nabc\r\n0\r\n: b\r\n\r\n" SECRET, "3\r\nabc\r\n"},
		{"3\r\nabc\r\n0\r\na: b\r\nContent-Length: 5\r\n\r\n" SECRET, "3\r\nabc\r\n"},
		{"3\r\nabc\r\n0\r\ntransfer-encoding: x\r\n\r\n" SECRET, "3\r\nabc\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		char sent[512], recorded[512];

		snprintf(sent, sizeof(sent), POST HOST "transfer-encoding: chunked\r\n\r\n%s",
			 bodies[i].sent);
		snprintf(recorded, sizeof(recorded),
			 "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
			 "transfer-encoding: chunked\r\n\r\n%s",
			 bodies[i].recorded);
		expect_unreadable(sent, recorded);
	}
}

/* Refused before it has sent the body, a client may ask for something else. */
static void test_a_request_in_place_of_a_body(void **state)
{
	(void)state;
	expect_unreadable(POST HOST "expect: 100-continue\r\ncontent-length: 200\r\n\r\n" POST HOST
				    "authorization: " SECRET "\r\ncontent-length: 200\r\n\r\n",
			  "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
			  "expect: 100-continue\r\ncontent-length: 200\r\n\r\n");
}

static void test_upgrades(void **state)
{
	(void)state;
	/* offered, and not taken */
	expect_recorded("GET / HTTP/1.1\r\n" HOST
			"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
			"HTTP2-Settings: AAA\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
			"GET / HTTP/1.1\r\nhost: api.openai.com\r\n"
			"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n\r\n"
			"GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
	expect_unreadable(
		"GET /v1/realtime HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Protocol: openai-insecure-api-key." SECRET "\r\n\r\n\x81\x05" SECRET,
		"GET /v1/realtime HTTP/1.1\r\nhost: api.openai.com\r\n"
		"connection: Upgrade\r\nupgrade: websocket\r\n\r\n");
}

static void test_other_protocols(void **state)
{
	static const char *const first[] = {
		"\x16\x03\x01", "SSH-2.0-x\r\n",  "GETS / HTTP/1.1\r\n",
		"GET\r\n",      "PRI / HTTP/1.1", "\r\nGET / HTTP/1.1\r\n",
		"{}",           "GET  / HTTP/1.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		expect_text(first[i], TS_WIRE_STATE_NOT_HTTP, "");
	expect_text("POST", TS_WIRE_STATE_UNDECIDED, "");
	expect_text(POST HOST "authorization: " SECRET "\r\n", TS_WIRE_STATE_UNDECIDED, "");
}

/* Heads of 64 KB are read, and no more; 16 KB of one are recorded, and no more. */
static void test_large_heads(void **state)
{
	static char sent[70000];

	(void)state;
	for (size_t bytes = 65530; bytes <= 65540; bytes++) {
		size_t n = (size_t)snprintf(sent, sizeof(sent), POST HOST "cookie: "),
		       last = bytes - 4;

		memset(sent + n, 'a', last - n);
		memcpy(sent + last, "\r\n\r\n", 4);
		send_all(&whole, false, sent, bytes, 0);
		send_all(&pieces, false, sent, bytes, SIZE_MAX);
		assert_int_equal(whole.state, bytes <= 65536 ? TS_WIRE_STATE_RECORDED
							     : TS_WIRE_STATE_UNREADABLE);
		assert_int_equal(pieces.state, whole.state);
		assert_string_equal(pieces.bytes, whole.bytes);
	}
	for (size_t path = 16330; path < 16360; path++) {
		size_t n = (size_t)snprintf(sent, sizeof(sent),
					    "GET /%0*d HTTP/1.1\r\n" HOST "\r\n", (int)path, 0);

		send_all(&whole, false, sent, n, 0);
		assert_int_equal(whole.state,
				 n <= 16384 ? TS_WIRE_STATE_RECORDED : TS_WIRE_STATE_UNREADABLE);
		assert_int_equal(whole.n, n <= 16384 ? n : 0);
	}
}

/* Wherever a secret stands that is not the body, it does not come out. */
static void test_secrets(void **state)
{
	static const char *const names[] = {
		"Authorization",
		"x-api-key",
		"api-key",
		"x-goog-api-key",
		"Cookie",
		"Proxy-Authorization",
		"X-Amz-Security-Token",
		"X-Amz-Date",
		"x-amz-content-sha256",
		"Set-Cookie",
		"Referer",
		"User-Agent",
		"From",
		"OpenAI-Organization",
		"Sec-WebSocket-Protocol",
		"TE",
		"Trailer",
		"X-Forwarded-Authorization",
		"anthropic-beta",
		"Content-Location",
		"Contents-Type",
		"Hosts",
	};
	char sent[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(sent, sizeof(sent),
			 "POST http://u:" SECRET "@api.openai.com/v1?a=" SECRET
			 " HTTP/1.1\r\nHost: " SECRET "@api.openai.com\r\n%s: " SECRET
			 "\r\n%s:" SECRET "\r\ntransfer-encoding: chunked\r\n"
			 "\r\n1\r\na\r\n0\r\n%s: " SECRET "\r\n\r\nGET / HTTP/1.1\r\n%s: " SECRET
			 "\r\n" HOST "\r\n",
			 names[i], names[i], names[i], names[i]);
		expect_recorded(sent, "POST /v1 HTTP/1.1\r\nhost: api.openai.com\r\n"
				      "transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
				      "GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
		assert_null(strstr(whole.bytes, SECRET));
	}
	/* and in a value that is no such */
	expect_recorded(POST HOST "content-type: a\t" SECRET "\r\nexpect: \xc3\xa4" SECRET
				  "\r\n\r\n",
			"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
}

/* --- what nobody saw ------------------------------------------------------------------- */

#define LENGTH(n) POST HOST "content-length: " #n "\r\n\r\n"

/* `before` was sent, then `n` bytes that nobody saw: they are passed over, and a request behind them is one. */
static void passes_over(const char *before, uint64_t n, const char *rest)
{
	static const char next[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
	struct ts_wire_client *client = ts_wire_heads.open(&wire_conf, false);

	assert_non_null(client);
	whole.n = 0;
	send_exactly(client, &whole, before, strlen(before));
	assert_true(ts_wire_heads.missed(client, n));
	whole.n = 0;
	assert_int_equal(send_exactly(client, &whole, rest, strlen(rest)), TS_WIRE_STATE_RECORDED);
	assert_int_equal(send_exactly(client, &whole, next, strlen(next)), TS_WIRE_STATE_RECORDED);
	assert_memory_equal(whole.bytes, rest, strlen(rest));
	assert_string_equal(whole.bytes + strlen(rest),
			    "GET / HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
	ts_wire_heads.close(client);
}

static void is_lost(const char *before, uint64_t n)
{
	struct ts_wire_client *client = ts_wire_heads.open(&wire_conf, false);

	assert_non_null(client);
	whole.n = 0;
	if (*before)
		send_exactly(client, &whole, before, strlen(before));
	assert_false(ts_wire_heads.missed(client, n));
	ts_wire_heads.close(client);
}

static void test_what_nobody_saw(void **state)
{
	static const char chunked[] = POST HOST "transfer-encoding: chunked\r\n\r\n";

	(void)state;
	passes_over(LENGTH(10), 10, "");
	passes_over(LENGTH(10), 7, "end");
	passes_over(LENGTH(10) "begin", 3, "en");
	passes_over(LENGTH(10) "begin", 5, "");
	passes_over(POST HOST "transfer-encoding: chunked\r\n\r\na\r\n", 10, "\r\n0\r\n\r\n");
	passes_over(POST HOST "transfer-encoding: chunked\r\n\r\na\r\nbeg", 4, "end\r\n0\r\n\r\n");
	/* whole requests, parts of heads, more than there is of a body, what is no body's or not surely one's */
	is_lost("", 100);
	is_lost("POST /v1", 100);
	is_lost(LENGTH(0), 100);
	is_lost(LENGTH(10), 11);
	is_lost(LENGTH(10), UINT64_MAX);
	is_lost(LENGTH(10) "PO", 8);
	is_lost(chunked, 5);
	is_lost(POST HOST "transfer-encoding: chunked\r\n\r\na\r\n", 11);
	is_lost("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 5);
	is_lost("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 5);
}

/* --- what the runtime makes of it ------------------------------------------------------ */

static void test_the_runtime_reads_it(void **state)
{
	static const char sent[] =
		"POST http://u:p@api.openai.com/v1/chat/completions?key=" SECRET " HTTP/1.1\r\n"
		"authorization: " SECRET
		"\r\nx-stainless-retry-count: 2\r\ntransfer-encoding: chunked\r\n"
		"\r\ne\r\n{\"model\":\"gpt\"\r\n1\r\n}\r\n0\r\n\r\n" POST HOST
		"content-length: 15\r\n\r\n{\"model\":\"two\"}",
			  answers[] =
				  "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"model\":\"m\"}"
				  "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"model\":\"n\"}";
	static const struct ts_wire_settings settings;
	static struct told told;

	(void)state;
	send_all(&whole, false, sent, strlen(sent), 0);
	run_pieces(&told, &settings,
		   (struct piece[]){{TS_WIRE_SENT, whole.bytes, whole.n},
				    {TS_WIRE_RECEIVED, answers, strlen(answers)}},
		   2, 0, TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 2);
	assert_non_null(
		strstr(told.text, "host=api.openai.com\npath=/v1/chat/completions\nhttp=1.1\n"));
	assert_non_null(strstr(told.text, "attempt=2\n"));
	assert_non_null(strstr(told.text, "asked=gpt\nserved=m\n"));
	assert_non_null(strstr(told.text, "asked=two\nserved=n\n"));
	assert_null(strstr(told.text, SECRET));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_large_bodies),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_what_cannot_be_followed),
		cmocka_unit_test(test_another_host),
		cmocka_unit_test(test_damaged_bodies),
		cmocka_unit_test(test_a_request_in_place_of_a_body),
		cmocka_unit_test(test_upgrades),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_large_heads),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_what_nobody_saw),
		cmocka_unit_test(test_the_runtime_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
