// SPDX-License-Identifier: Apache-2.0
/* fails if: conditions, and the results they can be asked of. */

#include "prototype_fixture.h"

#define EXPECTED_CONDITION "expected '< 0', 'NULL', '!= 0' or 'false'"

static const struct {
	const char *text, *result;
	enum ts_fails fails;
} good_fails[] = {
	{"fails if < 0", "int", TS_FAILS_BELOW_ZERO},
	{"  fails\tif   <0 ", "long", TS_FAILS_BELOW_ZERO},
	{"fails if < 0", "ssize_t", TS_FAILS_BELOW_ZERO},
	{"fails if < 0", "signed char", TS_FAILS_BELOW_ZERO},
	{"fails if < 0", "enum x", TS_FAILS_BELOW_ZERO},
	{"fails if NULL", "char *", TS_FAILS_NULL},
	{"fails if NULL", "string", TS_FAILS_NULL},
	{"fails if NULL", "void *", TS_FAILS_NULL},
	{"fails if NULL", "PGresult **", TS_FAILS_NULL},
	{"fails if != 0", "int", TS_FAILS_NOT_ZERO},
	{"fails if !=0", "unsigned", TS_FAILS_NOT_ZERO},
	{"fails if ! = 0", "bool", TS_FAILS_NOT_ZERO},
	{"fails if != 0", "char", TS_FAILS_NOT_ZERO},
	{"fails if false", "bool", TS_FAILS_FALSE},
	{"fails if false", "int", TS_FAILS_FALSE},
	{"fails if false", "uint8_t", TS_FAILS_FALSE},
};

static const struct {
	const char *text, *result;
	uint32_t column;
	const char *message;
} bad_fails[] = {
	{"", "int", 1, "expected 'fails if', found the end"},
	{"fail if < 0", "int", 1, "expected 'fails if', found 'fail'"},
	{" fails < 0", "int", 8, "expected 'fails if', found '<'"},
	{"fails if", "int", 9, EXPECTED_CONDITION " after 'fails if'"},
	{"fails if > 0", "int", 10, EXPECTED_CONDITION ", found '> 0'"},
	{"fails if < 1", "int", 10, EXPECTED_CONDITION ", found '< 1'"},
	{"fails if null", "char *", 10, EXPECTED_CONDITION ", found 'null' (did you mean 'NULL'?)"},
	{"fails if flase", "bool", 10,
	 EXPECTED_CONDITION ", found 'flase' (did you mean 'false'?)"},
	{"fails if < 0 or so", "int", 14, "expected the end of the line, found 'or'"},
	{"fails if NULL", "int", 10,
	 "'fails if NULL' needs a function that returns a pointer, this one returns 'int'"},
	{"fails if NULL", "void", 10,
	 "'fails if NULL' needs a function that returns a pointer, this one returns 'void'"},
	{"fails if NULL", "__int128", 10,
	 "'fails if NULL' needs a function that returns a pointer, this one returns '__int128'"},
	{"fails if NULL", "float _Complex", 10,
	 "'fails if NULL' needs a function that returns a pointer, this one returns 'float "
	 "_Complex'"},
	{"fails if < 0", "unsigned int", 10,
	 "'fails if < 0' needs a function that returns a signed integer, this one returns "
	 "'unsigned int'"},
	{"fails if < 0", "char *", 10,
	 "'fails if < 0' needs a function that returns a signed integer, this one returns 'char "
	 "*'"},
	{"fails if < 0", "double", 10,
	 "'fails if < 0' needs a function that returns a signed integer, this one returns "
	 "'double'"},
	{"fails if < 0", "bool", 10,
	 "'fails if < 0' needs a function that returns a signed integer, this one returns 'bool'"},
	{"fails if != 0", "char *", 10,
	 "'fails if != 0' needs a function that returns an integer, a bool or a char, this one "
	 "returns "
	 "'char *'"},
	{"fails if != 0", "float", 10,
	 "'fails if != 0' needs a function that returns an integer, a bool or a char, this one "
	 "returns "
	 "'float'"},
	{"fails if false", "void *", 10,
	 "'fails if false' needs a function that returns a bool or an integer, this one returns "
	 "'void *'"},
	{"fails if false", "char", 10,
	 "'fails if false' needs a function that returns a bool or an integer, this one returns "
	 "'char'"},
	{"fails if < 0", NULL, 10,
	 "'fails if < 0' needs the result's type, which a bare name does not give; write the "
	 "prototype"},
};

static struct ts_param result_of(const char *type, struct ts_arena *arena)
{
	struct ts_prototype proto;
	struct ts_fault fault;
	char text[64];

	snprintf(text, sizeof(text), type ? "%s f(void)" : "f", type);
	assert_int_equal(parse(text, strlen(text), arena, &proto, &fault), 0);
	return proto.result;
}

static void good_conditions(void **state)
{
	for (size_t i = 0; i < sizeof(good_fails) / sizeof(good_fails[0]); i++) {
		struct ts_param result = result_of(good_fails[i].result, *state);
		const char *text = good_fails[i].text;
		enum ts_fails fails = TS_FAILS_NEVER;
		struct ts_fault fault = {.line = 0};
		int r = ts_fails_parse(text, strlen(text), 1, &result, &fails, &fault);

		if (r)
			fail_msg("%s\n%u: %s", text, fault.column, fault.message);
		assert_int_equal(fails, good_fails[i].fails);
	}
}

static void bad_conditions(void **state)
{
	for (size_t i = 0; i < sizeof(bad_fails) / sizeof(bad_fails[0]); i++) {
		struct ts_param result = result_of(bad_fails[i].result, *state);
		const char *text = bad_fails[i].text;
		enum ts_fails fails = TS_FAILS_FALSE;
		struct ts_fault fault;

		assert_int_equal(ts_fails_parse(text, strlen(text), 1, &result, &fails, &fault),
				 -EINVAL);
		assert_string_equal(fault.message, bad_fails[i].message);
		assert_int_equal(fault.column, bad_fails[i].column);
		assert_int_equal(fails, TS_FAILS_FALSE);
		assert_int_equal(ts_fails_parse(text, strlen(text), 1, &result, &fails, NULL),
				 -EINVAL);
	}
}

static void condition_texts(void **state)
{
	(void)state;
	assert_string_equal(ts_fails_text(TS_FAILS_NEVER), "");
	assert_string_equal(ts_fails_text(TS_FAILS_BELOW_ZERO), "< 0");
	assert_string_equal(ts_fails_text(TS_FAILS_NULL), "NULL");
	assert_string_equal(ts_fails_text(TS_FAILS_NOT_ZERO), "!= 0");
	assert_string_equal(ts_fails_text(TS_FAILS_FALSE), "false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_conditions),
		TEST(bad_conditions),
		TEST(condition_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
