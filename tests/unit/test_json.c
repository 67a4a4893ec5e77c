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
					    .thread_name = "wor\xffker",
					    .dropped = dropped};
	assert_int_equal(ts_json_attributes(&f->json, &attributes, &text), 0);
	assert_valid(text);
	assert_string_equal(text, "{\"errno\":2,\"outcome\":\"exec\",\"thread_name\":"
				  "\"wor\xef\xbf\xbdker\",\"dropped\":"
				  "{\"ring_full\":12,\"end\":18446744073709551615}}");
	attributes = (struct ts_attributes){
		.stack = (const char *const[]){"a \"b\"+0x1 (c)", "main"}, .n_stack = 2};
	assert_int_equal(ts_json_attributes(&f->json, &attributes, &text), 0);
	assert_valid(text);
	assert_string_equal(text, "{\"stack\":[\"a \\\"b\\\"+0x1 (c)\",\"main\"]}");
}

/* --- running out of memory ------------------------------------------------------------- */

static int allowed;

static void *limited_malloc(size_t bytes)
{
	return allowed-- > 0 ? malloc(bytes) : NULL;
}

static void test_no_memory(void **state)
{
	struct fixture *f = *state;
	cJSON_Hooks hooks = {limited_malloc, free};
	int result = -ENOMEM, n = 0;

	record_value(&f->record, 0, TS_VALUE_STRING, "\xff", 1);
	record_cut(&f->record, 1, "\xff", 1, "\xff", 1, 5);
	cJSON_InitHooks(&hooks);
	for (; result && n < 100; n++) {
		const char *text = "x";

		allowed = n;
		result = ts_json_input(&f->json, ts_event_values(&f->record.event), &thunk, &text);
		assert_true(result == 0 || (result == -ENOMEM && !text));
	}
	cJSON_InitHooks(NULL);
	assert_in_range(n, 10, 99);
}

/* --- at random ------------------------------------------------------------------------- */

static void random_value(struct fixture *f, uint16_t param)
{
	static const char alphabet[] =
		"\"\"\"::,,{}[]\\\\ \n\t0u7password\xc3\xa9\xe2\x82\xac\xff\x80";
	char text[300];
	size_t bytes = (size_t)rand() % sizeof(text), head = bytes ? (size_t)rand() % bytes : 0;
	uint64_t word = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
	int type = 1 + rand() % 11;

	for (size_t i = 0; i < bytes; i++)
		text[i] = alphabet[(size_t)rand() % sizeof(alphabet)];
	if (type == TS_VALUE_STRING)
		record_value(&f->record, param, TS_VALUE_STRING, text, bytes);
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
		random_value(f, 0);
		random_value(f, 1);
		assert_non_null(input(f));
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
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_values, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
