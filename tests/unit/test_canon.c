// SPDX-License-Identifier: Apache-2.0
/* One spelling for names and types of C++, whoever wrote them. */

#include "prototype_fixture.h"

#include "preload/prototype/canon.h"

static char text[512];

static const char *params(const char *from)
{
	struct ts_canon canon = ts_canon_into(text, sizeof(text));
	struct ts_tokens tokens = ts_tokens_of((struct ts_slice){from, strlen(from), 1}, NULL);

	return ts_canon_params(&tokens, &canon) < 0 ? "(wrong)" : text;
}

static const char *function(const char *from)
{
	struct ts_canon canon = ts_canon_into(text, sizeof(text));
	struct ts_tokens tokens = ts_tokens_of((struct ts_slice){from, strlen(from), 1}, NULL);

	return ts_canon_function(&tokens, &canon) < 0 ? "(wrong)" : text;
}

struct pair {
	const char *from, *to;
};

static void check(const struct pair *pairs, size_t n, const char *spell(const char *))
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(spell(pairs[i].from), pairs[i].to) != 0)
			fail_msg("%s\nis     %s\nnot    %s", pairs[i].from, spell(pairs[i].from),
				 pairs[i].to);
}

#define CHECK(pairs, spell) check(pairs, sizeof(pairs) / sizeof((pairs)[0]), spell)

static void test_types(void **state)
{
	static const struct pair pairs[] = {
		{"int x", "int"},
		{"const int x", "int"},
		{"unsigned", "unsigned int"},
		{"long unsigned int n", "unsigned long"},
		{"size_t n, std::size_t m", "unsigned long,unsigned long"},
		{"int64_t a, __s64 b, uint8_t c, ssize_t d", "long,long long,unsigned char,long"},
		{"short int, long long int, signed", "short,long long,int"},
		{"_Bool a, bool b", "bool,bool"},
		{"const char *text", "char const*"},
		{"char const * const text", "char const*"},
		{"const char *const *text", "char const*const*"},
		{"char *const argv[]", "char*const*"},
		{"const int v[3]", "int const*"},
		{"int m[2][3]", "int(*)[3]"},
		{"int (&r)[3]", "int(&)[3]"},
		{"int (&) [3]", "int(&)[3]"},
		{"void (*done)(int code, const char *)", "void(*)(int,char const*)"},
		{"void (*)(int, char const*)", "void(*)(int,char const*)"},
		{"void f(void)", "void(*)()"},
		{"const bot::Text &text", "bot::Text const&"},
		{"bot::Text const& text", "bot::Text const&"},
		{"struct bot::Text *t", "bot::Text*"},
		{"enum bot::Kind k", "bot::Kind"},
		{"volatile bot::Text &&x", "bot::Text volatile&&"},
		{"std::vector<int> &v", "std::vector<int>&"},
		{"std::vector<int, std::allocator<int> >& v", "std::vector<int>&"},
		{"std::map<int, long int, std::less<int>, std::allocator<std::pair<int const, "
		 "long> > "
		 ">",
		 "std::map<int,long>"},
		{"std::map<int, long, bot::Order>", "std::map<int,long,bot::Order>"},
		{"std::unique_ptr<bot::X, std::default_delete<bot::X> >",
		 "std::unique_ptr<bot::X>"},
		{"std::function<int (int, char const*)> const&",
		 "std::function<int(int,char const*)>const&"},
		{"const std::function<int(int, const char *)> &f",
		 "std::function<int(int,char const*)>const&"},
		{"std::array<int, 3ul>", "std::array<int,3>"},
		{"bot::Flag<true, -1, (bot::Kind)2>", "bot::Flag<true,-1,(bot::Kind)2>"},
		{"decltype(nullptr)", "std::nullptr_t"},
		{"std::nullptr_t", "std::nullptr_t"},
		{"int, ...", "int,..."},
		{"", ""},
		{"(anonymous namespace)::X const&", "(anonymous namespace)::X const&"},
		{"int bot::X::*", "(wrong)"},
		{"std::vector<int", "(wrong)"},
		{"int,", "int,"},
		{"short double", "(wrong)"},
	};

	(void)state;
	CHECK(pairs, params);
}

static void test_strings_of_every_library(void **state)
{
	static const struct pair pairs[] = {
		{"std::string", "std::string"},
		{"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
		 "std::string"},
		{"std::__1::basic_string<char, std::__1::char_traits<char>, "
		 "std::__1::allocator<char> >",
		 "std::string"},
		{"std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
		 "std::string"},
		{"std::basic_string<char>", "std::string"},
		{"std::basic_string<wchar_t, std::char_traits<wchar_t> >",
		 "std::basic_string<wchar_t>"},
		{"std::wstring", "std::basic_string<wchar_t>"},
		{"std::string_view", "std::string_view"},
		{"std::basic_string_view<char, std::char_traits<char> >", "std::string_view"},
		{"std::__1::basic_string_view<char, std::__1::char_traits<char> >",
		 "std::string_view"},
		{"std::__1::vector<std::__1::basic_string<char, std::__1::char_traits<char>, "
		 "std::__1::allocator<char> >, std::__1::allocator<std::__1::basic_string<char, "
		 "std::__1::char_traits<char>, std::__1::allocator<char> > > > const&",
		 "std::vector<std::string>const&"},
		{"std::filesystem::__cxx11::path const&", "std::filesystem::path const&"},
		{"std::ostream& to", "std::ostream&"},
		{"std::__1::basic_ostream<char, std::__1::char_traits<char> >&", "std::ostream&"},
		{"bot::__1::x", "bot::__1::x"},
	};

	(void)state;
	CHECK(pairs, params);
}

static void test_functions(void **state)
{
	static const struct pair pairs[] = {
		{"bot::Memory::run", "bot::Memory::run"},
		{"::run", "run"},
		{"bot :: run", "bot::run"},
		{"bot::name[abi:cxx11]", "bot::name"},
		{"bot::map<int, std::allocator<int> >::get", "bot::map<int>::get"},
		{"bot::twice<std::__cxx11::basic_string<char, std::char_traits<char>, "
		 "std::allocator<char> > >",
		 "bot::twice<std::string>"},
		{"bot::X::~X", "bot::X::~X"},
		{"(anonymous namespace)::f", "(anonymous namespace)::f"},
		{"bot::(anonymous namespace)::f", "bot::(anonymous namespace)::f"},
		{"bot::X::operator()", "bot::X::operator()"},
		{"bot::X::operator[]", "bot::X::operator[]"},
		{"bot::operator<< <int>", "bot::operator<<<int>"},
		{"bot::X::operator<", "bot::X::operator<"},
		{"std::operator==<char, std::allocator<char> >", "std::operator==<char>"},
		{"bot::operator< <int>", "bot::operator<<int>"},
		{"bot::operator<=>", "bot::operator<=>"},
		{"bot::operator,", "bot::operator,"},
		{"bot::X::operator->*", "bot::X::operator->*"},
		{"bot::X::operator new[]", "bot::X::operator new[]"},
		{"bot::X::operator bool", "bot::X::operator bool"},
		{"bot::X::operator char const*", "bot::X::operator char const*"},
		{"operator\"\"_x", "operator\"\"_x"},
		{"std::__cxx11::to_string", "std::to_string"},
		{"bot::", "(wrong)"},
		{"1bot", "(wrong)"},
	};

	(void)state;
	CHECK(pairs, function);
}

static const char *plain(const char *from)
{
	struct ts_canon canon = ts_canon_into(text, sizeof(text));

	ts_canon_plain(from, &canon);
	return text;
}

static const char *squeezed(const char *from)
{
	struct ts_canon canon = ts_canon_into(text, sizeof(text));

	ts_canon_squeeze((struct ts_slice){from, strlen(from), 1}, &canon);
	return text;
}

static void test_names_without_arguments_and_without_spaces(void **state)
{
	static const struct pair plains[] = {
		{"bot::map<int>::get", "bot::map::get"},
		{"bot::twice<std::pair<int,int>>", "bot::twice"},
		{"agents::run::<i32>", "agents::run"},
		{"bot::X<int>::operator<", "bot::X::operator<"},
		{"bot::myoperator<int>", "bot::myoperator"},
		{"run", "run"},
	};
	static const struct pair squeezes[] = {
		{"<bot::X  as  bot::Agent> :: run", "<bot::X as bot::Agent>::run"},
		{"bot::* :: run_*", "bot::*::run_*"},
		{"bot::f(int)::{lambda(char const*)#1}::operator()",
		 "bot::f(int)::{lambda(char const*)#1}::operator()"},
	};

	(void)state;
	CHECK(plains, plain);
	CHECK(squeezes, squeezed);
}

/* Whatever the room, nothing is written past it, and what does not fit is said to be full. */
static void test_little_room(void **state)
{
	static const char from[] =
		"const std::map<std::string, bot::Text<int>> &a, char *const b[]";

	size_t enough = strlen(params(from)) + 1;

	(void)state;
	for (size_t room = 1; room < enough + 20; room++) {
		char *exact = malloc(room);
		struct ts_canon canon = ts_canon_into(exact, room);
		struct ts_tokens tokens =
			ts_tokens_of((struct ts_slice){from, strlen(from), 1}, NULL);
		int r = ts_canon_params(&tokens, &canon);

		assert_int_equal(r < 0, room < enough);
		assert_true(strlen(exact) < room);
		free(exact);
	}
}

static void test_deep_nesting_ends(void **state)
{
	static char deep[20001];

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		memcpy(deep + 2 * i, "x<", 2);
	assert_string_equal(params(deep), "(wrong)");
	for (size_t i = 0; i < 10000; i++)
		memcpy(deep + 2 * i, "(*", 2);
	memcpy(deep, "x ", 2);
	assert_string_equal(params(deep), "(wrong)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_strings_of_every_library),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_names_without_arguments_and_without_spaces),
		cmocka_unit_test(test_little_room),
		cmocka_unit_test(test_deep_nesting_ends),
	};

	return cmocka_run_group_tests_name("canon", tests, NULL, NULL);
}
