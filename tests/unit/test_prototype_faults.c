// SPDX-License-Identifier: Apache-2.0
/* What is said of a prototype that cannot be read. */

#include "prototype_fixture.h"

#define BY_VALUE "; write the rule as a bare name (times only)"
static const struct {
	const char *text;
	uint32_t column;
	const char *message;
} bad[] = {
	{"", 1, "expected a function"},
	{"   ", 1, "expected a function"},
	{"1st", 1, "expected a function, found '1st'"},
	{"-f", 1, "expected a function, found '-'"},
	{"\xd1\x84", 1, "expected a function, found '\\xd1'"},
	{"int", 1, "'int' is a type; expected a function"},
	{"size_t", 1, "'size_t' is a type; expected a function"},
	{"f-g", 2, "expected the end of the name, found '-'"},
	{"f)", 2, "expected the end of the name, found ')'"},
	{"pyhton bot.agents:Agent.run", 1, "unknown word 'pyhton' (did you mean 'python'?)"},
	{"phyton __main__:main : fails if None", 1,
	 "unknown word 'phyton' (did you mean 'python'?)"},
	{"int handle_learn", 17, "expected '(' and the parameters; times only wants the bare name"},
	{"char *trainer_run ", 18,
	 "expected '(' and the parameters; times only wants the bare name"},
	{"run@", 5, "expected the name of an object after '@', such as libx.so"},
	{"int run@ libx.so(int a)", 9, "expected the name of an object after '@', such as libx.so"},
	{"int run@(int a)", 9, "expected the name of an object after '@', such as libx.so"},

	/* globs */
	{"search_*(const char *q)", 1,
	 "a glob takes no parameters: write 'search_*' alone (times only)"},
	{"int search_*(const char *q)", 5,
	 "a glob takes no parameters: write 'search_*' alone (times only)"},
	{"char *se?rch@libx.so(const char *q)", 7,
	 "a glob takes no parameters: write 'se?rch' alone (times only)"},

	/* other languages */
	{"int bot::Memory::run_*(int)", 5,
	 "a glob takes no parameters: write 'bot::Memory::run_*' alone (times only)"},

	/* C++ */
	{"int run(bot::Memory m)", 9,
	 "the size of 'bot::Memory' is not known, so what follows it cannot be placed; an "
	 "enumeration "
	 "is written 'enum bot::Memory', with a class write the rule as a bare name (times only)"},
	{"int run(vector<int> x)", 9,
	 "the size of 'vector<int>' is not known, so what follows it cannot be placed; an "
	 "enumeration "
	 "is written 'enum vector<int>', with a class write the rule as a bare name (times only)"},
	{"std::optional<int> bot::run()", 1,
	 "the size of 'std::optional<int>' is not known, so a hidden pointer may shift the "
	 "arguments; "
	 "an enumeration is written 'enum std::optional<int>', with a class write the rule as a "
	 "bare "
	 "name (times only)"},
	{"std::strng bot::run(this)", 1, "unknown type 'std::strng' (did you mean 'std::string'?)"},
	{"int bot::run(const std::string &a, std::strin_view b)", 36,
	 "unknown type 'std::strin_view' (did you mean 'std::string_view'?)"},
	{"int bot::run(strng a)", 14, "unknown type 'strng' (did you mean 'string'?)"},
	{"int bot::run(int a, this)", 21, "'this' comes first, and without a type"},
	{"int bot::run(this x)", 14, "'this' comes first, and without a type"},
	{"bot::Memory::Memory(this)", 1, "expected the result's type before 'bot::Memory::Memory'"},
	{"int bot::run(int a) const", 21,
	 "'const' stands behind member functions: write 'this' before the parameters"},
	{"int bot::run(this) cnst", 20, "expected the end of the prototype, found 'cnst'"},
	{"int bot::run(int a = 3)", 20, "expected ',' or ')', found '='"},
	{"int bot::::run(int a)", 10, "expected the function's name, found '::'"},
	{"int bot::(int a)", 10, "expected the function's name, found '('"},
	{"int bot::3run(int a)", 10, "expected the function's name, found '3run'"},
	{"int bot::map<int::get(int a)", 29, "expected '>', found the end"},
	{"int bot::map<>>::get(int a)", 15, "expected '(' and the parameters, found '>'"},
	{"int bot::run(std::vector<int a)", 32, "expected '>', found the end"},
	{"int bot::run(int bot::X::*member)", 21, "expected ',' or ')', found '::'"},
	{"bot::Memory::run twice", 18,
	 "expected '(' and the parameters, or the end of the name, found 'twice'"},
	{"bot::Memory::", 14, "expected the function's name, found the end"},
	{"std::string bot::run", 13,
	 "expected '(' and the parameters, or the end of the name, found 'bot'"},
	{"int bot::run@(int a)", 14, "expected the name of an object after '@', such as libx.so"},

	/* types */
	{"strng f(int a)", 1, "unknown type 'strng' (did you mean 'string'?)"},
	{"int f(int a, strng b)", 14, "unknown type 'strng' (did you mean 'string'?)"},
	{"int f(unsinged int a)", 7, "unknown type 'unsinged' (did you mean 'unsigned'?)"},
	{"int f(cosnt char *a)", 7, "unknown type 'cosnt' (did you mean 'const'?)"},
	{"int f(uint8 a)", 7, "unknown type 'uint8' (did you mean 'uint8_t'?)"},
	{"int f(size n)", 7, "unknown type 'size' (did you mean 'size_t'?)"},
	{"int f(Int a)", 7, "unknown type 'Int' (did you mean 'int'?)"},
	{"int f(itn a)", 7, "unknown type 'itn' (did you mean 'int'?)"},
	{"int f(unt a)", 7, "unknown type 'unt' (did you mean 'int'?)"},
	{"int f(list a)", 7, "unknown type 'list'; write the C type it stands for"},
	{"doubel f(void)", 1, "unknown type 'doubel' (did you mean 'double'?)"},
	{"CURLcode curl_easy_perform(CURL *handle)", 1,
	 "unknown type 'CURLcode'; write the C type it stands for"},
	{"SQLITE_API int sqlite3_step(sqlite3_stmt *)", 1,
	 "unknown type 'SQLITE_API'; write the C type it stands for"},
	{"FOO_API struct x *f(void)", 1, "unknown type 'FOO_API'; write the C type it stands for"},
	{"int f(prompt)", 7, "unknown type 'prompt'; write the C type it stands for"},
	{"int f(struct point p, int a)", 7,
	 "the size of 'struct point' is not known, so what follows it cannot be placed" BY_VALUE},
	{"int f(int a, const union u p)", 14,
	 "the size of 'union u' is not known, so what follows it cannot be placed" BY_VALUE},
	{"extern struct point f(int a)", 8,
	 "the size of 'struct point' is not known, so a hidden pointer may shift the "
	 "arguments" BY_VALUE},
	{"int f(struct {int x;} p)", 14, "expected a name, found '{'"},
	{"int f(short double a)", 7, "'short double' is not a C type"},
	{"int f(int a, const signed unsigned b)", 14, "'const signed unsigned' is not a C type"},
	{"char char f(void)", 6, "'char' cannot follow 'char'"},
	{"int f(long long long a)", 17, "'long' cannot follow 'long long'"},
	{"int f(size_t int a)", 14, "'int' cannot follow 'size_t'"},
	{"int f(int struct x a)", 11, "'struct' cannot follow 'int'"},
	{"int f(void a)", 7, "a parameter cannot be 'void'"},
	{"int f(int a, void)", 14, "a parameter cannot be 'void'"},
	{"int f(int a, int b, long a)", 26, "two parameters are named 'a'"},

	/* shapes */
	{"f(int a)", 1, "expected the result's type before 'f'"},
	{"(int a)", 1, "expected a type, found '('"},
	{"*f(int a)", 1, "expected a type, found '*'"},
	{"const (int a)", 7, "expected a type, found '('"},
	{"int (int a)", 5, "expected the function's name, found '('"},
	{"int (int)", 5, "expected the function's name, found '('"},
	{"void (*signal(int sig, void (*func)(int)))(int)", 6,
	 "expected the function's name, found '('"},
	{"int 2f(int a)", 5, "expected the function's name, found '2f'"},
	{"int f g(int a)", 7, "expected '(' and the parameters, found 'g'"},
	{"int f(int a", 12, "expected ',' or ')', found the end"},
	{"int f(int a  ", 12, "expected ',' or ')', found the end"},
	{"int f(", 7, "expected a type, found the end"},
	{"int f(int a,", 13, "expected a type, found the end"},
	{"int f(int a, )", 14, "expected a type, found ')'"},
	{"int f(, int a)", 7, "expected a type, found ','"},
	{"int f(int a int b)", 13, "expected ',' or ')', found 'int'"},
	{"int f(int a = 3)", 13, "expected ',' or ')', found '='"},
	{"int f(int a; int b)", 12, "expected ',' or ')', found ';'"},
	{"int f(int a, ..., int b)", 17, "expected ')', found ','"},
	{"int f(int a))", 13, "expected the end of the prototype, found ')'"},
	{"int f(int a); int g(int b);", 13, "expected the end of the prototype, found ';'"},
	{"int f(int a) { return 0; }", 14, "expected the end of the prototype, found '{'"},
	{"int f(int a) __asm__(\"g\")", 14, "expected the end of the prototype, found '__asm__'"},
	{"int f(int a) fails if < 0", 14, "expected ':' before 'fails if', found 'fails'"},
	{"int f(void (*cb(int), int a)", 21, "expected ')', found ','"},
	{"int f(void (*cb int)", 17, "expected ')', found 'int'"},
	{"int f(void (*cb)(int, int a", 28, "the '(' in column 17 is never closed"},
	{"int f(int a[3, int b)", 21, "expected ']', found ')'"},
	{"int f(int a[3, int b", 21, "the '[' in column 12 is never closed"},
	{"int f(int a) __attribute__((x)", 31, "the '(' in column 27 is never closed"},
	{"__attribute__ int f(int a)", 15, "expected '(' after '__attribute__', found 'int'"},
	{"int f(int ((((((((((a)))))))))))", 19, "more than 8 parentheses around a name"},
	{"int f(int a\x01)", 12, "expected ',' or ')', found '\\x01'"},

	/* lengths */
	{"int f(const char text[len])", 23, "no parameter is named 'len'"},
	{"int f(const char text[lenght], size_t length)", 23,
	 "no parameter is named 'lenght' (did you mean 'length'?)"},
	{"int f(const char text[len], const char *len)", 23,
	 "the length 'len' has to be an integer, it is 'const char *'"},
	{"int f(const char text[text])", 23,
	 "the length 'text' has to be an integer, it is 'const char[text]'"},
	{"int f(const char text[len], size_t *len)", 23,
	 "the length 'len' has to be an integer, it is 'size_t *'"},
};

static void bad_prototypes(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ts_prototype proto, before;
		struct ts_fault fault = {.line = 7};

		memset(&proto, 0x5a, sizeof(proto));
		before = proto;
		if (parse(bad[i].text, strlen(bad[i].text), *state, &proto, &fault) != -EINVAL)
			fail_msg("accepted: %s", bad[i].text);
		if (fault.column != bad[i].column || strcmp(fault.message, bad[i].message))
			fail_msg("%s\n%u: %s, expected\n%u: %s", bad[i].text, fault.column,
				 fault.message, bad[i].column, bad[i].message);
		assert_int_equal(fault.line, 7);
		assert_memory_equal(&proto, &before, sizeof(proto));
		assert_int_equal(parse(bad[i].text, strlen(bad[i].text), *state, &proto, NULL),
				 -EINVAL);
	}
}

static void column_of_the_line(void **state)
{
	struct ts_prototype proto;
	struct ts_fault fault;

	assert_int_equal(ts_prototype_parse("int f(strng x)", 14, 11, *state, &proto, &fault),
			 -EINVAL);
	assert_int_equal(fault.column, 17);
}

/* A NUL ends a name, also that of an object: it would be another one than was written. */
static void test_a_nul_in_an_object(void **state)
{
	static const char text[] = "run@\0libx.so", inside[] = "run@libx\0.so";
	static const char name[] = "::\0\0\0\0:::*>";
	struct ts_prototype prototype;
	struct ts_fault fault = {0};

	assert_int_equal(parse(text, sizeof(text) - 1, *state, &prototype, &fault), -EINVAL);
	assert_int_equal(fault.column, 5);
	assert_int_equal(parse(inside, sizeof(inside) - 1, *state, &prototype, &fault), -EINVAL);
	assert_int_equal(fault.column, 9);
	assert_int_equal(parse(name, sizeof(name) - 1, *state, &prototype, &fault), -EINVAL);
	assert_int_equal(fault.column, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_nul_in_an_object),
		TEST(bad_prototypes),
		TEST(column_of_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
