// SPDX-License-Identifier: Apache-2.0
/* JSON by the byte: what is sound, values inside of it, strings and documents that are too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/wire/answer.h"
#include "runtime/wire/cut.h"
#include "runtime/wire/document.h"
#include "runtime/wire/node.h"
#include "runtime/wire/scan.h"

static struct ts_memory memory = {0, SIZE_MAX};

static struct ts_text text_of(const char *string)
{
	return (struct ts_text){string, strlen(string)};
}

static const char *shown(struct ts_text text)
{
	static char copy[1 << 20];

	snprintf(copy, sizeof(copy), "%.*s", (int)text.bytes, text.data ? text.data : "(none)");
	return text.data ? copy : "(none)";
}

/* --- scan ------------------------------------------------------------------------------ */

static void test_what_is_json(void **state)
{
	static const char *const sound[] = {"{}",
					    " [ ] ",
					    "0",
					    "-0.5e+10",
					    "\"\"",
					    "true",
					    "null",
					    "{\"a\":[1,{\"b\":false}]}",
					    "\"\\u00fF\\n\\/\"",
					    "[1 , 2\n]",
					    "1E9",
					    "10.01"};
	static const char *const wrong[] = {"",           " ",       "{",
					    "[1,]",       "{,}",     "{\"a\"}",
					    "{\"a\":}",   "01",      "1.",
					    ".5",         "-",       "+1",
					    "1e",         "tru",     "truex",
					    "\"",         "\"\\x\"", "\"\\u12g4\"",
					    "[}",         "{]",      "1 2",
					    "{a:1}",      "\"\n\"",  "[1 2]",
					    "{\"a\":1,}", "nul",     "[\"a\" \"b\"]",
					    "]"};
	char deep[400];

	(void)state;
	for (size_t i = 0; i < sizeof(sound) / sizeof(*sound); i++)
		assert_true(ts_scan_text(text_of(sound[i])));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(ts_scan_text(text_of(wrong[i])));
	for (size_t n = TS_SCAN_DEPTH; n <= TS_SCAN_DEPTH + 1; n++) {
		memset(deep, '[', n);
		memset(deep + n, ']', n);
		assert_int_equal(ts_scan_text((struct ts_text){deep, 2 * n}), n == TS_SCAN_DEPTH);
	}
}

/* --- node ------------------------------------------------------------------------------ */

static void test_values_inside(void **state)
{
	struct ts_text node = text_of("{ \"a\" : {\"b\":[10, \"x,]\" ,{\"c\":null}]}, \"a.b\":1, "
				      "\"n\":-12 ,\"s\":\"q\\\"}\"}");
	struct ts_text inside = ts_node_inside(node), key, value;
	unsigned n = 0;

	(void)state;
	assert_string_equal(shown(ts_node_at(node, "a.b.0")), "10");
	assert_string_equal(shown(ts_node_at(node, "a.b.1")), "\"x,]\"");
	assert_string_equal(shown(ts_node_at(node, "a.b.2.c")), "null");
	assert_string_equal(shown(ts_node_at(node, "a.b.3")), "(none)");
	assert_string_equal(shown(ts_node_at(node, "s")), "\"q\\\"}\"");
	assert_string_equal(shown(ts_node_at(node, "b")), "(none)");
	assert_string_equal(shown(ts_node_at(node, "n.x")), "(none)");
	assert_int_equal(ts_node_integer(ts_node_at(node, "n"), 7), -12);
	assert_int_equal(ts_node_integer(ts_node_at(node, "s"), 7), 7);
	assert_int_equal(ts_node_integer(text_of("1.5"), 7), 7);
	assert_int_equal(ts_node_integer(text_of("12345678901234567890"), 7), 7);
	assert_true(ts_node_equals(text_of("\"ab\""), "ab"));
	assert_false(ts_node_equals(text_of("\"ab\""), "a"));
	while (ts_node_next(&inside, &key, &value))
		n++;
	assert_int_equal(n, 4);
}

static void test_strings(void **state)
{
	struct ts_buffer to = {.memory = &memory};

	(void)state;
	ts_node_unescape(&to, text_of("a\\n\\u00f6\\ud83d\\ude00\\ud83d\\\"\\/\\u0041"));
	assert_string_equal(shown((struct ts_text){to.data, to.bytes}),
			    "a\n\xc3\xb6\xf0\x9f\x98\x80\xef\xbf\xbd\"/A");
	ts_buffer_reset(&to);
	ts_node_escape(&to, text_of("a\n\"\\\x01\xc3\xb6"));
	assert_string_equal(shown((struct ts_text){to.data, to.bytes}),
			    "a\\u000a\\\"\\\\\\u0001\xc3\xb6");
	ts_buffer_reset(&to);
	ts_node_add_clean(&to,
			  text_of("\"\\u0000\\\\u0000\\ud800\\udc00\\ud800x\\udfff\xff\xc3\xb6\""));
	assert_string_equal(
		shown((struct ts_text){to.data, to.bytes}),
		"\"\\u2400\\\\u0000\\ud800\\udc00\\ufffdx\\ufffd\xef\xbf\xbd\xc3\xb6\"");
	ts_buffer_release(&to);
}

/* --- cut ------------------------------------------------------------------------------- */

static void expect_cut(const char *string, size_t bound, const char *wanted)
{
	size_t bytes = strlen(string);

	for (size_t piece = 1; piece <= bytes; piece++) {
		struct ts_buffer to = {.memory = &memory};
		struct ts_cut cut;
		size_t from = 0;

		ts_cut_init(&cut, &memory, bound);
		/* pieces of whole characters */
		for (size_t at = 0; at < bytes;) {
			at += ts_node_character(string + at, bytes - at);
			if (at - from < piece && at < bytes)
				continue;
			ts_cut_add(&cut, (struct ts_text){string + from, at - from});
			from = at;
		}
		ts_cut_print(&cut, &to);
		assert_string_equal(shown((struct ts_text){to.data, to.bytes}), wanted);
		ts_buffer_release(&to);
		ts_cut_release(&cut);
	}
	assert_int_equal(memory.used, 0);
}

static void test_cut_strings(void **state)
{
	(void)state;
	expect_cut("abcdefghijklmnop", 16, "\"abcdefghijklmnop\"");
	expect_cut("abcdefghijklmnopq", 16,
		   "{\"head\":\"abcdefghijkl\",\"tail\":\"nopq\",\"truncated\":17}");
	/* neither end within a character or an escape */
	expect_cut("abcdefghijk\\u00e4lmn\\u00e4p\\n", 16,
		   "{\"head\":\"abcdefghijk\",\"tail\":\"p\\n\",\"truncated\":20}");
	expect_cut("0123456789\\ud83d\\ude00\\\"\xc3\xb6\xc3\xb6", 16,
		   "{\"head\":\"0123456789\",\"tail\":\"\\\"\xc3\xb6\xc3\xb6\",\"truncated\":19}");
}

static void test_no_room(void **state)
{
	struct ts_memory little = {0, 300};
	struct ts_buffer to = {.memory = &memory};
	struct ts_cut cut;
	char many[200];

	(void)state;
	memset(many, 'x', sizeof(many));
	ts_cut_init(&cut, &little, 1000);
	for (int i = 0; i < 10; i++)
		ts_cut_add(&cut, (struct ts_text){many, sizeof(many)});
	ts_cut_print(&cut, &to);
	assert_true(ts_scan_text((struct ts_text){to.data, to.bytes}));
	assert_non_null(strstr(shown((struct ts_text){to.data, to.bytes}),
			       "\"tail\":\"\",\"truncated\":2000}"));
	ts_cut_release(&cut);
	ts_buffer_release(&to);
	assert_int_equal(little.used, 0);
}

/* --- documents ------------------------------------------------------------------------- */

/* The same at all cuts, and sound. */
static const char *document(const char *json, size_t bytes, size_t bound, size_t string)
{
	static char first[1 << 20];
	static const size_t pieces[] = {SIZE_MAX / 2, 1, 2, 3, 17, 1000};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct ts_document document;
		struct ts_text text;

		ts_document_init(&document, &memory, bound, string);
		for (size_t at = 0; at < bytes; at += pieces[i])
			ts_document_add(&document, json + at,
					bytes - at < pieces[i] ? bytes - at : pieces[i]);
		text = ts_document_end(&document);
		assert_true(!text.data || ts_scan_text(text));
		assert_true(text.bytes <= 2 * bound + 200);
		if (!i)
			snprintf(first, sizeof(first), "%s", shown(text));
		assert_string_equal(first, shown(text));
		ts_document_release(&document);
	}
	assert_int_equal(memory.used, 0);
	return first;
}

static void test_short_documents(void **state)
{
	(void)state;
	assert_string_equal(document(" {\"a\" : 1} ", 11, 64, 16), "{\"a\" : 1}");
	assert_string_equal(document("{\"a\" : 1", 8, 64, 16), "(none)");
	assert_string_equal(document("", 0, 64, 16), "(none)");
}

static void test_long_strings(void **state)
{
	static char json[4096];
	int n = sprintf(json, "{\"model\" : \"m\",\"k\":[\"");

	(void)state;
	for (int i = 0; i < 100; i++)
		n += sprintf(json + n, "%d\\n\\u00e4 ", i);
	n += sprintf(json + n, "\", 1], \"stream\": true}");
	assert_string_equal(document(json, (size_t)n, 256, 32),
			    "{\"model\":\"m\",\"k\":[{\"head\":\"0\\n\\u00e4 1\\n\\u00e4 "
			    "2\\n\",\"tail\":\"\\n\\u00e4 \",\"truncated\":590},1],"
			    "\"stream\":true}");
}

/* Of a long list the first and the last; and what follows it. */
static void test_long_lists(void **state)
{
	static char json[65536];
	int n = sprintf(json, "{\"messages\":[");
	const char *made;

	(void)state;
	for (int i = 0; i < 500; i++)
		n += sprintf(json + n, "%s{\"role\":\"user\",\"content\":\"message %d\"}",
			     i ? ", " : "", i);
	n += sprintf(json + n, "],\"model\":\"gpt\",\"options\":{\"a\":[1,2]}}");
	made = document(json, (size_t)n, 1024, 64);
	assert_int_equal(
		strncmp(made,
			"{\"messages\":[{\"role\":\"user\",\"content\":\"message 0\"},{\"role\"",
			58),
		0);
	assert_non_null(strstr(made, "},{\"truncated\":475},{"));
	assert_non_null(
		strstr(made, "\"message 499\"}],\"model\":\"gpt\",\"options\":{\"a\":[1,2]}}"));
	assert_null(strstr(made, "\"message 200\""));
}

/* What is large comes first, and leaves no place but for what is small. */
static void test_usage_behind_much(void **state)
{
	static char json[200000];
	int n = sprintf(json, "{\"type\":\"x\",\"response\":{\"output\":[");
	const char *made;

	(void)state;
	for (int i = 0; i < 300; i++)
		n += sprintf(json + n, "%s[%d,{\"deep\":[1,2,3,4,5,6,7,8,9,10]}]", i ? "," : "", i);
	n += sprintf(json + n, "],\"tools\":{\"large\":[");
	for (int i = 0; i < 5000; i++)
		n += sprintf(json + n, "%s%d", i ? "," : "", i);
	n += sprintf(json + n, "]},\"usage\":{\"input_tokens\":7}},\"model\":\"m\"}");
	made = document(json, (size_t)n, 1024, 64);
	assert_non_null(strstr(made, "\"usage\":{\"input_tokens\":7}"));
	assert_non_null(strstr(made, "\"model\":\"m\""));
	assert_non_null(strstr(made, "{\"truncated\":"));
}

static void test_long_documents_that_are_wrong(void **state)
{
	static char json[5000];

	(void)state;
	memset(json, '[', sizeof(json));
	assert_string_equal(document(json, sizeof(json), 64, 16), "(none)");
	memset(json, '1', sizeof(json));
	assert_string_equal(document(json, sizeof(json), 64, 16), "(none)");
	memset(json, 'k', sizeof(json));
	memcpy(json, "{\"", 2);
	memcpy(json + sizeof(json) - 4, "\":1}", 4);
	assert_string_equal(document(json, sizeof(json), 64, 16), "{\"truncated\":1}");
}

/* Answers of many parts stay within a bound, too. */
static void test_many_parts(void **state)
{
	static char piece[20000];
	struct ts_buffer to = {.memory = &memory};
	struct ts_answer answer;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	piece[0] = piece[sizeof(piece) - 1] = '"';
	ts_answer_init(&answer, &memory, 65536);
	for (uint32_t i = 0; i < 2000; i++)
		ts_answer_piece(&answer, (struct ts_part_key){0, i / 5, TS_PART_TOOL},
				(struct ts_text){piece, sizeof(piece)});
	assert_int_equal(answer.tool_calls, 256);
	ts_answer_finish(&answer, 0, text_of("\"stop\""));
	ts_answer_print(&answer, &to);
	assert_true(ts_scan_text((struct ts_text){to.data, to.bytes}));
	assert_true(to.bytes > 500000 && to.bytes < 800000);
	ts_answer_release(&answer);
	ts_buffer_release(&to);
	assert_int_equal(memory.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_json),
		cmocka_unit_test(test_values_inside),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_cut_strings),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_short_documents),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_usage_behind_much),
		cmocka_unit_test(test_long_documents_that_are_wrong),
		cmocka_unit_test(test_many_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
