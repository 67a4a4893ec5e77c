// SPDX-License-Identifier: Apache-2.0
/* HTTP/2 as a bystander sees it: headers coded by nghttp2, frames put together here.. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nghttp2/nghttp2.h>

#include "runtime/wire/hpack.h"
#include "wire_fixture.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

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

static const struct ts_wire_settings settings;
static struct told told, again;

/* Both directions in the making: what is written goes to the last piece, if that is of its direction, else to a new one. */
static struct {
	char bytes[1 << 20];
	size_t n;
	struct piece pieces[64];
	size_t n_pieces;
	nghttp2_hd_deflater *deflaters[2];
} made;

static int set_up(void **state)
{
	(void)state;
	memset(&made, 0, sizeof(made));
	for (int i = 0; i < 2; i++)
		nghttp2_hd_deflate_new(&made.deflaters[i], 65536);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		nghttp2_hd_deflate_del(made.deflaters[i]);
	return 0;
}

static void put(enum ts_wire_direction direction, const void *bytes, size_t n)
{
	struct piece *piece = &made.pieces[made.n_pieces];

	if (!made.n_pieces || piece[-1].direction != direction) {
		assert_true(made.n_pieces < 64);
		*piece = (struct piece){direction, made.bytes + made.n, 0};
		made.n_pieces++;
	}
	memcpy(made.bytes + made.n, bytes, n);
	made.n += n;
	made.pieces[made.n_pieces - 1].n += n;
}

static void frame(enum ts_wire_direction direction, int type, int flags, uint32_t stream,
		  const void *content, size_t n)
{
	const uint8_t head[9] = {
		(uint8_t)(n >> 16),      (uint8_t)(n >> 8),      (uint8_t)n,
		(uint8_t)type,           (uint8_t)flags,         (uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};

	put(direction, head, sizeof(head));
	put(direction, content, n);
}

static size_t code(enum ts_wire_direction direction, const char *const *pairs, uint8_t *to,
		   size_t room)
{
	nghttp2_nv fields[16];
	size_t n = 0;
	ssize_t bytes;

	for (; pairs[2 * n]; n++)
		fields[n] = (nghttp2_nv){(uint8_t *)pairs[2 * n], (uint8_t *)pairs[2 * n + 1],
					 strlen(pairs[2 * n]), strlen(pairs[2 * n + 1]), 0};
	bytes = nghttp2_hd_deflate_hd(made.deflaters[direction], to, room, fields, n);
	assert_true(bytes > 0);
	return (size_t)bytes;
}

static const char *const request_head[] = {":method",
					   "POST",
					   ":scheme",
					   "https",
					   ":path",
					   "/v1/messages?beta=true",
					   ":authority",
					   "api.anthropic.com",
					   "x-stainless-retry-count",
					   "1",
					   "authorization",
					   "***",
					   NULL};
static const char *const response_head[] = {
	":status", "200", "content-type", "application/json", "request-id", "req_1", NULL};

static void ask(uint32_t stream, const char *body)
{
	uint8_t block[4096];
	size_t n = code(TS_WIRE_SENT, request_head, block, sizeof(block));

	frame(TS_WIRE_SENT, HEADERS, END_HEADERS, stream, block, n);
	frame(TS_WIRE_SENT, DATA, END_STREAM, stream, body, strlen(body));
}

static void answer_head(uint32_t stream)
{
	uint8_t block[4096];
	size_t n = code(TS_WIRE_RECEIVED, response_head, block, sizeof(block));

	frame(TS_WIRE_RECEIVED, HEADERS, END_HEADERS, stream, block, n);
}

static void answer(uint32_t stream, const char *body)
{
	answer_head(stream);
	frame(TS_WIRE_RECEIVED, DATA, END_STREAM, stream, body, strlen(body));
}

static void begin(void)
{
	put(TS_WIRE_SENT, PREFACE, strlen(PREFACE));
	frame(TS_WIRE_SENT, SETTINGS, 0, 0, "\0\1\0\1\0\0", 6);
	frame(TS_WIRE_RECEIVED, SETTINGS, 0, 0, "\0\1\0\1\0\0", 6);
	frame(TS_WIRE_SENT, SETTINGS, 1, 0, "", 0);
	frame(TS_WIRE_RECEIVED, WINDOW_UPDATE, 0, 0, "\0\1\0\0", 4);
}

/* What was made, fed whole, cut anywhere, and byte by byte: the same calls, but for the ticks of what began later. */
static void run(enum ts_wire_how how)
{
	size_t longest = 0;

	run_pieces(&told, &settings, made.pieces, made.n_pieces, 0, how);
	for (size_t i = 0; i < made.n_pieces; i++)
		longest = made.pieces[i].n > longest ? made.pieces[i].n : longest;
	for (size_t cut = 1; cut < longest; cut++) {
		run_pieces(&again, &settings, made.pieces, made.n_pieces, cut, how);
		assert_string_equal(told.text, again.text);
	}
	run_pieces(&again, &settings, made.pieces, made.n_pieces, SIZE_MAX, how);
	assert_string_equal(told.text, again.text);
}

static void expect(const char *name, const char *value)
{
	const char *found = told_of(&told, name);

	if (!found)
		fail_msg("no %s in\n%s", name, told.text);
	assert_string_equal(found, value);
}

static unsigned lines(const char *line)
{
	unsigned n = 0;

	for (const char *at = strstr(told.text, line); at; at = strstr(at + 1, line))
		n++;
	return n;
}

static void test_one_call(void **state)
{
	(void)state;
	begin();
	ask(1, "{\"model\":\"a\"}");
	answer(1, "{\"type\":\"message\",\"model\":\"A\"}");
	run(TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 1);
	expect("call", "anthropic");
	expect("http", "2");
	expect("path", "/v1/messages");
	expect("host", "api.anthropic.com");
	expect("asked", "a");
	expect("served", "A");
	expect("status", "200");
	expect("request_id", "req_1");
	expect("attempt", "1");
	expect("outcome", "done");
	expect("context", "7");
	expect("sent", "13");
	expect("received", "30");
}

static void test_interleaved_streams(void **state)
{
	(void)state;
	begin();
	ask(1, "{\"model\":\"a\"}");
	ask(3, "{\"model\":\"b\"}");
	answer_head(3);
	answer_head(1);
	ask(5, "{\"model\":\"c\"}");
	frame(TS_WIRE_RECEIVED, DATA, 0, 3, "{\"type\":\"mess", 13);
	frame(TS_WIRE_RECEIVED, DATA, 0, 1, "{\"type\":\"m", 10);
	frame(TS_WIRE_RECEIVED, DATA, END_STREAM, 3, "age\",\"model\":\"B\"}", 17);
	frame(TS_WIRE_RECEIVED, PING, 0, 0, "12345678", 8);
	frame(TS_WIRE_RECEIVED, DATA, END_STREAM, 1, "essage\",\"model\":\"A\"}", 20);
	answer(5, "{\"type\":\"message\",\"model\":\"C\"}");
	run(TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 3);
	assert_int_equal(lines("asked=a\nserved=A"), 1);
	assert_int_equal(lines("asked=b\nserved=B"), 1);
	assert_int_equal(lines("asked=c\nserved=C"), 1);
}

/* A block in three frames, padding, priority; an interim response, trailers, DATA that is padding alone. */
static void test_frames_of_all_kinds(void **state)
{
	static const char *const early[] = {":status", "103", "link", "x", NULL};
	static const char *const trailer[] = {"request-id", "wrong", ":status", "500", NULL};
	uint8_t block[4096], padded[4096] = {3, 0x80, 0, 0, 0, 255};
	size_t n;

	(void)state;
	begin();
	n = code(TS_WIRE_SENT, request_head, block, sizeof(block));
	memcpy(padded + 6, block, 5);
	frame(TS_WIRE_SENT, HEADERS, PADDED | WITH_PRIORITY, 1, padded, 6 + 5 + 3);
	frame(TS_WIRE_SENT, CONTINUATION, 0, 1, block + 5, 20);
	frame(TS_WIRE_SENT, CONTINUATION, 0, 1, "", 0);
	frame(TS_WIRE_SENT, CONTINUATION, END_HEADERS, 1, block + 25, n - 25);
	frame(TS_WIRE_SENT, PRIORITY, 0, 1, "\0\0\0\0\1", 5);
	frame(TS_WIRE_SENT, DATA, PADDED, 1, "\2{\"model\"..", 11);
	frame(TS_WIRE_SENT, DATA, PADDED | END_STREAM, 1, "\0:\"a\"}", 6);
	frame(TS_WIRE_RECEIVED, 0xb7, 255, 7, "unknown", 7);
	n = code(TS_WIRE_RECEIVED, early, block, sizeof(block));
	frame(TS_WIRE_RECEIVED, HEADERS, END_HEADERS, 1, block, n);
	answer_head(1);
	frame(TS_WIRE_RECEIVED, DATA, PADDED, 1, "\4....", 5);
	frame(TS_WIRE_RECEIVED, DATA, 0, 1, "{\"type\":\"message\",\"model\":\"A\"}", 30);
	n = code(TS_WIRE_RECEIVED, trailer, block, sizeof(block));
	frame(TS_WIRE_RECEIVED, HEADERS, END_HEADERS | END_STREAM, 1, block, n);
	run(TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 1);
	expect("asked", "a");
	expect("served", "A");
	expect("status", "200");
	expect("request_id", "req_1");
	expect("outcome", "done");
}

/* All that the response's length tells has come, but not the stream's end: the client has what it wanted. */
static void test_length_without_end(void **state)
{
	static const char *const lengths[] = {"30", "31", "29", "", "3x", "99999999999999999999"};
	static const char *const outcomes[] = {"done",      "cancelled", "cancelled",
					       "cancelled", "cancelled", "cancelled"};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const char *const head[] = {
			":status",  "200", "content-type", "application/json", "content-length",
			lengths[i], NULL};
		uint8_t block[4096];

		tear_down(state);
		set_up(state);
		begin();
		ask(1, "{\"model\":\"a\"}");
		frame(TS_WIRE_RECEIVED, HEADERS, END_HEADERS, 1, block,
		      code(TS_WIRE_RECEIVED, head, block, sizeof(block)));
		frame(TS_WIRE_RECEIVED, DATA, 0, 1, "{\"type\":\"message\",\"model\":\"A\"}", 30);
		run(TS_WIRE_BY_CLIENT);
		assert_int_equal(told.calls, 1);
		expect("outcome", outcomes[i]);
	}
}

static void test_resets(void **state)
{
	(void)state;
	begin();
	ask(1, "{\"model\":\"a\"}");
	answer_head(1);
	frame(TS_WIRE_SENT, RST_STREAM, 0, 1, "\0\0\0\10", 4);
	ask(3, "{\"model\":\"b\"}");
	frame(TS_WIRE_RECEIVED, RST_STREAM, 0, 3, "\0\0\0\7", 4);
	ask(5, "{\"model\":\"c\"}");
	ask(7, "{\"model\":\"d\"}");
	frame(TS_WIRE_RECEIVED, GOAWAY, 0, 0, "\0\0\0\5\0\0\0\0debug", 13);
	answer(5, "{\"type\":\"message\",\"model\":\"C\"}");
	run(TS_WIRE_BY_PEER);
	assert_int_equal(told.calls, 4);
	assert_int_equal(lines("outcome=cancelled"), 1);
	assert_int_equal(lines("error_type=connection_lost"), 1);
	assert_int_equal(lines("error_type=not_processed"), 1);
	assert_int_equal(lines("served=C"), 1);
}

/* What is promised is none of the client's requests, but its headers go into the table. */
static void test_push(void **state)
{
	uint8_t block[4096] = {0, 0, 0, 2};
	size_t n;

	(void)state;
	begin();
	ask(1, "{\"model\":\"a\"}");
	n = code(TS_WIRE_RECEIVED, request_head, block + 4, sizeof(block) - 4);
	frame(TS_WIRE_RECEIVED, PUSH_PROMISE, END_HEADERS, 1, block, 4 + n);
	answer(2, "{\"type\":\"message\",\"model\":\"P\"}");
	answer(1, "{\"type\":\"message\",\"model\":\"A\"}");
	run(TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 1);
	expect("served", "A");
	expect("host", "api.anthropic.com");
}

static void test_table_sizes(void **state)
{
	static const size_t sizes[] = {65536, 0, 100, 4096};
	uint32_t stream = 1;

	(void)state;
	begin();
	for (size_t i = 0; i < 4; i++) {
		for (int direction = 0; direction < 2; direction++)
			nghttp2_hd_deflate_change_table_size(made.deflaters[direction], sizes[i]);
		for (int j = 0; j < 3; j++, stream += 2) {
			ask(stream, "{\"model\":\"a\"}");
			answer(stream, "{\"type\":\"message\",\"model\":\"A\"}");
		}
	}
	run_pieces(&told, &settings, made.pieces, made.n_pieces, 0, TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 12);
	assert_int_equal(lines("request_id=req_1"), 12);
	assert_int_equal(lines("host=api.anthropic.com"), 12);
}

static void test_the_peer_speaks_first(void **state)
{
	struct ts_wire_settings own = {.called = tell, .user = &told};
	struct ts_wire *wire;

	(void)state;
	told.bytes = told.calls = 0;
	put(TS_WIRE_SENT, PREFACE, strlen(PREFACE));
	ask(1, "{\"model\":\"a\"}");
	answer(1, "{\"type\":\"message\",\"model\":\"A\"}");
	assert_int_equal(ts_wire_new(&wire, &own), 0);
	assert_true(ts_wire_feed(wire, TS_WIRE_RECEIVED, "\0\0\0\4\0\0\0\0\0", 9, 0, 1, NULL));
	for (size_t i = 0; i < made.n_pieces; i++)
		assert_true(ts_wire_feed(wire, made.pieces[i].direction, made.pieces[i].bytes,
					 made.pieces[i].n, 0, 1, NULL));
	ts_wire_close(wire, TS_WIRE_BY_CLIENT, 2);
	assert_int_equal(told.calls, 1);
}

/* Within DATA they are skipped; over its end the connection is given up. */
static void test_gaps(void **state)
{
	struct ts_wire_settings own = {.called = tell, .user = &told};

	(void)state;
	begin();
	ask(1, "{\"model\":\"a\"}");
	answer(1, "{\"type\":\"message\",\"model\":\"A\"}");
	ask(3, "{\"model\":\"b\"}");
	answer(3, "{\"type\":\"message\",\"model\":\"B\"}");
	for (size_t gap = 10; gap <= 40; gap += 30) {
		struct ts_wire *wire;

		told.bytes = told.calls = 0;
		told.text[0] = 0;
		assert_int_equal(ts_wire_new(&wire, &own), 0);
		for (size_t i = 0; i < made.n_pieces; i++) {
			const struct piece *piece = &made.pieces[i];
			size_t skipped = i == 5 ? gap : 0,
			       before = skipped ? piece->n - 30 : piece->n;

			/* the sixth piece ends with 30 bytes of DATA */
			if (i > 5 && gap > 30) {
				assert_false(ts_wire_feed(wire, piece->direction, piece->bytes,
							  piece->n, 0, 1, NULL));
				continue;
			}
			ts_wire_feed(wire, piece->direction, piece->bytes, before, 0, 1, NULL);
			if (skipped)
				ts_wire_feed(wire, piece->direction, "", 0, gap, 1, NULL);
			if (skipped && gap < 30)
				ts_wire_feed(wire, piece->direction, piece->bytes + before + gap,
					     30 - gap, 0, 1, NULL);
		}
		ts_wire_close(wire, TS_WIRE_BY_CLIENT, 2);
		assert_int_equal(lines("served=B"), gap < 30);
		assert_int_equal(lines("unseen=10"), gap < 30);
		assert_int_equal(lines("outcome=unseen"), gap > 30);
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
		{HEADERS, END_HEADERS, 3, "\xff\xff\xff", 3}, /* no such entry */
		{HEADERS, END_HEADERS, 3, "\x40", 1},         /* a block that is not all there */
		{CONTINUATION, END_HEADERS, 1, "", 0},        /* of nothing */
		{DATA, PADDED, 1, "\5abc", 4},                /* more padding than frame */
		{RST_STREAM, 0, 1, "\0", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		tear_down(NULL);
		set_up(NULL);
		begin();
		ask(1, "{\"model\":\"a\"}");
		frame(TS_WIRE_SENT, wrong[i].type, wrong[i].flags, wrong[i].stream,
		      wrong[i].content, wrong[i].n);
		run(TS_WIRE_BY_CLIENT);
		assert_int_equal(told.calls, 1);
		expect("outcome", "unseen");
	}
}

/* --- whole connections of nghttp2's sessions ------------------------------------------- */

static const char *const bodies[2] = {"{\"model\":\"a\"}",
				      "{\"type\":\"message\",\"model\":\"A\"}"};

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *to, size_t room,
			 uint32_t *flags, nghttp2_data_source *source, void *user)
{
	size_t bytes = strlen(source->ptr);

	(void)session, (void)stream, (void)user;
	assert_true(bytes <= room);
	memcpy(to, source->ptr, bytes);
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)bytes;
}

static ssize_t pad(nghttp2_session *session, const nghttp2_frame *padded, size_t most, void *user)
{
	(void)session, (void)user;
	return (ssize_t)(padded->hd.length + 7 < most ? padded->hd.length + 7 : most);
}

static size_t fields_of(const char *const *pairs, nghttp2_nv *fields)
{
	size_t n = 0;

	for (; pairs[2 * n]; n++)
		fields[n] = (nghttp2_nv){(uint8_t *)pairs[2 * n], (uint8_t *)pairs[2 * n + 1],
					 strlen(pairs[2 * n]), strlen(pairs[2 * n + 1]), 0};
	return n;
}

/* The server answers a request that is complete. */
static int frame_came(nghttp2_session *session, const nghttp2_frame *came, void *user)
{
	const nghttp2_data_provider body = {{.ptr = (void *)(uintptr_t)bodies[1]}, read_body};
	nghttp2_nv fields[16];

	(void)user;
	if (came->hd.type == NGHTTP2_DATA && came->hd.flags & NGHTTP2_FLAG_END_STREAM)
		nghttp2_submit_response(session, came->hd.stream_id, fields,
					fields_of(response_head, fields), &body);
	return 0;
}

/* What one session has to say is noted, and told the other one. */
static bool pass_on(enum ts_wire_direction direction, nghttp2_session *from, nghttp2_session *to)
{
	const uint8_t *bytes;
	ssize_t n = nghttp2_session_mem_send(from, &bytes);

	if (n <= 0)
		return false;
	put(direction, bytes, (size_t)n);
	assert_int_equal(nghttp2_session_mem_recv(to, bytes, (size_t)n), n);
	return true;
}

static void talk(void)
{
	const nghttp2_data_provider body = {{.ptr = (void *)(uintptr_t)bodies[0]}, read_body};
	const nghttp2_settings_entry table = {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 128};
	nghttp2_session_callbacks *callbacks, *servers;
	nghttp2_session *client, *server;
	nghttp2_nv fields[16];

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_new(&servers);
	nghttp2_session_callbacks_set_select_padding_callback(callbacks, pad);
	nghttp2_session_callbacks_set_on_frame_recv_callback(servers, frame_came);
	nghttp2_session_client_new(&client, callbacks, NULL);
	nghttp2_session_server_new(&server, servers, NULL);
	nghttp2_submit_settings(client, 0, &table, 1);
	nghttp2_submit_settings(server, 0, &table, 1);
	for (int i = 0; i < 5; i++) {
		nghttp2_submit_request(client, NULL, fields, fields_of(request_head, fields), &body,
				       NULL);
		while (pass_on(TS_WIRE_SENT, client, server) ||
		       pass_on(TS_WIRE_RECEIVED, server, client))
			;
	}
	nghttp2_session_del(client);
	nghttp2_session_del(server);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_session_callbacks_del(servers);
}

static void test_whole_connections(void **state)
{
	(void)state;
	talk();
	run(TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 5);
	assert_int_equal(lines("asked=a\nserved=A"), 5);
	assert_int_equal(lines("request_id=req_1"), 5);
	assert_int_equal(lines("outcome=done"), 5);
}

static int header_came(nghttp2_session *session, const nghttp2_frame *came, const uint8_t *name,
		       size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
		       void *user)
{
	(void)session, (void)came, (void)name, (void)name_bytes, (void)value, (void)value_bytes,
		(void)flags;
	++*(unsigned *)user;
	return 0;
}

/* Why sessions of nghttp2 cannot stand by: to one that sent no request its response is an error. */
static void test_sessions_cannot_stand_by(void **state)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *client;
	unsigned headers = 0;

	(void)state;
	talk();
	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, header_came);
	nghttp2_session_client_new(&client, callbacks, &headers);
	for (size_t i = 0; i < made.n_pieces; i++) {
		if (made.pieces[i].direction == TS_WIRE_RECEIVED)
			nghttp2_session_mem_recv(client, (const uint8_t *)made.pieces[i].bytes,
						 made.pieces[i].n);
	}
	assert_int_equal(headers, 0);
	nghttp2_session_del(client);
	nghttp2_session_callbacks_del(callbacks);
}

/* As where there was no memory for one of both. */
static void test_no_table_is_freed(void **state)
{
	(void)state;
	ts_hpack_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_table_is_freed),
		cmocka_unit_test_setup_teardown(test_one_call, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_interleaved_streams, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_frames_of_all_kinds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_length_without_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_push, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_table_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_peer_speaks_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gaps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_whole_connections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sessions_cannot_stand_by, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
