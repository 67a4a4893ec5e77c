// SPDX-License-Identifier: Apache-2.0
/* Types of debug information -> prototypes, each of which symbols.conf must take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../preload/system/arena.h"
#include "../../preload/prototype/fault.h"
#include "../../preload/prototype/prototype.h"
#include "../../runtime/command/functions/names.c"
#include "../../runtime/command/functions/prototype.c"

static struct ts_pool pool;

#define BASE(called, coded, size)                                                        \
	{                                                                                \
		.form = TS_FORM_BASE, .name = (called), .encoding = TS_ENCODING_##coded, \
		.bytes = (size)                                                          \
	}
#define OF(how, what)                               \
	{                                           \
		.form = TS_FORM_##how, .of = (what) \
	}
#define NAMED(how, called, what)                                      \
	{                                                             \
		.form = TS_FORM_##how, .name = (called), .of = (what) \
	}

static const struct ts_shape int_shape = BASE("int", SIGNED, 4);
static const struct ts_shape char_shape = BASE("char", SIGNED, 1);
static const struct ts_shape const_char = OF(CONST, &char_shape);
static const struct ts_shape text_shape = OF(POINTER, &const_char);
static const struct ts_shape point_shape = NAMED(STRUCT, "point", NULL);

/* What is written for one parameter, or "" and the note. */
static const char *param_of(enum ts_source_language language, const struct ts_shape *shape,
			    const char **ret_note)
{
	const struct ts_signature_param param = {"x", shape};
	const struct ts_signature signature = {
		.language = language, .result = &int_shape, .params = &param, .n_params = 1};
	const char *written = ts_prototype_write(&signature, "f", &pool, ret_note);

	return written ? written : "";
}

/* The shim takes the text, and has the argument where the ABI has one of `bytes` bytes. */
static void check_taken(const char *text, unsigned bytes)
{
	struct ts_arena arena = {0};
	struct ts_prototype prototype;
	struct ts_fault fault;

	assert_int_equal(ts_prototype_parse(text, strlen(text), 1, &arena, &prototype, &fault), 0);
	assert_int_equal(prototype.n_params, 1);
	assert_int_equal(prototype.params[0].bytes, bytes);
	ts_arena_release(&arena);
}

static void check_param(const struct ts_shape *shape, const char *wanted)
{
	const char *note;

	assert_string_equal(param_of(TS_LANGUAGE_C, shape, &note), wanted);
	assert_null(note);
	check_taken(wanted, shape->bytes);
}

static void each_base_type_is_one_of_symbols_conf(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(bases); i++) {
		const struct ts_shape shape = {.form = TS_FORM_BASE, .name = bases[i].name};
		struct ts_arena arena = {0};
		struct ts_prototype prototype;
		struct ts_fault fault;
		const char *note;
		const char *text = param_of(TS_LANGUAGE_C, &shape, &note);

		assert_int_equal(
			ts_prototype_parse(text, strlen(text), 1, &arena, &prototype, &fault), 0);
		assert_string_equal(prototype.params[0].spelling, bases[i].written);
		ts_arena_release(&arena);
	}
}

static void each_typedef_is_known_by_its_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(typedefs); i++) {
		const struct ts_shape base = {.form = TS_FORM_BASE,
					      .bytes = typedefs[i].bytes,
					      .encoding = typedefs[i].encoding};
		const struct ts_shape shape = NAMED(TYPEDEF, typedefs[i].name, &base);
		const struct ts_shape other = BASE("long double", FLOAT, 16);
		const struct ts_shape liar = NAMED(TYPEDEF, typedefs[i].name, &other);
		const char *note;
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "int f(%s x)", typedefs[i].name);
		assert_string_equal(param_of(TS_LANGUAGE_C, &shape, &note), wanted);
		check_taken(wanted, typedefs[i].bytes);
		/* a program may call another type so */
		assert_string_equal(param_of(TS_LANGUAGE_C, &liar, &note), "int f(long double x)");
	}
}

static void pointers(void **state)
{
	static const struct ts_shape letter = NAMED(TYPEDEF, "letter", &char_shape);
	static const struct ts_shape const_letter = OF(CONST, &letter);
	static const struct ts_shape const_text = OF(CONST, &text_shape);
	static const struct ts_shape nameless = OF(STRUCT, NULL);
	static const struct ts_shape handle = NAMED(TYPEDEF, "handle", &nameless);
	static const struct ts_shape function = OF(OTHER, NULL);
	static const struct ts_shape volatile_int = OF(QUALIFIED, &int_shape);
	const struct {
		const struct ts_shape *to;
		const char *wanted;
	} cases[] = {
		{NULL, "int f(void *x)"},
		{&char_shape, "int f(char *x)"},
		{&const_char, "int f(const char *x)"},
		{&letter, "int f(char *x)"},
		{&const_letter, "int f(const char *x)"},
		{&text_shape, "int f(const char **x)"},
		{&const_text, "int f(const char *const *x)"},
		{&point_shape, "int f(struct point *x)"},
		{&nameless, "int f(void *x)"},
		{&handle, "int f(handle *x)"},
		{&function, "int f(void *x)"},
		{&volatile_int, "int f(int *x)"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct ts_shape shape = {
			.form = TS_FORM_POINTER, .of = cases[i].to, .bytes = 8};

		check_param(&shape, cases[i].wanted);
	}
}

static void enums_are_what_they_are_stored_as(void **state)
{
	const struct {
		struct ts_shape shape;
		const char *wanted;
	} cases[] = {
		{{TS_FORM_ENUM, TS_ENCODING_UNSIGNED, 4, "colour", NULL}, "int f(enum colour x)"},
		{{TS_FORM_ENUM, TS_ENCODING_SIGNED, 4, NULL, NULL}, "int f(int x)"},
		{{TS_FORM_ENUM, TS_ENCODING_UNSIGNED, 1, "tiny", NULL}, "int f(uint8_t x)"},
		{{TS_FORM_ENUM, TS_ENCODING_SIGNED, 8, "huge", NULL}, "int f(long x)"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		check_param(&cases[i].shape, cases[i].wanted);
}

static void what_cannot_be_written_says_why(void **state)
{
	static const struct ts_shape odd = BASE("_Decimal64", OTHER, 8);
	const struct ts_signature returns = {.result = &point_shape};
	const char *note;

	(void)state;
	assert_string_equal(param_of(TS_LANGUAGE_C, &point_shape, &note), "int f()");
	assert_string_equal(note, "up to x, a struct point by value");
	assert_string_equal(param_of(TS_LANGUAGE_C, &odd, &note), "int f()");
	assert_string_equal(note, "up to x, a type _Decimal64 by value");
	assert_string_equal(param_of(TS_LANGUAGE_CPLUSPLUS, &point_shape, &note), "");
	assert_string_equal(note, "it takes a class point by value");
	assert_string_equal(param_of(TS_LANGUAGE_OTHER, &int_shape, &note), "");
	assert_string_equal(note, "neither C nor C++");
	assert_null(ts_prototype_write(&returns, "f", &pool, &note));
	assert_string_equal(note, "it returns a struct point by value");
}

/* Damaged debug information may be a ring. */
static void a_ring_of_types_ends(void **state)
{
	struct ts_shape one = NAMED(TYPEDEF, "one", NULL);
	struct ts_shape two = OF(CONST, &one);
	struct ts_shape endless = OF(POINTER, NULL);
	const char *note;

	(void)state;
	one.of = &two;
	endless.of = &endless;
	assert_string_equal(param_of(TS_LANGUAGE_C, &one, &note), "int f()");
	assert_non_null(param_of(TS_LANGUAGE_C, &endless, &note));
}

static void no_more_than_a_rule_can_have(void **state)
{
	struct ts_signature_param params[TS_MAX_PARAMS + 1];
	struct ts_signature signature = {.params = params, .n_params = TS_MAX_PARAMS + 1};
	struct ts_arena arena = {0};
	struct ts_prototype prototype;
	struct ts_fault fault;
	const char *note;
	const char *text;

	(void)state;
	for (size_t i = 0; i <= TS_MAX_PARAMS; i++)
		params[i] = (struct ts_signature_param){NULL, &int_shape};
	text = ts_prototype_write(&signature, "f", &pool, &note);
	assert_string_equal(note, "the first 32 parameters");
	assert_int_equal(ts_prototype_parse(text, strlen(text), 1, &arena, &prototype, &fault), 0);
	assert_int_equal(prototype.n_params, TS_MAX_PARAMS);
	ts_arena_release(&arena);
}

static void keys(void **state)
{
	static const char *const cases[][2] = {
		{"run", "run"},
		{"bot::Memory::run", "Memory.run"},
		{"Stack<std::pair<int, int> >::push", "Stack.push"},
		{"(anonymous namespace)::fail", ".fail"},
		{"bot::X::operator()", "X.operator"},
		{"a$b", "ab"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_string_equal(ts_name_key(cases[i][0], &pool), cases[i][1]);
}

static void names(void **state)
{
	(void)state;
	assert_true(ts_name_is_writable("run"));
	assert_true(ts_name_is_writable("bot::Memory::~Memory"));
	assert_true(ts_name_is_writable("bot::Box<int>::get"));
	assert_true(ts_name_is_writable("bot::pick<std::map<int, 3> >"));
	assert_false(ts_name_is_writable("bot::Box<char*>::get"));
	assert_false(ts_name_is_writable("bot::Box<int"));
	assert_true(ts_name_is_writable("bot::operator<"));
	assert_true(ts_name_is_writable("bot::operator()"));
	assert_false(ts_name_is_writable("bot::operator*"));
	assert_false(ts_name_is_writable("bot::operator int"));
	assert_false(ts_name_is_writable("1st"));
	assert_false(ts_name_is_writable("a::"));
	assert_false(ts_name_is_writable(""));
	assert_true(ts_name_is_copy_of("run.constprop.0", "run"));
	assert_false(ts_name_is_copy_of("runner", "run"));
	assert_true(ts_name_is_internal("run.cold"));
	assert_false(ts_name_is_internal("main"));
}

static void simple_names(void **state)
{
	static const char *const cases[][2] = {
		{"run", "run"},
		{"bot::name[abi:cxx11]", "bot::name"},
		{"std::__cxx11::string", "std::string"},
		{"std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, "
		 "std::allocator<char> >, int>",
		 "std::vector<std::string, int>"},
		{"std::basic_string_view<char, std::char_traits<char> >", "std::string_view"},
		{"[abi:", "[abi:"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[256];

		strcpy(text, cases[i][0]);
		ts_name_simplify(text);
		assert_string_equal(text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_base_type_is_one_of_symbols_conf),
		cmocka_unit_test(each_typedef_is_known_by_its_size),
		cmocka_unit_test(pointers),
		cmocka_unit_test(enums_are_what_they_are_stored_as),
		cmocka_unit_test(what_cannot_be_written_says_why),
		cmocka_unit_test(a_ring_of_types_ends),
		cmocka_unit_test(no_more_than_a_rule_can_have),
		cmocka_unit_test(keys),
		cmocka_unit_test(names),
		cmocka_unit_test(simple_names),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	ts_pool_release(&pool);
	return failed;
}
