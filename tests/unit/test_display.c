// SPDX-License-Identifier: Apache-2.0
/* What the commands print of strangers' text: widths, cuts, wraps, nothing that steers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../runtime/command/show/pretty.c"
#include "../../runtime/command/terminal/display.c"

/* What `print` wrote, to be freed. */
#define PRINTED(to, call)                                   \
	({                                                  \
		char *text_ = NULL;                         \
		size_t bytes_;                              \
		FILE *to = open_memstream(&text_, &bytes_); \
		call;                                       \
		fclose(to);                                 \
		text_;                                      \
	})

static void expect(char *printed, const char *wanted)
{
	assert_string_equal(printed, wanted);
	free(printed);
}

static void columns_of_scripts(void **state)
{
	(void)state;
	assert_int_equal(ts_display_columns(""), 0);
	assert_int_equal(ts_display_columns("plain"), 5);
	assert_int_equal(ts_display_columns("grüße"), 5);
	assert_int_equal(ts_display_columns("日本語"), 6);
	assert_int_equal(ts_display_columns("한국"), 4);
	assert_int_equal(ts_display_columns("e\u0301"), 1);
	assert_int_equal(ts_display_columns("🤖"), 2);
	assert_int_equal(ts_display_columns("│█"), 2);
}

static void steering_is_shown(void **state)
{
	(void)state;
	expect(PRINTED(to, ts_display_put(to, "a\033[31m\n\t\x7f", 80, "...")),
	       "a\\x1b[31m\\n\\t\\x7f");
	expect(PRINTED(to, ts_display_put(to,
					  "\xc2\x9b"
					  "1m",
					  80, "...")),
	       "\\x9b1m");
	expect(PRINTED(to, ts_display_put(to, "x\u202ey\u2066\ufeff", 80, "...")),
	       "x\\u202ey\\u2066\\ufeff");
	expect(PRINTED(to, ts_display_put(to, "\U000e0041", 80, "...")), "\\U000e0041");
	assert_int_equal(ts_display_columns("\033"), 4);
}

static void invalid_bytes_are_shown(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
	} cases[] = {
		{"\xff", "\\xff"},
		{"a\xc3", "a\\xc3"},
		{"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong */
		{"\xe0\x80\x80", "\\xe0\\x80\\x80"},          /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
		{"\xe6\x97x", "\\xe6\\x97x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(PRINTED(to, ts_display_put(to, cases[i].text, 80, "...")), cases[i].shown);
}

static void cuts_at_columns(void **state)
{
	(void)state;
	expect(PRINTED(to, assert_int_equal(ts_display_put(to, "exactly", 7, "..."), 7)),
	       "exactly");
	expect(PRINTED(to, assert_int_equal(ts_display_put(to, "too long", 7, "..."), 7)),
	       "too ...");
	/* A wide character that would stick out by one leaves a column free. */
	expect(PRINTED(to, assert_int_equal(ts_display_put(to, "日本語日", 7, "…"), 7)), "日本語…");
	expect(PRINTED(to, assert_int_equal(ts_display_put(to, "日本語日", 6, "…"), 5)), "日本…");
	/* A mark stays with its letter. */
	expect(PRINTED(to, ts_display_put(to, "ae\u0301bcd", 3, "…")), "ae\u0301…");
	/* An escape is not cut in two. */
	expect(PRINTED(to, ts_display_put(to, "ab\033cdefgh", 6, "...")), "ab...");
	expect(PRINTED(to, ts_display_put(to, "abc", 0, "...")), "");
	expect(PRINTED(to, ts_display_put_padded(to, "日本語日", 6, "…")), "日本… ");
	expect(PRINTED(to, ts_display_put_padded(to, "ab", 4, "…")), "ab  ");
}

static void wraps_at_spaces(void **state)
{
	(void)state;
	expect(PRINTED(to, ts_display_wrap(to, "one two three four", "  ", 12)),
	       "one two\n  three four\n");
	expect(PRINTED(to, ts_display_wrap(to, "abcdefghijklmnop", "", 10)),
	       "abcdefghij\nklmnop\n");
	expect(PRINTED(to, ts_display_wrap(to, "日本語日本語", "", 9)), "日本語日\n本語\n");
	expect(PRINTED(to, ts_display_wrap(to, "", "  ", 12)), "\n");
}

static void pretty_keeps_values(void **state)
{
	(void)state;
	expect(PRINTED(to, ts_pretty(to, "{\"n\":9007199254740993,\"a\":[1,{\"b\":null}],\"e\":{}}",
				     ">", 60)),
	       "{\n>  \"n\": 9007199254740993,\n>  \"a\": [\n>    1,\n>    {\n>      \"b\": "
	       "null\n>    }\n"
	       ">  ],\n>  \"e\": {}\n>}\n");
	expect(PRINTED(to, ts_pretty(to, "\"a\\nb {,} \\\" \\\\\"", "", 60)),
	       "\"a\\n\nb {,} \\\" \\\\\"\n");
	expect(PRINTED(to, ts_pretty(to, " [ ] ", "", 60)), "[]\n");
	/* Not JSON, but shown all the same. */
	expect(PRINTED(to, ts_pretty(to, "]]\"open", "", 60)), "]\n]\"open\n");
}

/* Columns that the line takes, and how many of them are blank in front. */
static size_t measured(const char *line, size_t *ret_blank)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
	*ret_blank = strspn(copy, " ");
	return ts_display_columns(copy);
}

/* {"k": [{"k": [... "text" ...]}]} */
static void pretty_is_as_deep_as_columns_allow(void **state)
{
	static const char indent[] = "          ";
	static const size_t widths[] = {80, 60, 40, 20};
	static const size_t deepest[] = {10 + 34, 10 + 20, 10, 10};
	char json[512] = "", *printed;

	(void)state;
	for (int i = 0; i < 9; i++)
		strcat(json, "{\"k\":[");
	strcat(json, "\"some text that is longer than the line has room for, in no few words\"");
	for (int i = 0; i < 9; i++)
		strcat(json, "]}");
	for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		size_t most = 0, blank;

		printed = PRINTED(to, ts_pretty(to, json, indent, widths[i]));
		for (const char *line = printed; *line; line += strcspn(line, "\n") + 1) {
			size_t first = line == printed ? sizeof(indent) - 1 : 0;

			assert_in_range(first + measured(line, &blank), 1, widths[i]);
			if (strchr("]}", line[blank]) && blank > most)
				most = blank;
		}
		assert_int_equal(most, deepest[i]);
		free(printed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_of_scripts),
		cmocka_unit_test(steering_is_shown),
		cmocka_unit_test(invalid_bytes_are_shown),
		cmocka_unit_test(cuts_at_columns),
		cmocka_unit_test(wraps_at_spaces),
		cmocka_unit_test(pretty_keeps_values),
		cmocka_unit_test(pretty_is_as_deep_as_columns_allow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
