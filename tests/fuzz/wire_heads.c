// SPDX-License-Identifier: Apache-2.0
/*
 * What a client sends, given to the module `wire` whole and in pieces: the same comes out. Nothing does that has no place there:
 *
 *   HTTP/1: the input is any bytes. Read with http_parser, what came out has the bodies that the input has, and heads of nothing
 *           but what is recorded. Where http_parser sees a header nobody has taken it for a body.
 *   HTTP/2: the input is frames, whose headers are either its own bytes or fields, coded by nghttp2, that hold the secret. It is
 *           nowhere in what came out.
 */
#include <http_parser.h>
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "preload/wire.h"

#define SECRET   "S3CRET-S3CRET"
#define PREFACE  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define MOST     (1 << 16)
#define MESSAGES 64

static const struct ts_wire_host gateways[] = {{"gw", "/x", ""}};
static const struct ts_wire_conf conf = {.gateways = gateways, .n_gateways = 1};

static const char *const recorded[] = {
	"host",   "content-type", "content-length", "transfer-encoding",      "content-encoding",
	"expect", "connection",   "upgrade",        "x-stainless-retry-count"};

struct put {
	char bytes[MOST];
	size_t n;
	enum ts_wire_state state;
};

static struct put whole, pieces;

static void put(void *user, const void *bytes, size_t n)
{
	struct put *to = user;

	MUST(n && n <= MOST - to->n);
	memcpy(to->bytes + to->n, bytes, n);
	to->n += n;
}

/* In pieces of up to `most` bytes, each of its exact size. */
static void send_in_pieces(struct put *to, bool listed, const uint8_t *bytes, size_t n, size_t most)
{
	struct ts_wire_client *client = ts_wire_heads.open(&conf, listed);
	unsigned seed = (unsigned)n;

	MUST(client);
	to->n = 0;
	to->state = TS_WIRE_STATE_UNDECIDED;
	while (n && to->state <= TS_WIRE_STATE_RECORDED) {
		size_t piece = 1 + (size_t)rand_r(&seed) % most;
		size_t before = to->n;
		uint8_t *exact;

		piece = piece < n ? piece : n;
		exact = malloc(piece);
		memcpy(exact, bytes, piece);
		to->state = ts_wire_heads.sent(client, exact, piece, put, to);
		free(exact);
		MUST(to->state != TS_WIRE_STATE_UNDECIDED || !to->n);
		MUST((to->state != TS_WIRE_STATE_NOT_HTTP &&
		      to->state != TS_WIRE_STATE_OTHER_HOST) ||
		     to->n == before);
		bytes += piece;
		n -= piece;
	}
	ts_wire_heads.close(client);
}

static void send_both_ways(bool listed, const uint8_t *bytes, size_t n)
{
	static const size_t most[] = {1, 3, 40, 1000};

	send_in_pieces(&whole, listed, bytes, n, SIZE_MAX);
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		send_in_pieces(&pieces, listed, bytes, n, most[i]);
		MUST(pieces.state == whole.state && pieces.n == whole.n);
		MUST(!memcmp(pieces.bytes, whole.bytes, whole.n));
	}
}

/* --- HTTP/1 ---------------------------------------------------------------------------- */

static struct read {
	char bodies[MOST];
	size_t n;
	size_t ends[MESSAGES]; /* of the bodies */
	size_t n_messages;
	bool checked; /* it is what came out */
	bool in_host;
	bool misread; /* http_parser 2.9.4 takes a name that begins as transfer-encoding does for that */
} given, taken;

/* What came out was read whole, so it comes here whole. */
static void check_target(const char *target, size_t n)
{
	const char *end = target + n, *query = memchr(target, '?', n);

	MUST(!memchr(target, '#', n) && (*target == '/' || n == 1));
	while (query) {
		const char *name = query + 1;

		query = memchr(name, '&', (size_t)(end - name));
		MUST(!strncmp(name, "alt=", 4) || !strncmp(name, "beta=", 5) ||
		     !strncmp(name, "api-version=", 12));
		MUST((query ? query : end) - name < 50);
	}
}

static int target_comes(http_parser *parser, const char *bytes, size_t n)
{
	struct read *read = parser->data;

	if (read->checked)
		check_target(bytes, n);
	return 0;
}

static int name_comes(http_parser *parser, const char *bytes, size_t n)
{
	struct read *read = parser->data;

	read->misread |= n > 17 && !strncasecmp(bytes, "transfer-encoding", 17);
	read->in_host = n == 4 && !memcmp(bytes, "host", 4);
	for (size_t i = 0; i < sizeof(recorded) / sizeof(*recorded); i++) {
		if (strlen(recorded[i]) == n && !memcmp(recorded[i], bytes, n))
			return 0;
	}
	MUST(!read->checked);
	return 0;
}

static int value_comes(http_parser *parser, const char *bytes, size_t n)
{
	struct read *read = parser->data;

	MUST(!read->checked || !read->in_host || !memchr(bytes, '@', n));
	return 0;
}

static int body_comes(http_parser *parser, const char *bytes, size_t n)
{
	struct read *read = parser->data;

	memcpy(read->bodies + read->n, bytes, n);
	read->n += n;
	return 0;
}

static int message_ends(http_parser *parser)
{
	struct read *read = parser->data;

	if (read->n_messages < MESSAGES)
		read->ends[read->n_messages++] = read->n;
	return 0;
}

static void read_messages(struct read *read, bool checked, const char *bytes, size_t n)
{
	static const http_parser_settings callbacks = {.on_url = target_comes,
						       .on_header_field = name_comes,
						       .on_header_value = value_comes,
						       .on_body = body_comes,
						       .on_message_complete = message_ends};
	http_parser parser;

	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = read;
	read->n = read->n_messages = 0;
	read->misread = false;
	read->checked = checked;
	while (n) {
		size_t parsed = http_parser_execute(&parser, &callbacks, bytes, n);

		MUST(!checked || HTTP_PARSER_ERRNO(&parser) == HPE_OK);
		if (HTTP_PARSER_ERRNO(&parser) != HPE_OK || !parsed)
			return;
		bytes += parsed;
		n -= parsed;
		parser.upgrade = 0; /* as the runtime has it */
	}
}

static void run_http1(bool listed, const uint8_t *bytes, size_t n)
{
	send_both_ways(listed, bytes, n);
	read_messages(&given, false, (const char *)bytes, n);
	read_messages(&taken, true, whole.bytes, whole.n);
	if (given.misread)
		return;
	MUST(taken.n <= given.n && !memcmp(taken.bodies, given.bodies, taken.n));
	MUST(taken.n_messages <= given.n_messages);
	for (size_t i = 0; i < taken.n_messages; i++)
		MUST(taken.ends[i] == given.ends[i]);
}

/* --- HTTP/2 ---------------------------------------------------------------------------- */

static const char *const fields[][2] = {
	{":method", "POST"},
	{":path", "/v1/messages?key=" SECRET},
	{":path", "/?" SECRET "&alt=sse"},
	{":authority", SECRET "@api.anthropic.com"},
	{":authority", "gw"},
	{":scheme", "https"},
	{"authorization", SECRET},
	{"x-api-key", SECRET},
	{"cookie", SECRET SECRET},
	{"content-type", "application/json"},
	{"content-type", "\t" SECRET},
	{"host", "api.openai.com"},
	{"x-stainless-retry-count", "1"},
	{SECRET, "name"},
	{":protocol", SECRET},
	{"te", SECRET},
};

/* A block of the fields that `from` names, coded as `flags` says. */
static size_t code(nghttp2_hd_deflater *deflater, const uint8_t *from, size_t n, uint8_t flags,
		   uint8_t *to, size_t room)
{
	nghttp2_nv list[64];
	ssize_t bytes;

	n = n < 64 ? n : 64;
	for (size_t i = 0; i < n; i++) {
		const char *const *field = fields[from[i] % 16];

		list[i] = (nghttp2_nv){
			(uint8_t *)(uintptr_t)field[0], (uint8_t *)(uintptr_t)field[1],
			strlen(field[0]), strlen(field[1]),
			from[i] & 0x80 ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
	}
	if (flags & 0x40)
		nghttp2_hd_deflate_change_table_size(deflater, flags & 0x10 ? 65536 : n * 50);
	bytes = nghttp2_hd_deflate_hd(deflater, to, room, list, n);
	MUST(bytes >= 0);
	return (size_t)bytes;
}

static size_t write_frame(uint8_t *to, size_t n, uint8_t type, uint8_t flags, uint8_t stream)
{
	memcpy(to,
	       (uint8_t[]){(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, flags, 0, 0, 0,
			   stream},
	       9);
	return 9 + n;
}

/* Frames as the input has them: how, two bytes of length, type, flags, stream, content. */
static size_t write_frames(const uint8_t *data, size_t bytes, uint8_t *to, size_t room)
{
	nghttp2_hd_deflater *deflater;
	size_t written = strlen(PREFACE);

	MUST(nghttp2_hd_deflate_new(&deflater, 65536) == 0);
	memcpy(to, PREFACE, written);
	while (bytes > 6 && room - written > 8192) {
		size_t n = (size_t)(data[1] & 3) << 8 | data[2];
		uint8_t *content = to + written + 9;

		n = n < bytes - 6 ? n : bytes - 6;
		bool coded = data[0] & 1 && data[3] % 16 == 1;
		size_t length = n;

		if (coded)
			length = code(deflater, data + 6, n, data[0], content, 8000);
		else
			memcpy(content, data + 6, n);
		/* coded blocks have neither padding nor priority */
		written += write_frame(to + written, length, data[3] % 16,
				       coded ? data[4] & (uint8_t)~0x28 : data[4], data[5]);
		data += 6 + n;
		bytes -= 6 + n;
	}
	nghttp2_hd_deflate_del(deflater);
	return written;
}

/* Frames of known kinds, of HEADERS whole ones that are complete; the last DATA may not be all there. */
static void check_frames(const uint8_t *at, size_t n)
{
	MUST(!n || (n >= strlen(PREFACE) && !memcmp(at, PREFACE, strlen(PREFACE))));
	for (size_t next = n ? strlen(PREFACE) : 0; next < n;) {
		const uint8_t *head = at + next;
		size_t content = n - next >= 9 ? (size_t)head[0] << 16 | head[1] << 8 | head[2] : 0;

		MUST(n - next >= 9);
		MUST(head[3] <= 1 || head[3] == 3 || head[3] == 4 || head[3] == 7);
		MUST(head[3] != 1 || (head[4] | 1) == 5);
		MUST(head[3] != 0 || head[4] <= 1);
		next += 9 + content;
		MUST(next <= n || head[3] == 0 || head[3] == 4);
	}
}

static void run_http2(bool listed, const uint8_t *data, size_t bytes)
{
	static uint8_t sent[MOST - 4096];
	size_t n;

	if (memmem(data, bytes, SECRET, strlen(SECRET)))
		return;
	n = write_frames(data, bytes, sent, sizeof(sent));
	send_both_ways(listed, sent, n);
	check_frames((const uint8_t *)whole.bytes, whole.n);
	MUST(!memmem(whole.bytes, whole.n, SECRET, strlen(SECRET)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (!bytes || bytes > 16384)
		return 0;
	if (data[0] & 1)
		run_http2(data[0] & 2, data + 1, bytes - 1);
	else
		run_http1(data[0] & 2, data + 1, bytes - 1);
	return 0;
}
