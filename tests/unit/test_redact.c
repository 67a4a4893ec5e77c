// SPDX-License-Identifier: Apache-2.0
/* Redaction of JSON keys in text that may be whole, cut, escaped or broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/pool.h"
#include "runtime/assemble/redact.h"

static struct ts_pool pool;
static struct ts_redact *redact;

static int set_up(void **state)
{
	(void)state;
	return ts_redact_new(&redact, " password,api_key,,token ");
}

static int tear_down(void **state)
{
	(void)state;
	ts_redact_free(redact);
	ts_pool_release(&pool);
	return 0;
}

static const char *redacted(const char *text)
{
	/* of its exact size on the heap, so that the sanitizer sees a step too far */
	char *exact = malloc(strlen(text) + 1);
	struct ts_text in = {exact, strlen(text)};
	const char *result;

	memcpy(exact, text, in.bytes);
	assert_int_equal(ts_redact_text(redact, &pool, &in), 0);
	result = ts_pool_strndup(&pool, in.data, in.bytes);
	free(exact);
	return result;
}

static const char *cut(const char *head, const char *tail)
{
	struct ts_text first = {head, strlen(head)}, last = {tail, strlen(tail)};

	assert_int_equal(ts_redact_cut(redact, &pool, &first, &last), 0);
	return ts_pool_printf(&pool, "%.*s|%.*s", (int)first.bytes, first.data, (int)last.bytes,
			      last.data);
}

static void test_names(void **state)
{
	struct ts_redact *none = (void *)1;

	(void)state;
	assert_int_equal(ts_redact_new(&none, " , ,"), 0);
	assert_null(none);
	assert_string_equal(redacted("{\"a\":1}"), "{\"a\":1}");
	assert_string_equal(redacted("{\"PassWord\":1}"), "{\"PassWord\":\"[redacted]\"}");
	assert_string_equal(redacted("{\"passwords\":1,\"passwor\":2,\"\":3}"),
			    "{\"passwords\":1,\"passwor\":2,\"\":3}");
	assert_string_equal(redacted("password: 1"), "password: 1");
	assert_string_equal(redacted("[\"password\", 1]"), "[\"password\", 1]");
}

static void test_long_names(void **state)
{
	struct ts_redact *one;
	char name[1000], text[1100];
	struct ts_text in = {text, 0};

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	in.bytes = (size_t)snprintf(text, sizeof(text), "{\"%s\":\"x\"}", name);
	assert_int_equal(ts_redact_text(redact, &pool, &in), 0);
	assert_ptr_equal(in.data, text);
	assert_int_equal(ts_redact_new(&one, name), 0);
	assert_int_equal(ts_redact_text(one, &pool, &in), 0);
	assert_ptr_not_equal(in.data, text);
	ts_redact_free(one);
}

static void test_values(void **state)
{
	static const char *const pairs[][2] = {
		{"{\"token\":\"abc\",\"x\":1}", "{\"token\":\"[redacted]\",\"x\":1}"},
		{"{\"token\" \n:\t\"a\\\"b\\\\\", \"x\":1}",
		 "{\"token\" \n:\t\"[redacted]\", \"x\":1}"},
		{"{\"token\":\"\"}", "{\"token\":\"[redacted]\"}"},
		{"{\"token\":-1.5e3}", "{\"token\":\"[redacted]\"}"},
		{"{\"token\":null,\"x\":[1]}", "{\"token\":\"[redacted]\",\"x\":[1]}"},
		{"{\"token\":{\"a\":[\"}\",{}]},\"x\":1}", "{\"token\":\"[redacted]\",\"x\":1}"},
		{"{\"token\":[\"]\\\"]\",[1]],\"x\":1}", "{\"token\":\"[redacted]\",\"x\":1}"},
		{"{\"token\":[\"[{\"],\"x\":1}", "{\"token\":\"[redacted]\",\"x\":1}"},
		{"{\"token\":\"a\",\"api_key\":\"b\"}",
		 "{\"token\":\"[redacted]\",\"api_key\":\"[redacted]\"}"},
		{"{\"x\":\"token\",\"y\":{\"token\":1}}",
		 "{\"x\":\"token\",\"y\":{\"token\":\"[redacted]\"}}"},
		{"POST / HTTP/1.1\r\n\r\n{\"token\":\"a\"}",
		 "POST / HTTP/1.1\r\n\r\n{\"token\":\"[redacted]\"}"},
		{"{\"token\":\"a\"}\n{\"token\":2}",
		 "{\"token\":\"[redacted]\"}\n{\"token\":\"[redacted]\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_string_equal(redacted(pairs[i][0]), pairs[i][1]);
}

static void test_escaped_keys(void **state)
{
	(void)state;
	assert_string_equal(redacted("{\"pass\\u0077ord\":\"x\"}"),
			    "{\"pass\\u0077ord\":\"[redacted]\"}");
	assert_string_equal(redacted("{\"\\u0054OKEN\":\"x\"}"),
			    "{\"\\u0054OKEN\":\"[redacted]\"}");
	assert_string_equal(redacted("{\"api\\u005Fkey\":\"x\"}"),
			    "{\"api\\u005Fkey\":\"[redacted]\"}");
	assert_string_equal(redacted("{\"tok\\u\":1,\"tok\\u00\":1,\"\\\":1"),
			    "{\"tok\\u\":1,\"tok\\u00\":1,\"\\\":1");
}

static void test_json_inside_json(void **state)
{
	static const char *const pairs[][2] = {
		{"{\"body\":\"{\\\"token\\\": \\\"abc\\\",\\\"x\\\":1}\",\"y\":2}",
		 "{\"body\":\"{\\\"token\\\": \\\"[redacted]\\\",\\\"x\\\":1}\",\"y\":2}"},
		{"\"{\\\"token\\\":\\\"a\\\\\\\"b\\\",\\\"x\\\":1}\"",
		 "\"{\\\"token\\\":\\\"[redacted]\\\",\\\"x\\\":1}\""},
		{"\"{\\\"token\\\":12}\",3", "\"{\\\"token\\\":\\\"[redacted]\\\"}\",3"},
		{"\"{\\\"token\\\":{\\\"a\\\":\\\"}\\\"}}\"",
		 "\"{\\\"token\\\":\\\"[redacted]\\\"}\""},
		{"\"{\\n  \\\"token\\\": \\n\\\"abc\\\"\\n}\"",
		 "\"{\\n  \\\"token\\\": \\n\\\"[redacted]\\\"\\n}\""},
		{"\"{\\\"pass\\\\u0077ord\\\":\\\"x\\\"}\"",
		 "\"{\\\"pass\\\\u0077ord\\\":\\\"[redacted]\\\"}\""},
		/* cut off inside the inner text: the outer string's end is the value's */
		{"{\"body\":\"{\\\"token\\\":\\\"abc\",\"y\":2}",
		 "{\"body\":\"{\\\"token\\\":\\\"[redacted]\\\"\",\"y\":2}"},
		/* two levels */
		{"\"\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"abc\\\\\\\"}\\\"\"",
		 "\"\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"[redacted]\\\\\\\"}\\\"\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_string_equal(redacted(pairs[i][0]), pairs[i][1]);
}

static void test_broken_json_hides_to_the_end(void **state)
{
	(void)state;
	assert_string_equal(redacted("{\"token\":\"abc"), "{\"token\":\"[redacted]\"");
	assert_string_equal(redacted("{\"token\":{\"a\":\"b\",\"c\""), "{\"token\":\"[redacted]\"");
	assert_string_equal(redacted("{\"token\":Bearer a b c"), "{\"token\":\"[redacted]\"");
	assert_string_equal(redacted("{\"token\":"), "{\"token\":");
	assert_string_equal(redacted("{\"token\""), "{\"token\"");
	assert_string_equal(redacted("{\"token\":{\"a\":]\"s\"},\"x\":1}"),
			    "{\"token\":\"[redacted]\",\"x\":1}");
}

static void test_cut_text(void **state)
{
	static const char *const cases[][3] = {
		/* prose is left alone */
		{"He said \"yes\" and", "went \"home\", then",
		 "He said \"yes\" and|went \"home\", then"},
		{"[System] You are", "done.", "[System] You are|done."},
		/* a string's rest up to its quote, a number's up to its end */
		{"{\"token\":\"abc", "def\",\"x\":1}",
		 "{\"token\":\"[redacted]\"|[redacted]\",\"x\":1}"},
		{"{\"a\":\"b", "def\\\" more\",\"x\":1}", "{\"a\":\"b|[redacted]\",\"x\":1}"},
		{"{\"a\":1", "23, \"x\":1}", "{\"a\":1|[redacted], \"x\":1}"},
		{"{\"a\":1", ", \"x\":1}", "{\"a\":1|, \"x\":1}"},
		/* no quote tells: nothing is kept */
		{"{\"a\":\"b", "cdef", "{\"a\":\"b|[redacted]"},
		/* the quote at the very cut may be an escaped one */
		{"{\"a\":\"b", "\", c\",\"x\":1}", "{\"a\":\"b|[redacted]\",\"x\":1}"},
		/* keys that began in the middle */
		{"{\"a\":1,\"pass", "word\":\"abc\",\"x\":1}",
		 "{\"a\":1,\"pass|[redacted]\":\"[redacted]\",\"x\":1}"},
		{"{\"a\":1", "\": \"abc\",\"x\":1}", "{\"a\":1|[redacted],\"x\":1}"},
		{"{\"a\":1", ":{\"b\":\"c\"},\"x\":1}", "{\"a\":1|[redacted],\"x\":1}"},
		{"{\"a\":1", " \"abc\",\"x\":1}", "{\"a\":1| [redacted],\"x\":1}"},
		{"{\"a\":1", "[\"abc\"],\"x\":1}", "{\"a\":1|[redacted],\"x\":1}"},
		/* keys that are whole */
		{"{\"a\":\"b", "c\",\"token\":\"d\"}",
		 "{\"a\":\"b|[redacted]\",\"token\":\"[redacted]\"}"},
		/* the head ends inside a redacted object, or before a value */
		{"{\"token\":{\"a\":\"b\",", "\"c\":\"d\"},\"x\":1}",
		 "{\"token\":\"[redacted]\"|[redacted]"},
		{"{\"token\": ", "{\"c\":\"d\"},\"x\":1}", "{\"token\": |[redacted]"},
		/* JSON shows in the tail only */
		{"POST /v1", "cret\",\"x\":1}", "POST /v1|[redacted]\",\"x\":1}"},
		/* or in the first bytes of the head only */
		{"{\"tok", "cret\"}", "{\"tok|[redacted]\"}"},
		{" [\n\"", "cret\"]", " [\n\"|[redacted]\"]"},
		{"\"{", "cret\"}\"", "\"{|[redacted]\"}\""},
		/* JSON inside JSON */
		{"{\"body\":\"{\\\"token\\\":\\\"ab", "cd\\\",\\\"x\\\":1}\",\"y\":2}",
		 "{\"body\":\"{\\\"token\\\":\\\"[redacted]\\\"|[redacted]\",\"y\":2}"},
		{"{\"token\":\"abc", "", "{\"token\":\"[redacted]\"|"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(cut(cases[i][0], cases[i][1]), cases[i][2]);
}

/* Wherever text is cut, and whatever stays in the middle, no piece of the secret is left to see. */
static void test_no_cut_shows_the_secret(void **state)
{
	static const char *const texts[] = {
		"{\"model\":\"m\",\"password\":\"5555555555\",\"n\":[1,2],\"s\":\"t\"}",
		"{\"a\":{\"token\" : 5555555555 },\"b\":\"c\"}",
		"{\"body\":\"{\\\"api_key\\\":\\\"5555\\\\\\\"55555\\\",\\\"x\\\":1}\",\"y\":2}",
		"{\"pass\\u0077ord\":\"55555\\\"5555\\n55\",\"b\":\"c\"}",
	};

	(void)state;
	for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
		size_t bytes = strlen(texts[t]);

		for (size_t head = 1; head < bytes; head++) {
			for (size_t tail = head; tail <= bytes; tail++) {
				struct ts_text first = {texts[t], head};
				struct ts_text last = {texts[t] + tail, bytes - tail};

				assert_int_equal(ts_redact_cut(redact, &pool, &first, &last), 0);
				assert_null(memchr(first.data, '5', first.bytes));
				assert_null(memchr(last.data, '5', last.bytes));
			}
			ts_pool_reset(&pool);
		}
	}
}

/* The bound on how much redaction can add is exact enough, and no step leaves the text. */
static void test_random_text(void **state)
{
	static const char *const pieces[] = {"\"token\":",
					     "\\\"token\\\":",
					     "\"",
					     "\\\"",
					     "\\",
					     "{",
					     "}",
					     "[",
					     "]",
					     ",",
					     "1",
					     " ",
					     ":",
					     "\\n",
					     "x",
					     "\":",
					     "\"api_key\":1"};

	(void)state;
	srand(7);
	for (int i = 0; i < 20000; i++) {
		char text[400] = "", tail[400] = "";

		for (int n = rand() % 24; n > 0; n--)
			strcat(text, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
		for (int n = rand() % 24; n > 0; n--)
			strcat(tail, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
		redacted(text);
		cut(text, tail);
		ts_pool_reset(&pool);
	}
}

/* No text outgrows what is set aside for it: so long that the sanitizer watches its end. */
static void test_growth(void **state)
{
	enum { KEYS = 20000 };
	struct ts_redact *one;
	char *text = malloc(6 * KEYS + 1);
	struct ts_text in = {text, 6 * KEYS};

	(void)state;
	assert_int_equal(ts_redact_new(&one, "k"), 0);
	for (int i = 0; i < KEYS; i++)
		memcpy(text + 6 * i, "\"k\":1,", 6);
	assert_int_equal(ts_redact_text(one, &pool, &in), 0);
	assert_int_equal(in.bytes, 17 * KEYS);
	ts_redact_free(one);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_escaped_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json_inside_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_json_hides_to_the_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_cut_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_cut_shows_the_secret, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_growth, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
