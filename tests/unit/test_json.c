// SPDX-License-Identifier: Apache-2.0
/* Captured values -> JSON: every shape, and valid JSON whatever the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <sys/resource.h>

#include "runtime/log/dictionary.h"
#include "runtime/assemble/json.h"
#include "runtime/assemble/redact.h"
#include "runtime/text.h"
#include "spool_builder.h"

static const char *const params[] = {"text", "other"};
static const struct ts_thunk thunk = {.name = "t", .n_params = 2, .params = params};

struct fixture {
	struct ts_pool pool;
	struct ts_redact *redact;
	struct ts_json json;
	struct record record;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(ts_redact_new(&f->redact, "password, api_key ,token"), 0);
	f->json = (struct ts_json){.redact = f->redact, .pool = &f->pool};
	record_begin(&f->record, TS_BEGIN_TRACE, 1, 0, 0, 0, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ts_pool_release(&f->pool);
	ts_pool_release(&f->json.scratch);
	ts_redact_free(f->redact);
	free(f);
	return 0;
}

/* Another judge than the code under test. */
static bool is_utf8(const char *text)
{
	static uint32_t wide[1 << 20];
	iconv_t to = iconv_open("UCS-4", "UTF-8");
	char *in = (char *)text, *out = (char *)wide;
	size_t in_bytes = strlen(text), out_bytes = sizeof(wide);
	bool good = iconv(to, &in, &in_bytes, &out, &out_bytes) != (size_t)-1 && !in_bytes;

	iconv_close(to);
	return good;
}

static void assert_valid(const char *text)
{
	cJSON *parsed = cJSON_Parse(text);

	if (!parsed || !is_utf8(text))
		print_error("not valid: %s\n", text);
	assert_non_null(parsed);
	assert_true(is_utf8(text));
	assert_null(strstr(text, "\\u0000"));
	cJSON_Delete(parsed);
}

/* The input of what was put into the record, which is emptied. */
static const char *input(struct fixture *f)
{
	const char *text;

	assert_int_equal(ts_event_check(&f->record, sizeof(f->record)), f->record.event.bytes);
	assert_int_equal(ts_json_input(&f->json, ts_event_values(&f->record.event), &thunk, &text),
			 0);
	assert_int_equal(f->json.scratch.used, 0);
	if (text)
		assert_valid(text);
	record_begin(&f->record, TS_BEGIN_TRACE, 1, 0, 0, 0, 0);
	return text;
}

static const char *string_of(struct fixture *f, const void *data, size_t bytes)
{
	record_value(&f->record, 0, TS_VALUE_STRING, data, bytes);
	return input(f);
}

static const char *cut_of(struct fixture *f, const char *head, const char *tail)
{
	record_cut(&f->record, 0, head, strlen(head), tail, strlen(tail), 99999);
	return input(f);
}

static void test_nothing_captured_is_null(void **state)
{
	const char *text = "x";

	assert_null(input(*state));
	assert_int_equal(
		ts_json_output(&((struct fixture *)*state)->json, (struct ts_values){0}, &text), 0);
	assert_null(text);
}

static void test_output_is_named_result(void **state)
{
	struct fixture *f = *state;
	const char *text;

	record_end(&f->record, 1, 0, TS_OUTCOME_OK, 0, 0);
	record_int(&f->record, TS_PARAM_RESULT, -1);
	assert_int_equal(ts_json_output(&f->json, ts_event_values(&f->record.event), &text), 0);
	assert_string_equal(text, "{\"result\":-1}");
	assert_int_equal(ts_json_input(&f->json, ts_event_values(&f->record.event), &thunk, &text),
			 0);
	assert_null(text);
}

static void test_unknown_thunk_numbers_its_arguments(void **state)
{
	struct fixture *f = *state;
	const char *text;

	record_int(&f->record, 0, 1);
	record_int(&f->record, 7, 2);
	assert_int_equal(ts_json_input(&f->json, ts_event_values(&f->record.event), NULL, &text),
			 0);
	assert_string_equal(text, "{\"arg0\":1,\"arg7\":2}");
}

static void test_plain_values(void **state)
{
	struct fixture *f = *state;
	uint64_t one = 1, zero = 0, address = 42;

	record_string(&f->record, 0, "say \"hi\"\n\x01\x7f");
	record_value(&f->record, 1, TS_VALUE_NULL, NULL, 0);
	assert_string_equal(input(f), "{\"text\":\"say \\\"hi\\\"\\n\\u0001\x7f\",\"other\":null}");
	record_value(&f->record, 0, TS_VALUE_BOOL, &one, 8);
	record_value(&f->record, 1, TS_VALUE_BOOL, &zero, 8);
	assert_string_equal(input(f), "{\"text\":true,\"other\":false}");
	record_value(&f->record, 0, TS_VALUE_UNREADABLE, &address, 8);
	record_value(&f->record, 1, TS_VALUE_REDACTED, NULL, 0);
	assert_string_equal(input(f),
			    "{\"text\":{\"unreadable\":\"0x2a\"},\"other\":\"[redacted]\"}");
	assert_string_equal(string_of(f, "", 0), "{\"text\":\"\"}");
}

static void test_integers_keep_all_bits(void **state)
{
	struct fixture *f = *state;
	uint64_t most = UINT64_MAX;

	record_int(&f->record, 0, INT64_MIN);
	record_value(&f->record, 1, TS_VALUE_UINT, &most, 8);
	assert_string_equal(input(f),
			    "{\"text\":-9223372036854775808,\"other\":18446744073709551615}");
	record_int(&f->record, 0, INT64_MAX);
	record_int(&f->record, 1, 9007199254740993);
	assert_string_equal(input(f), "{\"text\":9223372036854775807,\"other\":9007199254740993}");
}

static void test_characters(void **state)
{
	struct fixture *f = *state;

	for (unsigned byte = 0; byte < 256; byte++) {
		uint64_t payload = byte;
		const char *text;
		char wanted[64];

		record_value(&f->record, 0, TS_VALUE_CHAR, &payload, 8);
		text = input(f);
		if (byte == 0 || byte >= 0x80)
			snprintf(wanted, sizeof(wanted), "{\"text\":%u}", byte);
		else if (byte == 'A')
			snprintf(wanted, sizeof(wanted), "{\"text\":\"A\"}");
		else
			continue;
		assert_string_equal(text, wanted);
	}
}

static const char *double_of(struct fixture *f, double value)
{
	record_value(&f->record, 0, TS_VALUE_DOUBLE, &value, 8);
	return input(f);
}

static const char *float_of(struct fixture *f, float value)
{
	uint64_t payload = 0;

	memcpy(&payload, &value, sizeof(value));
	record_value(&f->record, 0, TS_VALUE_FLOAT, &payload, 8);
	return input(f);
}

static void test_floating_point(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(double_of(f, 0.1), "{\"text\":0.1}");
	assert_string_equal(double_of(f, 0.1 + 0.2), "{\"text\":0.30000000000000004}");
	assert_string_equal(double_of(f, 1e300), "{\"text\":1e+300}");
	assert_string_equal(double_of(f, 5e-324), "{\"text\":5e-324}");
	assert_string_equal(double_of(f, 1.7976931348623157e308),
			    "{\"text\":1.7976931348623157e+308}");
	assert_string_equal(double_of(f, -0.0), "{\"text\":-0}");
	assert_string_equal(double_of(f, NAN), "{\"text\":\"NaN\"}");
	assert_string_equal(double_of(f, INFINITY), "{\"text\":\"Infinity\"}");
	assert_string_equal(double_of(f, -INFINITY), "{\"text\":\"-Infinity\"}");
	assert_string_equal(float_of(f, 0.1f), "{\"text\":0.1}");
	assert_string_equal(float_of(f, 16777216.0f), "{\"text\":16777216}");
	assert_string_equal(float_of(f, 3.4028235e38f), "{\"text\":3.4028235e+38}");
	assert_string_equal(float_of(f, 1e-45f), "{\"text\":1e-45}");
	assert_string_equal(float_of(f, NAN), "{\"text\":\"NaN\"}");
}

/* Locales whose decimal point is not '.', if one is there; ps_AF's has two bytes. */
static void test_the_programs_locale_does_not_matter(void **state)
{
	static const char *const names[] = {"ps_AF.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8"};
	struct fixture *f = *state;
	double value = 1234.5;
	const char *text = "";
	int tried = 0;

	record_value(&f->record, 0, TS_VALUE_DOUBLE, &value, 8);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!setlocale(LC_ALL, names[i]))
			continue;
		tried++;
		ts_json_input(&f->json, ts_event_values(&f->record.event), &thunk, &text);
		setlocale(LC_ALL, "C");
		assert_string_equal(text, "{\"text\":1234.5}");
	}
	if (!tried)
		skip();
}

static void test_repaired_strings_say_so(void **state)
{
	struct fixture *f = *state;
	size_t repaired;

	assert_string_equal(string_of(f, "a\0b", 3), "{\"text\":{\"text\":\"a\xe2\x90\x80"
						     "b\",\"repaired\":1}}");
	assert_string_equal(string_of(f, "\xff", 1),
			    "{\"text\":{\"text\":\"\xef\xbf\xbd\",\"repaired\":1}}");
	assert_string_equal(string_of(f, "\xc3\xa9", 2), "{\"text\":\"\xc3\xa9\"}");
	/* overlong '/', surrogate (CESU-8), above U+10FFFF, a lone lead */
	assert_non_null(strstr(string_of(f, "\xc0\xaf", 2), "\"repaired\":2"));
	assert_non_null(strstr(string_of(f, "\xe0\x80\xaf", 3), "\"repaired\":3"));
	assert_non_null(strstr(string_of(f, "\xed\xa0\xbd\xed\xb8\x80", 6), "\"repaired\":6"));
	assert_non_null(strstr(string_of(f, "\xf4\x90\x80\x80", 4), "\"repaired\":4"));
	assert_non_null(strstr(string_of(f, "\xe2\x82", 2), "\"repaired\":2"));
	assert_non_null(strstr(string_of(f, "\xf0\x80\x80\xaf", 4), "\"repaired\":4"));
	assert_string_equal(string_of(f, "\xf4\x8f\xbf\xbf\xee\x80\x80", 7),
			    "{\"text\":\"\xf4\x8f\xbf\xbf\xee\x80\x80\"}");
	/* nine plain bytes and one that is not: behind the first word */
	assert_non_null(strstr(string_of(f, "123456789\x80", 10), "\"repaired\":1"));
	assert_non_null(strstr(string_of(f, "12345678\0", 9), "\"repaired\":1"));
	assert_non_null(strstr(string_of(f, "1234567\0", 8), "\"repaired\":1"));
	/* a character that goes on behind the text */
	ts_text_clean(&f->pool, (struct ts_text){"\xe2\x82\xac", 2}, &repaired);
	assert_int_equal(repaired, 2);
}

static void test_any_pair_of_bytes_gives_valid_json(void **state)
{
	struct fixture *f = *state;

	for (unsigned first = 0; first < 256; first++) {
		unsigned char bytes[256 * 3];

		for (unsigned second = 0; second < 256; second++) {
			bytes[3 * second] = (unsigned char)first;
			bytes[3 * second + 1] = (unsigned char)second;
			bytes[3 * second + 2] = second % 2 ? 0xbf : 'x';
		}
		string_of(f, bytes, sizeof(bytes));
		ts_pool_reset(&f->pool);
	}
}

static void test_cut_strings(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(cut_of(f, "begin", "end"),
			    "{\"text\":{\"head\":\"begin\",\"tail\":\"end\",\"truncated\":99999}}");
	assert_string_equal(cut_of(f, "{\"token\":\"ab", "cd\"}"),
			    "{\"text\":{\"head\":\"{\\\"token\\\":\\\"[redacted]\\\"\","
			    "\"tail\":\"[redacted]\\\"}\",\"truncated\":99999}}");
	record_cut(&f->record, 0, "a\xff", 2, "\0b", 2, 7);
	assert_string_equal(input(f),
			    "{\"text\":{\"head\":\"a\xef\xbf\xbd\",\"tail\":\"\xe2\x90\x80"
			    "b\",\"truncated\":7,\"repaired\":2}}");
}

/* Wherever the shim cuts, whole characters are left, and none is called repaired. */
static void test_every_cut_position(void **state)
{
	static const char text[] =
		"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z\xf0\x9f\x98\x80\xc3\xa9q";
	struct fixture *f = *state;
	size_t bytes = sizeof(text) - 1;

	for (size_t head = 0; head <= bytes; head++) {
		for (size_t tail = 0; tail <= bytes; tail++) {
			const char *json;

			record_cut(&f->record, 0, text, head, text + bytes - tail, tail, 1000);
			json = input(f);
			assert_null(strstr(json, "repaired"));
			assert_null(strstr(json, "\xef\xbf\xbd"));
		}
		ts_pool_reset(&f->pool);
	}
}

static void test_attributes(void **state)
{
	struct fixture *f = *state;
	uint64_t dropped[TS_LOST_COUNT] = {[TS_LOST_RING_FULL] = 12, [TS_LOST_END] = UINT64_MAX};
	struct ts_attributes attributes = {0};
	const char *text = "x";

	assert_int_equal(ts_json_attributes(&f->json, &attributes, &text), 0);
	assert_null(text);
	attributes = (struct ts_attributes){.error_number = 2,
					    .outcome = "exec",
					    .streamed = true,
					    .time_to_first_ms = 41.25,
					    .thread_name = "wor\xffker",
					    .dropped = dropped};
	assert_int_equal(ts_json_attributes(&f->json, &attributes, &text), 0);
	assert_valid(text);
	assert_string_equal(
		text,
		"{\"errno\":2,\"outcome\":\"exec\",\"time_to_first_ms\":41.25,\"thread_name\":"
		"\"wor\xef\xbf\xbdker\",\"dropped\":"
		"{\"ring_full\":12,\"end\":18446744073709551615}}");
	attributes = (struct ts_attributes){
		.stack = (const char *const[]){"a \"b\"+0x1 (c)", "main"}, .n_stack = 2};
	assert_int_equal(ts_json_attributes(&f->json, &attributes, &text), 0);
	assert_valid(text);
	assert_string_equal(text, "{\"stack\":[\"a \\\"b\\\"+0x1 (c)\",\"main\"]}");
}

/* --- lists and objects ----------------------------------------------------------------- */

/*
 * Puts a value that is written so: [...] a list, {...} an object of which every other one is a key, "text" or `text`
 * a string, 'head|tail' one that was cut, of 20 bytes, <name> an opaque one, +N so many left out, N an integer, n a
 * null pointer, r what was redacted. Answers what follows it.
 */
static const char *put_value(struct record *record, uint16_t param, const char *text)
{
	char ends[2] = {*text == '<' ? '>' : *text, 0};
	size_t bytes = strcspn(text + 1, ends);
	const char *bar = memchr(text, '|', bytes + 1);
	uint64_t number = strtoull(text + 1, NULL, 10);
	uint32_t open;

	switch (*text) {
	case '[':
	case '{':
		open = record_open(record, param, *text == '[' ? TS_VALUE_LIST : TS_VALUE_OBJECT);
		for (text++; *text != ']' && *text != '}'; text += strspn(text, " "))
			text = put_value(record, 0, text);
		record_close(record, open);
		return text + 1;
	case '"':
	case '`':
	case '<':
		record_value(record, param, *text == '<' ? TS_VALUE_OPAQUE : TS_VALUE_STRING,
			     text + 1, bytes);
		return text + bytes + 2;
	case '\'':
		record_cut(record, param, text + 1, (size_t)(bar - text - 1), bar + 1,
			   (size_t)(text + bytes - bar), 20);
		return text + bytes + 2;
	case '+':
		record_value(record, param, TS_VALUE_OMITTED, &number, 8);
		return text + 1 + strspn(text + 1, "0123456789");
	case 'n':
	case 'r':
		record_value(record, param, *text == 'n' ? TS_VALUE_NULL : TS_VALUE_REDACTED, NULL,
			     0);
		return text + 1;
	default:
		record_int(record, param, strtoll(text, NULL, 10));
		return text + strspn(text, "-0123456789");
	}
}

/* What is written so becomes this JSON. */
static void becomes(struct fixture *f, const char *value, const char *json)
{
	char wanted[1024];

	assert_string_equal(put_value(&f->record, 0, value), "");
	snprintf(wanted, sizeof(wanted), "{\"text\":%s}", json);
	assert_string_equal(input(f), wanted);
}

static void test_lists_and_objects(void **state)
{
	struct fixture *f = *state;

	becomes(f, "[]", "[]");
	becomes(f, "{}", "{}");
	becomes(f, "[1 \"two\" n [] {} [3 [-4]] r]",
		"[1,\"two\",null,[],{},[3,[-4]],\"[redacted]\"]");
	becomes(f, "{\"role\" \"user\" \"parts\" [{\"n\" 1} {\"n\" 2}] \"\" {}}",
		"{\"role\":\"user\",\"parts\":[{\"n\":1},{\"n\":2}],\"\":{}}");
	becomes(f, "{\"a\" 1 \"a\" [] \"a\" 1}", "{\"a\":1,\"a\":[],\"a\":1}");
	becomes(f, "<bot.agents.Trainer>", "\"<bot.agents.Trainer>\"");
	becomes(f, "[<a\xff\"b> <>]", "[\"<a\xef\xbf\xbd\\\"b>\",\"<>\"]");
}

static void test_strings_inside_are_as_outside(void **state)
{
	struct fixture *f = *state;

	becomes(f, "[\"a\xff\" '\xc3\xa9\xc3|\xa9x']",
		"[{\"text\":\"a\xef\xbf\xbd\",\"repaired\":1},"
		"{\"head\":\"\xc3\xa9\",\"tail\":\"x\",\"truncated\":20}]");
	becomes(f, "{\"say\\\\n\xff\" 1 'be\xc3|\xa9gin' 2}",
		"{\"say\\\\\\\\n\xef\xbf\xbd\":1,\"be\xe2\x80\xa6gin\":2}");
}

static void test_what_was_left_out(void **state)
{
	struct fixture *f = *state;

	becomes(f, "[1 +7]", "[1,{\"truncated\":7}]");
	becomes(f, "{\"a\" 1 +7}", "{\"a\":1,\"truncated\":7}");
	becomes(f, "{\"a\" 1 \"\" +18446744073709551615}",
		"{\"a\":1,\"truncated\":18446744073709551615}");
	becomes(f, "[{+1} [+2] {\"truncated\" 1 +3}]",
		"[{\"truncated\":1},[{\"truncated\":2}],{\"truncated\":1,\"truncated\":3}]");
	becomes(f, "+3", "{\"truncated\":3}");
}

static void test_names_are_redacted_at_every_depth(void **state)
{
	struct fixture *f = *state;

	becomes(f, "{\"password\" \"x\" \"user\" \"y\"}",
		"{\"password\":\"[redacted]\",\"user\":\"y\"}");
	becomes(f, "[[{\"a\" {\"Api_Key\" [1 {\"b\" 2} +4] \"TOKEN\" n \"tokens\" 5}}]]",
		"[[{\"a\":{\"Api_Key\":\"[redacted]\",\"TOKEN\":\"[redacted]\",\"tokens\":5}}]]");
	becomes(f, "{\"pass\\u0077ord\" 1 \"password\" 2 \"password\" {}}",
		"{\"pass\\\\u0077ord\":\"[redacted]\",\"password\":\"[redacted]\","
		"\"password\":\"[redacted]\"}");
	/* a name is nothing without a value, nor as one */
	becomes(f, "[\"password\" \"x\" {\"a\" \"token\"}]",
		"[\"password\",\"x\",{\"a\":\"token\"}]");
	/* JSON inside strings, and in keys */
	becomes(f, "[`{\"token\":1}` {`{\"token\":1}` `\\\"token\\\":1`}]",
		"[\"{\\\"token\\\":\\\"[redacted]\\\"}\","
		"{\"{\\\"token\\\":\\\"[redacted]\\\"}\":"
		"\"\\\\\\\"token\\\\\\\":\\\\\\\"[redacted]\\\\\\\"\"}]");
}

/* As much of a key as is known may be one to redact, if its length is. */
static void test_cut_names_are_redacted(void **state)
{
	struct fixture *f = *state;

	ts_redact_free(f->redact);
	assert_int_equal(ts_redact_new(&f->redact, "openrouter_admin_key,short"), 0);
	f->json.redact = f->redact;
	becomes(f, "{'openrou|key' 1}", "{\"openrou\xe2\x80\xa6key\":\"[redacted]\"}");
	becomes(f, "{'Open|' 1}", "{\"Open\xe2\x80\xa6\":\"[redacted]\"}");
	becomes(f, "{'|' [1]}", "{\"\xe2\x80\xa6\":\"[redacted]\"}");
	becomes(f, "{'openrou|keys' 1 'closer|key' 2 'short|' 3}",
		"{\"openrou\xe2\x80\xa6keys\":1,\"closer\xe2\x80\xa6key\":2,"
		"\"short\xe2\x80\xa6\":3}");
}

static void test_as_deep_as_it_may_be(void **state)
{
	struct fixture *f = *state;
	const char *json;

	assert_string_equal(put_value(&f->record, 0,
				      "[[[[[[[[{\"a\" {\"b\" {\"c\" {\"d\" {\"e\" {\"f\" "
				      "{\"g\" [\"\xff\"]}}}}}}}]]]]]]]]"),
			    "");
	json = input(f);
	assert_string_equal(json,
			    "{\"text\":[[[[[[[[{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":[{"
			    "\"text\":\"\xef\xbf\xbd\",\"repaired\":1}]}}}}}}}]]]]]]]]}");
}

/* What there is room for in an event: the text is never longer than was thought. */
static void test_wide_lists(void **state)
{
	static const char *const members[] = {
		"n",
		"[]",
		"{}",
		"-1000000000000000000",
		"\"\xff\"",
		"{\"\" +1}",
		"\"\x01\x01\x01\x01\x01\x01\x01\x01"
		"\x01\x01\x01\x01\x01\x01\x01\x01"
		"\x01\x01\x01\x01\x01\x01\x01\x01"
		"\x01\x01\x01\x01\x01\x01\x01\x01\"",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		uint32_t list = record_open(&f->record, 0, TS_VALUE_LIST);
		cJSON *json;

		while (f->record.event.bytes < sizeof(f->record) - 32)
			put_value(&f->record, 0, members[i]);
		record_close(&f->record, list);
		json = cJSON_Parse(input(f));
		assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(json, "text")) > 2000);
		cJSON_Delete(json);
		ts_pool_reset(&f->pool);
	}
}

/* --- running out of memory ------------------------------------------------------------- */

/* No more chunks for pools; a stack may still grow a little. */
static struct rlimit let_no_memory(void)
{
	struct rlimit before, none;
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages;

	assert_int_equal(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none = before;
	none.rlim_cur = (pages + 8) * 4096;
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	return before;
}

/* Leaves `bytes` bytes in a pool that gets no more. */
static void leave(struct ts_pool *pool, size_t bytes)
{
	while (ts_pool_alloc(pool, 16))
		;
	pool->used -= bytes;
}

static void test_no_memory(void **state)
{
	struct fixture *f = *state;
	int result = -ENOMEM;
	size_t n = 0;

	put_value(&f->record, 0, "[{\"k\xff\" \"\xff\"} 'a\xff|b' <type> 5 +1]");
	put_value(&f->record, 1, "`{\"token\":1}`");
	assert_non_null(ts_pool_alloc(&f->pool, 1));
	for (; result && n < 1000; n++) {
		const char *text = "x";
		struct rlimit before;

		assert_non_null(ts_pool_alloc(&f->json.scratch, 1));
		before = let_no_memory();
		leave(&f->json.scratch, 16 * n);
		result = ts_json_input(&f->json, ts_event_values(&f->record.event), &thunk, &text);
		assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
		assert_true(result == 0 || (result == -ENOMEM && !text));
		assert_int_equal(f->json.scratch.used, 0);
	}
	assert_in_range(n, 50, 999);
}

static void test_no_memory_for_the_text(void **state)
{
	struct fixture *f = *state;
	struct rlimit before;
	const char *text;
	int result;

	put_value(&f->record, 0, "[1 2 3]");
	assert_non_null(ts_pool_alloc(&f->pool, 1));
	assert_non_null(ts_pool_alloc(&f->json.scratch, 1));
	ts_pool_reset(&f->json.scratch);
	before = let_no_memory();
	leave(&f->pool, 16);
	result = ts_json_input(&f->json, ts_event_values(&f->record.event), &thunk, &text);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(result, -ENOMEM);
	assert_null(text);
}

/* --- at random ------------------------------------------------------------------------- */

static void random_value(struct fixture *f, uint16_t param, int depth);

static void random_key(struct fixture *f)
{
	if (rand() % 2)
		record_string(&f->record, 0, "pass\xff\"");
	else
		record_cut(&f->record, 0, "pas\xc3", 4, "\xa9", 1, 7);
}

/* The `depth`th list or object inside each other, of up to three; an object has something to hide. */
static void random_nest(struct fixture *f, uint16_t param, enum ts_value_type type, int depth)
{
	uint32_t open = record_open(&f->record, param, type), hidden;

	for (int n = rand() % 4; n; n--) {
		if (type == TS_VALUE_OBJECT)
			random_key(f);
		random_value(f, 0, depth + 1);
	}
	if (type == TS_VALUE_OBJECT && depth < TS_MAX_NESTING) {
		record_string(&f->record, 0, "Password");
		hidden = record_open(&f->record, 0, TS_VALUE_LIST);
		record_string(&f->record, 0, "secret");
		random_value(f, 0, depth + 2);
		record_close(&f->record, hidden);
	}
	record_close(&f->record, open);
}

static void random_value(struct fixture *f, uint16_t param, int depth)
{
	static const char alphabet[] =
		"\"\"\"::,,{}[]\\\\ \n\t0u7password\xc3\xa9\xe2\x82\xac\xff\x80";
	char text[300];
	size_t bytes = (size_t)rand() % sizeof(text), head = bytes ? (size_t)rand() % bytes : 0;
	uint64_t word = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
	int type = 1 + rand() % (depth > TS_MAX_NESTING ? TS_VALUE_REDACTED : TS_VALUE_OMITTED);

	if (depth <= TS_MAX_NESTING && rand() % 3 == 0)
		type = rand() % 2 ? TS_VALUE_LIST : TS_VALUE_OBJECT;
	for (size_t i = 0; i < bytes; i++)
		text[i] = alphabet[(size_t)rand() % sizeof(alphabet)];
	if (type == TS_VALUE_LIST || type == TS_VALUE_OBJECT)
		random_nest(f, param, (enum ts_value_type)type, depth);
	else if (type == TS_VALUE_STRING || type == TS_VALUE_OPAQUE)
		record_value(&f->record, param, (enum ts_value_type)type, text, bytes);
	else if (type == TS_VALUE_CUT)
		record_cut(&f->record, param, text, head, text + head, bytes - head, word);
	else if (type == TS_VALUE_NULL || type == TS_VALUE_REDACTED)
		record_value(&f->record, param, (enum ts_value_type)type, NULL, 0);
	else
		record_value(&f->record, param, (enum ts_value_type)type, &word, 8);
}

static void test_random_values(void **state)
{
	struct fixture *f = *state;

	srand(20240117);
	for (int i = 0; i < 5000; i++) {
		random_value(f, 0, 1);
		random_value(f, 1, 1);
		assert_null(strstr(input(f), "secret"));
		ts_pool_reset(&f->pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_captured_is_null, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_output_is_named_result, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_thunk_numbers_its_arguments, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_plain_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_integers_keep_all_bits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_characters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_floating_point, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_programs_locale_does_not_matter, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_repaired_strings_say_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_any_pair_of_bytes_gives_valid_json, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_cut_strings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_cut_position, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_attributes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lists_and_objects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_strings_inside_are_as_outside, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_was_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names_are_redacted_at_every_depth, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_cut_names_are_redacted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_as_deep_as_it_may_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wide_lists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory_for_the_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_values, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
