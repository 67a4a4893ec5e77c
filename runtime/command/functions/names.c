// SPDX-License-Identifier: Apache-2.0
#include "names.h"

#include <stddef.h>
#include <string.h>

#include "../../assemble/demangle.h"

bool ts_name_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

bool ts_name_is_internal(const char *name)
{
	static const char *const internal[] = {
		"_start",
		"_init",
		"_fini",
		"__libc_start_main",
		"__libc_csu_init",
		"__libc_csu_fini",
		"__libc_csu_irel",
		"_dl_relocate_static_pie",
		"deregister_tm_clones",
		"register_tm_clones",
		"__do_global_dtors_aux",
		"__do_global_ctors_aux",
		"frame_dummy",
		"__x86.get_pc_thunk.*",
		"_GLOBAL__*",
		"*__static_initialization_and_destruction_0*",
		"__tls_init",
		"_ZTW*", /* thread-local variables of C++: their wrappers and initialisers */
		"_ZTH*",
		"_ZTh*", /* thunks of virtual functions */
		"_ZTv*",
		"_ZTc*",
		"__clang_call_terminate",
		"asan.module_*",
		"*@plt",
		"*.*", /* copies, see ts_name_is_copy_of() */
	};

	for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
		if (ts_name_matches(internal[i], name))
			return true;
	return false;
}

bool ts_name_is_standard(const char *qualified)
{
	static const char *const spaces[] = {"std::", "__gnu_cxx::", "__cxxabiv1::"};

	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (strncmp(qualified, spaces[i], strlen(spaces[i])) == 0)
			return true;
	return false;
}

/* From the '<' at *name to the '>' that closes it, of names, numbers, '::' and ','. */
static bool skip_arguments(const char **name)
{
	int depth = 0;

	do {
		depth += **name == '<';
		depth -= **name == '>';
		if (!ts_name_is_word(**name) && !strchr("<>:, ", **name))
			return false;
		++*name;
	} while (depth && **name);
	return !depth;
}

/* "operator()", "operator==": a '*' would make a glob of it, and a conversion has a type behind it. */
static bool is_operator(const char *name)
{
	if (strncmp(name, "operator", strlen("operator")) != 0)
		return false;
	name += strlen("operator");
	return strcmp(name, "()") == 0 || strcmp(name, "[]") == 0 ||
	       (*name && !name[strspn(name, "=<>!+-/%^&|~")]);
}

bool ts_name_is_writable(const char *name)
{
	bool begins = true; /* a word may begin here */

	while (*name) {
		if (begins && is_operator(name))
			return true;
		if (name[0] == ':' && name[1] == ':' && !begins) {
			name += 2;
			begins = true;
			continue;
		}
		if (*name == '<' && !begins) {
			if (!skip_arguments(&name))
				return false;
			continue;
		}
		if (!ts_name_is_word(*name) && !(*name == '~' && begins))
			return false;
		if (begins && *name >= '0' && *name <= '9')
			return false;
		begins = *name++ == '~';
	}
	return !begins;
}

bool ts_name_is_copy_of(const char *copy, const char *name)
{
	size_t n = strlen(name);

	return strncmp(copy, name, n) == 0 && copy[n] == '.';
}

static void cut_out(char *from, size_t bytes, const char *instead)
{
	size_t n = strlen(instead);

	memmove(from + n, from + bytes, strlen(from + bytes) + 1);
	memcpy(from, instead, n);
}

void ts_name_simplify(char *text)
{
	static const struct {
		const char *name;
		const char *written;
	} classes[] = {
		{"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
		 "std::string"},
		{"std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
		 "std::string"},
		{"std::__1::basic_string<char, std::__1::char_traits<char>, "
		 "std::__1::allocator<char> >",
		 "std::string"},
		{"std::basic_string_view<char, std::char_traits<char> >", "std::string_view"},
		{"std::__1::basic_string_view<char, std::__1::char_traits<char> >",
		 "std::string_view"},
		{"std::__cxx11::string", "std::string"},
		{"std::__1::string", "std::string"},
	};
	char *at;

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		while ((at = strstr(text, classes[i].name)))
			cut_out(at, strlen(classes[i].name), classes[i].written);
	while ((at = strstr(text, "[abi:")) && strchr(at, ']'))
		cut_out(at, (size_t)(strchr(at, ']') - at) + 1, "");
}

/* Where the last two words of "a::b<c::d>::run" begin: what is between brackets counts for none. */
static const char *last_words(const char *name)
{
	const char *last = name, *before = name;
	int depth = 0;

	for (const char *at = name; *at; at++) {
		if (strchr("<([{", *at))
			depth++;
		else if (strchr(">)]}", *at))
			depth--;
		if (depth || at[0] != ':' || at[1] != ':')
			continue;
		before = last;
		last = at + 2;
	}
	return before;
}

const char *ts_name_key(const char *qualified, struct ts_pool *pool)
{
	const char *from = last_words(qualified);
	char *key = ts_pool_alloc(pool, strlen(from) + 2);
	char *to = key;
	int depth = 0;

	if (!key)
		return NULL;
	for (; *from; from++) {
		depth += *from == '<' || *from == '{' || *from == '(';
		if (!depth && ts_name_is_word(*from))
			*to++ = *from;
		else if (!depth && *from == '~')
			*to++ = '-';
		else if (!depth && from[0] == ':' && from[1] == ':')
			*to++ = '.';
		depth -= depth && (*from == '>' || *from == '}' || *from == ')');
	}
	if (to == key)
		*to++ = '_';
	*to = '\0';
	return key;
}

char *ts_name_of_symbol(const char *symbol, bool parameters)
{
	char *name;

	/* any name may be one of some language's; these begin so */
	if (strncmp(symbol, "_Z", 2) != 0 && strncmp(symbol, "_R", 2) != 0)
		return NULL;
	name = ts_demangle_function(symbol, parameters);
	if (name)
		ts_name_simplify(name);
	return name;
}
