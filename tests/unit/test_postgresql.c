// SPDX-License-Identifier: Apache-2.0
/* What the PostgreSQL store does without a server: rows -> arrays, and what a failure means. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/postgresql/encode.h"
#include "runtime/postgresql/sqlstate.h"
#include "runtime/span.h"

static struct ts_span span_of(const char *input)
{
	return (struct ts_span){
		.trace_id = {{1, 2}},
		.tenant_id = "",
		.span_name = "agent:x",
		.kind = "agent",
		.started_us = 946684800000001,
		.duration_ms = NAN,
		.input_data = input,
	};
}

static size_t column(const char *name)
{
	size_t i = 0;

	while (strcmp(ts_span_table.columns[i].name, name) != 0)
		i++;
	return i;
}

static void is_bytes(const struct ts_encoded *encoded, const char *name, const char *bytes,
		     size_t n)
{
	size_t i = column(name);

	assert_int_equal(encoded->bytes[i], n);
	assert_memory_equal(encoded->values[i], bytes, n);
}

#define IS_BYTES(encoded, name, bytes) is_bytes(encoded, name, bytes, sizeof(bytes) - 1)

static void rows_become_arrays(void **state)
{
	struct ts_span a = span_of("{}"), b = span_of(NULL);
	const void *rows[] = {&a, &b};
	struct ts_encoded encoded = {.buffer = NULL};

	(void)state;
	b.has_parent = true;
	b.parent_span_id.bytes[0] = 7;
	b.duration_ms = 1;
	b.success = true;
	b.input_tokens = (struct ts_maybe){true, -2};
	assert_int_equal(ts_encode(&encoded, &ts_span_table, rows, 2, NULL), 0);
	IS_BYTES(&encoded, "kind",
		 "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\5agent\0\0\0\5agent");
	IS_BYTES(&encoded, "input_data",
		 "\0\0\0\1\0\0\0\1\0\0\x0e\xda\0\0\0\2\0\0\0\1\0\0\0\3\1{}\xff\xff\xff\xff");
	IS_BYTES(&encoded, "parent_span_id",
		 "\0\0\0\1\0\0\0\1\0\0\x0b\x86\0\0\0\2\0\0\0\1\xff\xff\xff\xff"
		 "\0\0\0\x10\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	IS_BYTES(&encoded, "started_at",
		 "\0\0\0\1\0\0\0\0\0\0\4\xa0\0\0\0\2\0\0\0\1"
		 "\0\0\0\x8\0\0\0\0\0\0\0\1\0\0\0\x8\0\0\0\0\0\0\0\1");
	IS_BYTES(&encoded, "duration_ms",
		 "\0\0\0\1\0\0\0\1\0\0\2\xbd\0\0\0\2\0\0\0\1\xff\xff\xff\xff"
		 "\0\0\0\x8\x3f\xf0\0\0\0\0\0\0");
	IS_BYTES(&encoded, "success",
		 "\0\0\0\1\0\0\0\0\0\0\0\x10\0\0\0\2\0\0\0\1\0\0\0\1\0\0\0\0\1\1");
	IS_BYTES(&encoded, "input_tokens",
		 "\0\0\0\1\0\0\0\1\0\0\0\x14\0\0\0\2\0\0\0\1\xff\xff\xff\xff"
		 "\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe");
	ts_encoded_release(&encoded);
}

static int encode(const char *json, const char *name)
{
	struct ts_span span = span_of(json);
	const void *rows[] = {&span};
	struct ts_encoded encoded = {.buffer = NULL};
	struct ts_error err = {""};
	int result;

	span.span_name = name;
	result = ts_encode(&encoded, &ts_span_table, rows, 1, &err);
	assert_int_equal(err.text[0] != '\0', result < 0);
	ts_encoded_release(&encoded);
	return result;
}

static void what_the_server_would_refuse_is_not_sent(void **state)
{
	static const char *const good[] = {
		"{\"a\":\"\\\\u0000\"}",    "\"\\u0001\\\\\"",   "\"\\ud83d\\ude00\"",
		"\"\xf0\x9f\x98\x80 \\n\"", "\"\\\\\\\\ud800\"", "\"\\uD83D\\uDE00x\"",
	};
	static const char *const bad[] = {
		"\"\\u0000\"",
		"\"\\\\\\u0000\"",
		"\"\\ud800\"",
		"\"\\ud800x\"",
		"\"\\udc00\"",
		"\"\\ud800\\n\"",
		"\"\\ud800\\ud800\"",
		"\"\\ude00\\ud83d\"",
		"\"\xff\"",
		"\"\xed\xa0\x80\"",
		"\"\\u00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (encode(good[i], "agent:x") != 0)
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (encode(bad[i], "agent:x") != -EILSEQ)
			fail_msg("%s is taken", bad[i]);
	assert_int_equal(encode("{}", "agent:\xc3"), -EILSEQ);
	assert_int_equal(encode("{}", "agent:\xc3\xa9"), 0);
}

static void many_rows_grow_the_buffer(void **state)
{
	static struct ts_span spans[3000];
	static const void *rows[3000];
	struct ts_encoded encoded = {.buffer = NULL};

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		spans[i] = span_of("{\"text\":\"a text that fills the buffer\"}");
		rows[i] = &spans[i];
	}
	assert_int_equal(ts_encode(&encoded, &ts_span_table, rows, 3000, NULL), 0);
	assert_int_equal(encoded.bytes[column("kind")], 20 + 3000 * 9);
	assert_int_equal(encoded.bytes[column("input_data")],
			 20 + 3000 * (5 + strlen(spans[0].input_data)));
	assert_int_equal(ts_encode(&encoded, &ts_span_table, rows, 1, NULL), 0);
	assert_int_equal(encoded.bytes[column("kind")], 20 + 9);
	ts_encoded_release(&encoded);
}

static void states_have_meanings(void **state)
{
	static const struct {
		const char *sqlstate;
		int result;
	} known[] = {
		{NULL, -ECONNRESET}, {"22P05", -EILSEQ}, {"22003", -EILSEQ}, {"23502", -EILSEQ},
		{"23514", -EILSEQ},  {"54000", -EILSEQ}, {"23505", -EILSEQ}, {"P0001", -EILSEQ},
		{"40001", -EAGAIN},  {"53300", -EAGAIN}, {"53100", -ENOSPC}, {"57P01", -EAGAIN},
		{"57014", -EAGAIN},  {"55P03", -EAGAIN}, {"08006", -EAGAIN}, {"25006", -EROFS},
		{"28P01", -EACCES},  {"42P01", -EACCES}, {"42501", -EACCES}, {"3D000", -EACCES},
		{"XX000", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ts_sqlstate_result(known[i].sqlstate) != known[i].result)
			fail_msg("%s means %d", known[i].sqlstate,
				 ts_sqlstate_result(known[i].sqlstate));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_become_arrays),
		cmocka_unit_test(what_the_server_would_refuse_is_not_sent),
		cmocka_unit_test(many_rows_grow_the_buffer),
		cmocka_unit_test(states_have_meanings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
