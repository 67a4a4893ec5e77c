// SPDX-License-Identifier: Apache-2.0
/* Content codings, undone at any cut; bombs, damage, and what is unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "runtime/wire/coding.h"
#include "wire_fixture.h"

#define EVENT    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word %d \"}}]}\n\n"
#define N_EVENTS 300

static char plain[65536], coded[65536], out[65536];
static size_t plain_bytes, out_bytes;

static int set_up(void **state)
{
	(void)state;
	plain_bytes = 0;
	for (int i = 0; i < N_EVENTS; i++)
		plain_bytes += (size_t)sprintf(plain + plain_bytes, EVENT, i);
	plain_bytes += (size_t)sprintf(plain + plain_bytes, "data: [DONE]\n\n");
	return 0;
}

/* With a flush in the middle, as servers make of streams. */
static size_t deflate_as(int window, const char *in, size_t bytes, char *to, size_t room)
{
	z_stream stream = {0};
	size_t coded_bytes;

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_out = (Bytef *)to;
	stream.avail_out = (uInt)room;
	stream.next_in = (Bytef *)(uintptr_t)in;
	stream.avail_in = (uInt)(bytes / 2);
	assert_int_equal(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
	stream.avail_in = (uInt)(bytes - bytes / 2);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	coded_bytes = stream.total_out;
	deflateEnd(&stream);
	return coded_bytes;
}

static size_t brotli_of(const char *in, size_t bytes, char *to, size_t room)
{
	assert_true(BrotliEncoderCompress(5, 18, BROTLI_DEFAULT_MODE, bytes, (const uint8_t *)in,
					  &room, (uint8_t *)to));
	return room;
}

static size_t zstd_of(const char *in, size_t bytes, char *to, size_t room)
{
	return ZSTD_compress(to, room, in, bytes, 5);
}

static void take(void *user, const char *data, size_t bytes)
{
	(void)user;
	assert_true(bytes <= sizeof(out) - out_bytes);
	memcpy(out + out_bytes, data, bytes);
	out_bytes += bytes;
}

static void count(void *user, const char *data, size_t bytes)
{
	(void)data;
	*(size_t *)user += bytes;
}

static void expect_plain(const char *encoding, size_t bytes)
{
	static const size_t pieces[] = {1, 2, 3, 7, 100, 65536};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct ts_decoder decoder;

		out_bytes = 0;
		ts_decoder_begin(&decoder, encoding);
		for (size_t at = 0; at < bytes; at += pieces[i])
			ts_decoder_add(&decoder, coded + at,
				       bytes - at < pieces[i] ? bytes - at : pieces[i], take, NULL);
		assert_int_equal(decoder.state, TS_DECODER_WORKS);
		ts_decoder_end(&decoder);
		assert_int_equal(out_bytes, plain_bytes);
		assert_memory_equal(out, plain, plain_bytes);
	}
}

static void test_each_coding(void **state)
{
	size_t first, bytes;
	char twice[65536];

	(void)state;
	expect_plain("gzip", deflate_as(31, plain, plain_bytes, coded, sizeof(coded)));
	expect_plain("X-GZIP", deflate_as(31, plain, plain_bytes, coded, sizeof(coded)));
	expect_plain("deflate", deflate_as(15, plain, plain_bytes, coded, sizeof(coded)));
	expect_plain("deflate", deflate_as(-15, plain, plain_bytes, coded, sizeof(coded)));
	expect_plain("br", brotli_of(plain, plain_bytes, coded, sizeof(coded)));
	expect_plain("zstd", zstd_of(plain, plain_bytes, coded, sizeof(coded)));
	/* two members, and what is no member behind them */
	first = deflate_as(31, plain, 1000, coded, sizeof(coded));
	bytes = first + deflate_as(31, plain + 1000, plain_bytes - 1000, coded + first,
				   sizeof(coded) - first);
	memcpy(coded + bytes, "\0\0\0\0\x1f\x8b\x08no", 10);
	expect_plain("gzip", bytes + 10);
	/* one on top of the other: the last one named came last */
	bytes = brotli_of(plain, plain_bytes, twice, sizeof(twice));
	expect_plain("br, identity ,gzip", deflate_as(31, twice, bytes, coded, sizeof(coded)));
}

static void test_no_coding(void **state)
{
	struct ts_decoder decoder;

	(void)state;
	ts_decoder_begin(&decoder, NULL);
	assert_int_equal(decoder.state, TS_DECODER_PLAIN);
	ts_decoder_begin(&decoder, "identity");
	assert_int_equal(decoder.state, TS_DECODER_PLAIN);
	ts_decoder_begin(&decoder, "gzip, compress");
	assert_int_equal(decoder.state, TS_DECODER_FAILED);
	ts_decoder_end(&decoder);
	ts_decoder_begin(&decoder, "gzip,gzip,gzip,gzip");
	assert_int_equal(decoder.state, TS_DECODER_FAILED);
	ts_decoder_end(&decoder);
}

static void test_damage(void **state)
{
	static const char *const encodings[] = {"gzip", "deflate", "br", "zstd"};
	struct ts_decoder decoder;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		ts_decoder_begin(&decoder, encodings[i]);
		ts_decoder_add(&decoder, "\x0f{\"model\":\"this is no such coding at all\"}", 40,
			       count, &n);
		assert_int_equal(decoder.state, TS_DECODER_FAILED);
		ts_decoder_end(&decoder);
	}
}

static void test_bombs(void **state)
{
	static char zeros[32 << 20];
	static const char *const encodings[] = {"gzip", "br", "zstd"};
	size_t bytes[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ts_decoder decoder;
		size_t n = 0;

		bytes[i] = i == 0   ? deflate_as(31, zeros, sizeof(zeros), coded, sizeof(coded))
			   : i == 1 ? brotli_of(zeros, sizeof(zeros), coded, sizeof(coded))
				    : zstd_of(zeros, sizeof(zeros), coded, sizeof(coded));
		ts_decoder_begin(&decoder, encodings[i]);
		ts_decoder_add(&decoder, coded, bytes[i], count, &n);
		assert_int_equal(decoder.state, TS_DECODER_FAILED);
		assert_true(n < 8 << 20);
		ts_decoder_end(&decoder);
	}
}

/* A call whose response is coded, and one whose request is. */
static void test_calls(void **state)
{
	static const struct ts_wire_settings settings;
	static struct told told, again;
	static char request[70000], response[70000];
	struct piece pieces[2] = {{TS_WIRE_SENT, request, 0}, {TS_WIRE_RECEIVED, response, 0}};
	size_t bytes = zstd_of("{\"model\":\"m\"}", 13, coded, sizeof(coded)), n;

	(void)state;
	n = (size_t)sprintf(request,
			    "POST /v1/chat/completions HTTP/1.1\r\nhost: "
			    "api.openai.com\r\ncontent-encoding: zstd\r\n"
			    "content-length: %zu\r\n\r\n",
			    bytes);
	memcpy(request + n, coded, bytes);
	pieces[0].n = n + bytes;
	bytes = brotli_of(plain, plain_bytes, coded, sizeof(coded));
	n = (size_t)sprintf(response, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\ncontent-type: "
				      "text/event-stream\r\n\r\n");
	memcpy(response + n, coded, bytes);
	pieces[1].n = n + bytes;
	run_pieces(&told, &settings, pieces, 2, 0, TS_WIRE_BY_PEER);
	assert_string_equal(told_of(&told, "asked"), "m");
	assert_string_equal(told_of(&told, "pieces"), "300");
	assert_string_equal(told_of(&told, "outcome"), "done");
	run_pieces(&again, &settings, pieces, 2, SIZE_MAX, TS_WIRE_BY_PEER);
	assert_string_equal(told.text, again.text);
	/* of an unknown one nothing is known but that it was there */
	memcpy(strstr(response, "br\r\n"), "xx", 2);
	run_pieces(&told, &settings, pieces, 2, 0, TS_WIRE_BY_PEER);
	assert_string_equal(told_of(&told, "undecoded"), "1");
	assert_string_equal(told_of(&told, "outcome"), "done");
	assert_null(told_of(&told, "answer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_coding), cmocka_unit_test(test_no_coding),
		cmocka_unit_test(test_damage),      cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
