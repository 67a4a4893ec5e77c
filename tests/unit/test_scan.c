// SPDX-License-Identifier: Apache-2.0
/* JSON read in place: values, numbers, ends of documents whose beginning is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/pool.h"
#include "runtime/scan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ts_text text_of(const char *text)
{
	return (struct ts_text){text, strlen(text)};
}

/* The first value of `text`, which lies in memory that ends with it, so that reading on is seen. */
static bool value_of(const char *text, struct ts_scanned *ret)
{
	struct ts_scan scan = {text, text + strlen(text)};

	return ts_scan_value(&scan, ret);
}

static void test_values_have_types(void **state)
{
	static const struct {
		const char *text;
		enum ts_scan_type type;
	} values[] = {
		{"null ", TS_SCAN_NULL},
		{" true,", TS_SCAN_TRUE},
		{"false}", TS_SCAN_FALSE},
		{"12 ", TS_SCAN_NUMBER},
		{"-0.5e+7,", TS_SCAN_NUMBER},
		{"\"a\\\"b\"", TS_SCAN_STRING},
		{"[1, \"]\", {}]", TS_SCAN_ARRAY},
		{"\n{\"a\": [\"}\"]}", TS_SCAN_OBJECT},
		/* none */
		{"", TS_SCAN_NONE},
		{"12", TS_SCAN_NONE}, /* it may go on */
		{"nul ", TS_SCAN_NONE},
		{"01 ", TS_SCAN_NONE},
		{"1. ", TS_SCAN_NONE},
		{"- ", TS_SCAN_NONE},
		{"+1 ", TS_SCAN_NONE},
		{"\"a", TS_SCAN_NONE},
		{"\"a\\\"", TS_SCAN_NONE},
		{"\"a\nb\"", TS_SCAN_NONE},
		{"[1, 2", TS_SCAN_NONE},
		{"[1}", TS_SCAN_NONE},
		{"{\"a\": \"}", TS_SCAN_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct ts_scanned value = {.type = TS_SCAN_NONE};

		assert_int_equal(value_of(values[i].text, &value), values[i].type != TS_SCAN_NONE);
		assert_int_equal(value.type, values[i].type);
	}
}

static void test_nesting_is_bounded(void **state)
{
	char text[2 * (TS_SCAN_DEPTH + 1) + 1];
	struct ts_scanned value;

	(void)state;
	for (int deep = 0; deep < 2; deep++) {
		size_t n = TS_SCAN_DEPTH + (size_t)deep;

		memset(text, '[', n);
		memset(text + n, ']', n);
		text[2 * n] = 0;
		assert_int_equal(value_of(text, &value), !deep);
	}
}

static void test_paths_lead_to_members(void **state)
{
	static const char json[] =
		"{\"a\": 1, \"b\": {\"c\": {\"d\": \"x\"}, \"n\": null}, \"a\": 2, \"l\": [3, "
		"{\"k\": "
		"null}, {\"k\": {\"m\": 4}}, {\"k\": {\"m\": 5}}], \"\\u0061\": 9}";
	static const struct {
		const char *path, *found;
	} paths[] = {
		{"a", "2"},       {"b.c.d", "\"x\""},
		{"l[].k.m", "4"}, {"b", "{\"c\": {\"d\": \"x\"}, \"n\": null}"},
		{"b.n", NULL},    {"b.c.d.e", NULL},
		{"a.b", NULL},    {"l.k", NULL},
		{"a[].k", NULL},  {"c", NULL},
	};
	struct ts_scanned top, value;

	(void)state;
	assert_true(value_of(json, &top));
	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_int_equal(ts_scan_find(&top, paths[i].path, &value), paths[i].found != NULL);
		if (paths[i].found)
			assert_true(ts_scan_is(value.text, paths[i].found));
	}
}

static void test_patterns(void **state)
{
	(void)state;
	assert_true(ts_scan_like(text_of("gpt-4o"), "gpt-4o"));
	assert_true(ts_scan_like(text_of("GPT-4o"), "gpt-4O"));
	assert_true(ts_scan_like(text_of("gpt-4o-mini"), "gpt-*"));
	assert_true(ts_scan_like(text_of("a/b/c"), "*/*"));
	assert_true(ts_scan_like(text_of("aab"), "*ab"));
	assert_true(ts_scan_like(text_of("abcabd"), "*ab*d"));
	assert_true(ts_scan_like(text_of(""), "**"));
	assert_false(ts_scan_like(text_of("gpt-4o-mini"), "gpt-4o"));
	assert_false(ts_scan_like(text_of("gpt-4"), "gpt-4o"));
	assert_false(ts_scan_like(text_of("xgpt-4"), "gpt-*"));
	assert_false(ts_scan_like(text_of(""), "a"));
}

/* --- numbers --------------------------------------------------------------------------- */

static void expect_decimal(const char *text, int scale, bool round, bool fits, int64_t wanted)
{
	struct ts_scanned value;
	int64_t number = 12345;

	assert_true(value_of(text, &value));
	assert_int_equal(ts_scan_decimal(&value, scale, round, &number), fits);
	assert_int_equal(number, fits ? wanted : 12345);
}

static void test_numbers_are_exact(void **state)
{
	(void)state;
	expect_decimal("12 ", 0, false, true, 12);
	expect_decimal("\"12\"", 0, false, true, 12);
	expect_decimal("-7 ", 0, false, true, -7);
	expect_decimal("12.0 ", 0, false, true, 12);
	expect_decimal("1.2e1 ", 0, false, true, 12);
	expect_decimal("120E-1 ", 0, false, true, 12);
	expect_decimal("9223372036854775807 ", 0, false, true, INT64_MAX);
	expect_decimal("0.075 ", 6, false, true, 75000);
	expect_decimal("3 ", 6, false, true, 3000000);
	expect_decimal("0.000001 ", 6, false, true, 1);
	expect_decimal("0.00021 ", 9, true, true, 210000);
	expect_decimal("0.0000000005 ", 9, true, true, 1);
	expect_decimal("0.00000000049999999999999999999999999999999999999999999 ", 9, true, true,
		       0);
	expect_decimal("1.9999999995 ", 9, true, true, 2000000000);
	expect_decimal("-0.0000000005 ", 9, true, true, -1);
	expect_decimal("0e99 ", 0, false, false, 0); /* nobody writes that */
	expect_decimal("0 ", 9, false, true, 0);
	expect_decimal("1000000000000000000000000000000000000000e-39 ", 0, false, true, 1);
}

static void test_what_is_no_such_number(void **state)
{
	(void)state;
	expect_decimal("12.5 ", 0, false, false, 0);
	expect_decimal("0.0000001 ", 6, false, false, 0);
	expect_decimal("9223372036854775808 ", 0, false, false, 0);
	expect_decimal("1e300 ", 0, false, false, 0);
	expect_decimal("1e-300 ", 0, true, false, 0);
	expect_decimal("1e19 ", 0, false, false, 0);
	expect_decimal("10 ", 18, false, false, 0);
	expect_decimal("\"\"", 0, false, false, 0);
	expect_decimal("\" 1\"", 0, false, false, 0);
	expect_decimal("\"0x10\"", 0, false, false, 0);
	expect_decimal("true ", 0, false, false, 0);
	expect_decimal("[1]", 0, false, false, 0);
	expect_decimal("0.10000000000000000000000000000000000000000001 ", 1, false, false, 0);
}

static void test_escapes_are_undone(void **state)
{
	static const struct {
		const char *text, *wanted;
	} strings[] = {
		{"\"\"", ""},
		{"\"plain \xc3\xa4\"", "plain \xc3\xa4"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"\\u00e4\\u20AC\\ud83e\\udd16\"", "\xc3\xa4\xe2\x82\xac\xf0\x9f\xa4\x96"},
		{"\"a\\u0000b\"", "a\xe2\x90\x80"
				  "b"},
		{"\"\\ud83e!\"", "\xef\xbf\xbd!"},
		{"\"\\ud83e\\u0041\"", "\xef\xbf\xbd"
				       "A"},
		{"\"\\udd16\"", "\xef\xbf\xbd"},
		{"\"\\u12\"", "\xef\xbf\xbd"
			      "12"},
		{"\"\\q\"", "q"},
	};
	struct ts_pool pool = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(strings); i++) {
		struct ts_scanned value;
		struct ts_text text;

		assert_true(value_of(strings[i].text, &value));
		assert_true(ts_scan_unescape(&value, &pool, &text));
		assert_int_equal(text.bytes, strlen(strings[i].wanted));
		assert_string_equal(text.data, strings[i].wanted);
	}
	ts_pool_release(&pool);
}

/* --- ends ------------------------------------------------------------------------------ */

static void expect_tail(const char *tail, enum ts_scan_type type, const char *members)
{
	enum ts_scan_type found = TS_SCAN_NONE;
	struct ts_scan scan;

	assert_int_equal(ts_scan_tail(text_of(tail), &found, &scan), type != TS_SCAN_NONE);
	assert_int_equal(found, type);
	if (type != TS_SCAN_NONE)
		assert_string_equal(scan.at, members);
}

static void test_tails_tell_where_the_last_level_begins(void **state)
{
	(void)state;
	expect_tail("lo \\\"you\\\"\"}}],\"usage\":{\"a\":1}}", TS_SCAN_OBJECT,
		    ",\"usage\":{\"a\":1}}");
	expect_tail("\"}],\"usage\":{\"a\":[1,{}]} } \n", TS_SCAN_OBJECT,
		    ",\"usage\":{\"a\":[1,{}]} } \n");
	expect_tail("\"\\n\"}],\"x\":1}", TS_SCAN_OBJECT, ",\"x\":1}");
	expect_tail("n\"}],\"x\":1}", TS_SCAN_OBJECT, ",\"x\":1}");
	expect_tail("e,\"x\":1}", TS_SCAN_OBJECT, ",\"x\":1}");
	expect_tail(".5,\"x\":1}", TS_SCAN_OBJECT, ",\"x\":1}");
	expect_tail("b\":2,\"x\":1}", TS_SCAN_OBJECT, ",\"x\":1}");
	expect_tail(":2,\"x\":1}", TS_SCAN_OBJECT, ",\"x\":1}");
	expect_tail("2}", TS_SCAN_OBJECT, "");
	expect_tail("}", TS_SCAN_OBJECT, "");
	expect_tail("1}},{\"a\":2}]", TS_SCAN_ARRAY, ",{\"a\":2}]");
	expect_tail("\",\"b\",\"c\"]", TS_SCAN_ARRAY, ",\"b\",\"c\"]");
}

static void test_tails_that_tell_nothing(void **state)
{
	(void)state;
	expect_tail("", TS_SCAN_NONE, NULL);
	expect_tail("plain words", TS_SCAN_NONE, NULL);
	expect_tail("\"usage\":{\"a\":1}", TS_SCAN_NONE, NULL); /* nothing closes it */
	expect_tail("x\"},\"usage\":{\"a\":1}", TS_SCAN_NONE, NULL);
	expect_tail("x\"]}, 5}", TS_SCAN_NONE, NULL);
	expect_tail("x\"}],\"usage\":{\"a\":1,}}", TS_SCAN_NONE, NULL);
	expect_tail("x\"}],\"usage\" {\"a\":1}}", TS_SCAN_NONE, NULL);
	expect_tail("x\"}],\"usage\":{\"a\" 1}}", TS_SCAN_NONE, NULL);
	expect_tail("x\"}] trailing", TS_SCAN_NONE, NULL);
}

/* Every end of a document: never another answer than that of the longest. */
static void test_every_end_of_a_document(void **state)
{
	static const char json[] =
		"{\"id\":\"a\\\\\",\"choices\":[{\"n\":0,\"message\":{\"content\":\"say "
		"\\\"}],\\\\\\\"usage\\\\\\\""
		":{\\\\\\\"a\\\\\\\":2}}\\\" \\u00e4 "
		"{[\"},\"list\":[true,null,-1.5e3,[],{}]}],\"usage\":{\"a\":1,\"b\":"
		"{\"c\":2}},\"last\":\"x\"}";
	size_t known = 0;

	(void)state;
	for (size_t from = 1; json[from]; from++) {
		enum ts_scan_type type;
		struct ts_scanned value;
		struct ts_scan scan;
		struct ts_text key;
		int64_t number;

		if (!ts_scan_tail(text_of(json + from), &type, &scan))
			continue;
		known++;
		assert_int_equal(type, TS_SCAN_OBJECT);
		while (ts_scan_member(&scan, &key, &value)) {
			assert_true(ts_scan_is(key, "choices") || ts_scan_is(key, "usage") ||
				    ts_scan_is(key, "last"));
			if (!ts_scan_is(key, "usage"))
				continue;
			assert_true(ts_scan_find(&value, "a", &value));
			assert_true(ts_scan_decimal(&value, 0, false, &number));
			assert_int_equal(number, 1);
		}
	}
	assert_int_equal(known, strlen(json) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_have_types),
		cmocka_unit_test(test_nesting_is_bounded),
		cmocka_unit_test(test_paths_lead_to_members),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_numbers_are_exact),
		cmocka_unit_test(test_what_is_no_such_number),
		cmocka_unit_test(test_escapes_are_undone),
		cmocka_unit_test(test_tails_tell_where_the_last_level_begins),
		cmocka_unit_test(test_tails_that_tell_nothing),
		cmocka_unit_test(test_every_end_of_a_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
