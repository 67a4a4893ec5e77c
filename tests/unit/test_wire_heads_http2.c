// SPDX-License-Identifier: Apache-2.0
/* What of a client's frames of HTTP/2 is recorded, however they are cut; headers coded by nghttp2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "wire_fixture.h"
#include "wire_heads_fixture.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SECRET  "sk-S3cr3t-0123456789"
#define MOST    (PUT_BYTES / 2)

enum {
	DATA,
	HEADERS,
	PRIORITY,
	RST_STREAM,
	SETTINGS,
	PUSH_PROMISE,
	PING,
	GOAWAY,
	WINDOW_UPDATE,
	CONTINUATION
};
enum { END_STREAM = 1, END_HEADERS = 4, PADDED = 8, WITH_PRIORITY = 32 };

static struct put whole, pieces;
static struct {
	char bytes[MOST];
	size_t n;
	nghttp2_hd_deflater *deflater;
} made;
static char shown[MOST];

static int set_up(void **state)
{
	(void)state;
	made.n = 0;
	return nghttp2_hd_deflate_new(&made.deflater, 65536);
}

static int tear_down(void **state)
{
	(void)state;
	nghttp2_hd_deflate_del(made.deflater);
	return 0;
}

/* --- what a client sends --------------------------------------------------------------- */

static void add(const void *bytes, size_t n)
{
	assert_true(n <= MOST - made.n);
	memcpy(made.bytes + made.n, bytes, n);
	made.n += n;
}

static void frame(int type, int flags, uint32_t stream, const void *content, size_t n)
{
	const uint8_t head[9] = {
		(uint8_t)(n >> 16),      (uint8_t)(n >> 8),      (uint8_t)n,
		(uint8_t)type,           (uint8_t)flags,         (uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};

	add(head, sizeof(head));
	add(content, n);
}

static void begin(void)
{
	add(PREFACE, strlen(PREFACE));
	frame(SETTINGS, 0, 0, "\0\2\0\0\0\0", 6);
	frame(WINDOW_UPDATE, 0, 0, "\0\1\0\0", 4);
}

/* `flags` of nghttp2: whether a field goes into the table. */
static size_t code(const char *const *pairs, uint8_t flags, uint8_t *to, size_t room)
{
	nghttp2_nv fields[32];
	size_t n = 0;
	ssize_t bytes;

	for (; pairs[2 * n]; n++)
		fields[n] = (nghttp2_nv){(uint8_t *)(uintptr_t)pairs[2 * n],
					 (uint8_t *)(uintptr_t)pairs[2 * n + 1],
					 strlen(pairs[2 * n]), strlen(pairs[2 * n + 1]), flags};
	bytes = nghttp2_hd_deflate_hd(made.deflater, to, room, fields, n);
	assert_true(bytes > 0);
	return (size_t)bytes;
}

static void headers(uint32_t stream, int flags, const char *const *pairs)
{
	uint8_t block[8192];

	frame(HEADERS, END_HEADERS | flags, stream, block, code(pairs, 0, block, sizeof(block)));
}

static const char *const request[] = {":method",
				      "POST",
				      ":scheme",
				      "https",
				      ":authority",
				      "me:" SECRET "@api.anthropic.com",
				      ":path",
				      "/v1/messages?key=" SECRET "&beta=true",
				      "x-api-key",
				      SECRET,
				      "authorization",
				      SECRET,
				      "cookie",
				      SECRET,
				      "content-type",
				      "application/json",
				      "x-stainless-retry-count",
				      "1",
				      "user-agent",
				      "x",
				      NULL};
static const char *const elsewhere[] = {":method",    "POST",  ":scheme", "https",
					":authority", "other", ":path",   "/",
					"x-api-key",  SECRET,  NULL};
static const char *const trailer[] = {"x-signature", SECRET, NULL};

#define RECORDED                                                                \
	":method=POST\n:scheme=https\n:authority=api.anthropic.com\n:path=/v1/" \
	"messages?beta=true\n"                                                  \
	"content-type=application/json\nx-stainless-retry-count=1\n"
#define BEGUN "SETTINGS 0 0 6\n"

/* --- what is recorded, as text --------------------------------------------------------- */

static size_t length_at(const uint8_t **at)
{
	size_t length = *(*at)++, shift = 0;

	assert_true(length < 128); /* not Huffman coded */
	if (length < 127)
		return length;
	do {
		length += (size_t)(**at & 127) << shift;
		shift += 7;
	} while (*(*at)++ & 128);
	return length;
}

static size_t show_fields(char *to, const uint8_t *at, const uint8_t *end)
{
	size_t n = 0;

	while (at < end) {
		for (int i = 0; i < 2; i++) {
			size_t length;

			if (!i)
				assert_int_equal(*at++, 0); /* in no table */
			length = length_at(&at);
			assert_true(length <= (size_t)(end - at));
			n += (size_t)sprintf(to + n, "%.*s%c", (int)length, at, i ? '\n' : '=');
			at += length;
		}
	}
	assert_ptr_equal(at, end);
	return n;
}

static const char *show(const struct put *put)
{
	const uint8_t *at = (const uint8_t *)put->bytes, *end = at + put->n;
	char *to = shown;

	*to = 0;
	if (!put->n)
		return shown;
	assert_memory_equal(at, PREFACE, strlen(PREFACE));
	for (at += strlen(PREFACE); at < end;) {
		static const char *const names[] = {"DATA",     "HEADERS", "PRIORITY", "RST_STREAM",
						    "SETTINGS", "PUSH",    "PING",     "GOAWAY"};
		size_t n;

		assert_true(end - at >= 9);
		n = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
		assert_true(at[3] <= GOAWAY && at[5] == 0);
		to += sprintf(to, "%s %d %d", names[at[3]], at[4],
			      at[6] << 16 | at[7] << 8 | at[8]);
		assert_true((size_t)(end - at) >= 9 + n || at[3] == DATA);
		if (at[3] == HEADERS) {
			to += sprintf(to, "\n");
			to += show_fields(to, at + 9, at + 9 + n);
		} else if (at[3] == DATA) {
			size_t there = (size_t)(end - at - 9) < n ? (size_t)(end - at - 9) : n;

			to += sprintf(to, " %.*s%s\n", (int)there, at + 9, there < n ? "..." : "");
			n = there;
		} else {
			to += sprintf(to, " %zu\n", n);
		}
		at += 9 + n;
	}
	return shown;
}

static void expect_same(const struct put *again)
{
	assert_int_equal(again->state, whole.state);
	assert_int_equal(again->n, whole.n);
	assert_memory_equal(again->bytes, whole.bytes, whole.n);
}

static void expect(enum ts_wire_state state, const char *recorded)
{
	send_all(&whole, false, made.bytes, made.n, 0);
	assert_string_equal(show(&whole), recorded);
	assert_int_equal(whole.state, state);
	assert_null(strstr(shown, SECRET));
	for (size_t cut = 1; cut < made.n; cut++) {
		send_all(&pieces, false, made.bytes, made.n, cut);
		expect_same(&pieces);
	}
	send_all(&pieces, false, made.bytes, made.n, SIZE_MAX);
	expect_same(&pieces);
}

/* --- */

static void test_a_request(void **state)
{
	(void)state;
	begin();
	headers(1, 0, request);
	frame(DATA, 0, 1, "{\"a\":", 5);
	frame(DATA, END_STREAM, 1, "1}", 2);
	frame(SETTINGS, 1, 0, "", 0);
	expect(TS_WIRE_STATE_RECORDED,
	       BEGUN "HEADERS 4 1\n" RECORDED "DATA 0 1 {\"a\":\nDATA 1 1 1}\nSETTINGS 1 0 0\n");
}

/* The table that the first request fills is what the next ones consist of. */
static void test_the_table(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 4; i++)
		headers(2 * i + 1, END_STREAM, request);
	expect(TS_WIRE_STATE_RECORDED, BEGUN "HEADERS 5 1\n" RECORDED "HEADERS 5 3\n" RECORDED
					     "HEADERS 5 5\n" RECORDED "HEADERS 5 7\n" RECORDED);
}

/* Its size changes as the client says, up to 64 KB. */
static void test_table_sizes(void **state)
{
	static const size_t sizes[] = {65536, 0, 100, 4096};
	char recorded[4096] = BEGUN;

	(void)state;
	begin();
	for (uint32_t i = 0; i < 8; i++) {
		nghttp2_hd_deflate_change_table_size(made.deflater, sizes[i / 2]);
		headers(2 * i + 1, END_STREAM, request);
		sprintf(recorded + strlen(recorded), "HEADERS 5 %u\n" RECORDED, 2 * i + 1);
	}
	expect(TS_WIRE_STATE_RECORDED, recorded);
	frame(HEADERS, END_HEADERS, 99, "\x3f\xe2\xff\x03\x82", 5); /* 65537 */
	expect(TS_WIRE_STATE_UNREADABLE, recorded);
}

/* What nghttp2 would write otherwise: never indexed, without indexing, indexed, with plain strings and with coded ones. */
static void test_all_kinds_of_fields(void **state)
{
	static const uint8_t kinds[] = {0x10, 0x00, 0x40};
	uint8_t block[4096], coded[64];
	const char *pair[] = {"k", SECRET, NULL};
	size_t n, n_coded;

	(void)state;
	begin();
	n = code(request, NGHTTP2_NV_FLAG_NO_INDEX, block, sizeof(block));
	for (size_t i = 0; i < sizeof(kinds); i++) {
		block[n++] = kinds[i];
		block[n++] = 9;
		memcpy(block + n, "x-api-key", 9);
		n += 9;
		block[n++] = (uint8_t)strlen(SECRET);
		memcpy(block + n, SECRET, strlen(SECRET));
		n += strlen(SECRET);
	}
	n_coded = code(pair, NGHTTP2_NV_FLAG_NO_INDEX, coded, sizeof(coded));
	memcpy(block + n, coded, n_coded);
	n += n_coded;
	block[n++] = 0xbe; /* the newest of the table: x-api-key */
	frame(HEADERS, END_HEADERS | END_STREAM, 1, block, n);
	expect(TS_WIRE_STATE_RECORDED, BEGUN "HEADERS 5 1\n" RECORDED);
	assert_null(memmem(whole.bytes, whole.n, SECRET, strlen(SECRET)));
	assert_null(memmem(whole.bytes, whole.n, coded + 4, n_coded - 4));
}

/* A block in several frames, padding, priority; frames that say nothing of requests; a trailer. */
static void test_frames_of_all_kinds(void **state)
{
	uint8_t block[4096], padded[4096] = {3, 0x80, 0, 0, 0, 255};
	size_t n;

	(void)state;
	begin();
	frame(PRIORITY, 0, 3, "\0\0\0\0\1", 5);
	n = code(request, 0, block, sizeof(block));
	memcpy(padded + 6, block, 5);
	memcpy(padded + 11, "key", 3);
	frame(HEADERS, PADDED | WITH_PRIORITY, 1, padded, 6 + 5 + 3);
	frame(CONTINUATION, 0, 1, block + 5, 20);
	frame(CONTINUATION, 0, 1, "", 0);
	frame(CONTINUATION, END_HEADERS, 1, block + 25, n - 25);
	frame(PING, 0, 0, SECRET, 8);
	frame(0xb7, 255, 7, SECRET, strlen(SECRET));
	frame(DATA, PADDED, 1, "\3{}key", 6);
	frame(DATA, PADDED, 1, "\3key", 4);
	frame(WINDOW_UPDATE, 0, 1, "\0\1\0\0", 4);
	headers(1, END_STREAM, trailer);
	frame(RST_STREAM, 0, 1, "\0\0\0\10", 4);
	frame(GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0" SECRET, 8 + strlen(SECRET));
	expect(TS_WIRE_STATE_RECORDED,
	       BEGUN "HEADERS 4 1\n" RECORDED "DATA 0 1 {}\nDATA 0 1 \nDATA 1 1 \n"
		     "RST_STREAM 0 1 4\nGOAWAY 0 0 8\n");
	assert_null(memmem(whole.bytes, whole.n, "key", 3));
}

/* A stream to somebody else is left out, with all that belongs to it; what it put into the table is there. */
static void test_another_host(void **state)
{
	static const char *const again[] = {":method",      "POST",      ":scheme", "https",
					    ":authority",   "OTHER:443", ":path",   "/",
					    "content-type", SECRET,      NULL};

	(void)state;
	begin();
	headers(1, 0, request);
	headers(3, 0, elsewhere);
	frame(DATA, 0, 3, SECRET, strlen(SECRET));
	frame(DATA, END_STREAM, 1, "{}", 2);
	headers(3, END_STREAM, trailer);
	headers(5, 0, again);
	frame(DATA, END_STREAM, 5, SECRET, strlen(SECRET));
	headers(7, END_STREAM, request);
	expect(TS_WIRE_STATE_RECORDED,
	       BEGUN "HEADERS 4 1\n" RECORDED "DATA 1 1 {}\nHEADERS 5 7\n" RECORDED);
}

static void test_another_host_first(void **state)
{
	(void)state;
	begin();
	headers(1, 0, elsewhere);
	headers(3, 0, request);
	expect(TS_WIRE_STATE_OTHER_HOST, "");
}

static void test_listed(void **state)
{
	(void)state;
	begin();
	headers(1, 0, elsewhere);
	send_all(&whole, true, made.bytes, made.n, 0);
	assert_int_equal(whole.state, TS_WIRE_STATE_RECORDED);
	assert_string_equal(show(&whole), BEGUN "HEADERS 4 1\n:method=POST\n:scheme=https\n"
						":authority=other\n:path=/\n");
}

/* Where there is no :authority, a host; where there are both, they agree. */
static void test_host(void **state)
{
	static const char *const by_host[] = {
		":method", "GET", ":path", "/", "host", SECRET "@api.openai.com", NULL};
	static const char *const both[] = {":method", "GET", ":authority", "api.openai.com",
					   ":path",   "/?x", "host",       "API.openai.com:443",
					   NULL};
	static const char *const differ[] = {":method",        "GET",   ":authority",
					     "api.openai.com", ":path", "/",
					     "host",           "other", NULL};

	(void)state;
	begin();
	headers(1, END_STREAM, by_host);
	headers(3, END_STREAM, both);
	headers(5, END_STREAM, differ);
	expect(TS_WIRE_STATE_UNREADABLE,
	       BEGUN "HEADERS 5 1\n:method=GET\n:path=/\nhost=api.openai.com\n"
		     "HEADERS 5 3\n:method=GET\n:authority=api.openai.com\n:path=/\n");
}

/* A tunnel, and another protocol in a stream: neither is a request. */
static void test_connect(void **state)
{
	static const char *const tunnel[] = {":method", "CONNECT", ":authority", "api.openai.com",
					     NULL};
	static const char *const socket[] = {":method",    "CONNECT",        ":protocol",
					     "websocket",  ":path",          "/v1/responses",
					     ":authority", "api.openai.com", NULL};

	(void)state;
	begin();
	headers(1, END_STREAM, request);
	headers(3, 0, tunnel);
	frame(DATA, 0, 3, SECRET, strlen(SECRET));
	headers(5, 0, socket);
	frame(DATA, 0, 5, SECRET, strlen(SECRET));
	expect(TS_WIRE_STATE_RECORDED, BEGUN "HEADERS 5 1\n" RECORDED);
}

static void test_what_is_no_request(void **state)
{
	static const char *const heads[][10] = {
		{":method", "GET", ":method", "GET", ":path", "/", NULL},
		{":method", "GET", ":path", "/", ":path", "/", NULL},
		{":method", "GET", "accept", "x", ":path", "/", NULL},
		{":method", "G T", ":path", "/", NULL},
		{":method", "get", ":path", "/", NULL},
		{":path", "/", NULL},
		{":method", "GET", NULL},
		{":method", "GET", ":path", "", NULL},
		{":method", "GET", ":path", "v1?" SECRET, NULL},
		{":method", "GET", ":path", "/ HTTP/1.1\r\ncookie:" SECRET, NULL},
		{":method", "GET", ":path", "/", ":authority", "a b", NULL},
		{":method", "GET", ":path", "/", ":authority", "api.openai.com/" SECRET, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		tear_down(NULL);
		set_up(NULL);
		begin();
		headers(1, END_STREAM, request);
		headers(3, 0, heads[i]);
		frame(DATA, 0, 3, SECRET, strlen(SECRET));
		expect(TS_WIRE_STATE_UNREADABLE, BEGUN "HEADERS 5 1\n" RECORDED);
	}
}

static void test_damage(void **state)
{
	static const struct {
		int type, flags;
		uint32_t stream;
		const char *content;
		size_t n;
	} wrong[] = {
		{HEADERS, END_HEADERS, 0, "\x82", 1},         /* no stream */
		{HEADERS, END_HEADERS, 2, "\x82", 1},         /* not a client's */
		{HEADERS, END_HEADERS, 3, "\xff\xff\xff", 3}, /* no such entry */
		{HEADERS, END_HEADERS, 3, "\x40", 1},         /* a block that is not all there */
		{HEADERS, PADDED, 3, "\5abc", 4},             /* more padding than frame */
		{HEADERS, WITH_PRIORITY, 3, "abc", 3},
		{HEADERS, END_HEADERS, 1, "", 0},      /* a trailer, and the stream goes on */
		{CONTINUATION, END_HEADERS, 1, "", 0}, /* of nothing */
		{PUSH_PROMISE, END_HEADERS, 1, "\0\0\0\2", 4},
		{DATA, 0, 0, SECRET, 8},
		{DATA, PADDED, 1, "\5abc", 4},
		{DATA, PADDED, 1, "", 0},
		{RST_STREAM, 0, 1, "\0", 1},
		{RST_STREAM, 0, 1, "\0\0\0\0" SECRET, 8},
		{RST_STREAM, 0, 0, "\0\0\0\0", 4},
		{GOAWAY, 0, 0, "\0\0\0\0", 4},
		{SETTINGS, 0, 1, "", 0},
		{SETTINGS, 0, 0, SECRET, 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		tear_down(NULL);
		set_up(NULL);
		begin();
		headers(1, 0, request);
		frame(wrong[i].type, wrong[i].flags, wrong[i].stream, wrong[i].content, wrong[i].n);
		frame(DATA, 0, 1, SECRET, strlen(SECRET));
		expect(TS_WIRE_STATE_UNREADABLE, BEGUN "HEADERS 4 1\n" RECORDED);
	}
	/* within a block no other frame */
	tear_down(NULL);
	set_up(NULL);
	begin();
	frame(HEADERS, 0, 1, "\x82", 1);
	frame(DATA, 0, 1, SECRET, strlen(SECRET));
	expect(TS_WIRE_STATE_UNREADABLE, "");
	/* the preface's second half */
	made.n = 0;
	add("PRI * HTTP/2.0\r\n\r\nSM\r\n\r ", 24);
	expect(TS_WIRE_STATE_UNREADABLE, "");
}

/* More streams at once than are followed, a block that does not end, a table as large as one may be. */
static void test_bounds(void **state)
{
	static char large[60000];
	const char *fields[] = {":method",        "GET",       ":path", "/", ":authority",
				"api.openai.com", "x-api-key", large,   NULL};
	uint8_t block[8192];

	(void)state;
	begin();
	for (uint32_t i = 0; i < 1100; i++)
		headers(2 * i + 1, 0, request);
	frame(DATA, 0, 1, SECRET, strlen(SECRET));
	frame(DATA, 0, 2199, "{}", 2);
	send_all(&whole, false, made.bytes, made.n, 0);
	assert_int_equal(whole.state, TS_WIRE_STATE_RECORDED);
	assert_null(memmem(whole.bytes, whole.n, SECRET, strlen(SECRET)));
	assert_memory_equal(whole.bytes + whole.n - 2, "{}", 2);

	frame(HEADERS, 0, 2201, "", 0);
	memset(block, 0x82, sizeof(block));
	for (int i = 0; i < 9; i++)
		frame(CONTINUATION, 0, 2201, block, sizeof(block));
	send_all(&whole, false, made.bytes, made.n, 0);
	assert_int_equal(whole.state, TS_WIRE_STATE_UNREADABLE);

	tear_down(NULL);
	set_up(NULL);
	begin();
	nghttp2_hd_deflate_change_table_size(made.deflater, 65536);
	for (uint32_t i = 0; i < 200; i++) {
		/* each a little longer: entries of all sizes come and go */
		memset(large, 'a' + (int)(i % 26), i * 7);
		large[i * 7] = 0;
		headers(2 * i + 1, END_STREAM, fields);
	}
	send_all(&whole, false, made.bytes, made.n, 0);
	assert_int_equal(whole.state, TS_WIRE_STATE_RECORDED);
	assert_non_null(strstr(show(&whole), "HEADERS 5 399\n:method=GET\n:path=/\n"
					     ":authority=api.openai.com\n"));
}

/* Entries as small as they come take more memory than there is: that ends it, and nothing else. */
static void test_a_table_of_many_entries(void **state)
{
	static char names[2000][8];
	const char *many[64] = {":method", "GET", ":path", "/", ":authority", "api.openai.com"};

	(void)state;
	begin();
	nghttp2_hd_deflate_change_table_size(made.deflater, 65536);
	for (uint32_t i = 0; i < 2000; i += 25) {
		size_t n = 6;

		for (uint32_t j = i; j < i + 25; j++) {
			sprintf(names[j], "n%u", j);
			many[n++] = names[j];
			many[n++] = "";
		}
		many[n] = NULL;
		headers(2 * i + 1, END_STREAM, many);
	}
	send_all(&whole, false, made.bytes, made.n, 0);
	assert_int_equal(whole.state, TS_WIRE_STATE_NO_MEMORY);
	show(&whole);
	send_all(&pieces, false, made.bytes, made.n, SIZE_MAX);
	expect_same(&pieces);
}

/* --- what the runtime makes of it ------------------------------------------------------ */

static void test_the_runtime_reads_it(void **state)
{
	static const struct ts_wire_settings settings;
	static struct told told;
	static const char answers[] =
		"\0\0\0\4\0\0\0\0\0" /* SETTINGS */
		"\0\0\1\1\4\0\0\0\1\x88\0\0\x1e\0\1\0\0\0\1{\"type\":\"message\",\"model\":\"A\"}"
		"\0\0\1\1\4\0\0\0\5\x88\0\0\x1e\0\1\0\0\0\5{\"type\":\"message\",\"model\":\"B\"}";

	(void)state;
	begin();
	headers(1, 0, request);
	frame(DATA, PADDED, 1, "\3{\"model\":key", 13);
	headers(3, 0, elsewhere);
	frame(DATA, 0, 1, "\"a\"}", 4);
	headers(1, END_STREAM, trailer);
	headers(5, 0, request);
	frame(DATA, END_STREAM, 5, "{\"model\":\"b\"}", 13);
	send_all(&whole, false, made.bytes, made.n, 0);
	run_pieces(&told, &settings,
		   (struct piece[]){{TS_WIRE_SENT, whole.bytes, whole.n},
				    {TS_WIRE_RECEIVED, answers, sizeof(answers) - 1}},
		   2, 0, TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 2);
	assert_non_null(strstr(told.text, "host=api.anthropic.com\npath=/v1/messages\nhttp=2\n"));
	assert_non_null(strstr(told.text, "attempt=1\n"));
	assert_non_null(strstr(told.text, "asked=a\nserved=A\n"));
	assert_non_null(strstr(told.text, "asked=b\nserved=B\n"));
	assert_null(strstr(told.text, SECRET));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_table_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_kinds_of_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_frames_of_all_kinds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_another_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_another_host_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_listed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connect, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_no_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_table_of_many_entries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_runtime_reads_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
