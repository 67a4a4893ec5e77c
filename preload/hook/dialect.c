// SPDX-License-Identifier: Apache-2.0
/* Which C++ library. */

#include "dialect.h"

#include <string.h>

#include "../system/slice.h"

/* "std::string" is how a demangler prints the old Ss; the new one is basic_string<...>. */
static bool has_old_string(const char *text)
{
	static const char word[] = "std::string";

	for (; (text = strstr(text, word)); text++)
		if (!ts_is_word(text[sizeof(word) - 1]))
			return true;
	return false;
}

/* A template of std outside std::__1: of libstdc++, but for what the compiler itself knows. */
static bool has_template_of_std(const char *text)
{
	static const char std[] = "std::";

	for (; (text = strstr(text, std)); text++) {
		const char *end = text + sizeof(std) - 1;

		if (strncmp(end, "initializer_list", 16) == 0)
			continue;
		while (ts_is_word(*end))
			end++;
		if (*end == '<')
			return true;
	}
	return false;
}

static enum ts_dialect dialect_of_text(const char *text)
{
	if (strstr(text, "std::__cxx11::") || strstr(text, "[abi:cxx11]"))
		return TS_DIALECT_GNU;
	if (strstr(text, "std::__1::"))
		return TS_DIALECT_LLVM;
	/* A result of the new ABI would have put a tag into the name. */
	if (has_old_string(text) || has_template_of_std(text))
		return TS_DIALECT_GNU_OLD;
	return TS_DIALECT_UNKNOWN;
}

enum ts_dialect ts_dialect_of_name(const struct ts_demangled *demangled)
{
	enum ts_dialect name = dialect_of_text(demangled->name);
	enum ts_dialect params =
		demangled->params ? dialect_of_text(demangled->params) : TS_DIALECT_UNKNOWN;

	if (name == params || params == TS_DIALECT_UNKNOWN)
		return name;
	if (name == TS_DIALECT_UNKNOWN)
		return params;
	if (name == TS_DIALECT_LLVM || params == TS_DIALECT_LLVM)
		return TS_DIALECT_UNKNOWN; /* both in one name */
	return TS_DIALECT_GNU;
}

enum ts_dialect ts_dialect_of_object(const struct ts_object *object, bool c_linkage)
{
	bool gnu = ts_object_needs(object, "libstdc++.so.6");
	bool llvm = ts_object_needs(object, "libc++.so.1");

	if (gnu == llvm)
		return TS_DIALECT_UNKNOWN;
	if (llvm)
		return TS_DIALECT_LLVM;
	/* A name that takes or returns a string of the new ABI would say so; C's do not. */
	return c_linkage && ts_object_mentions(object, "__cxx11") ? TS_DIALECT_GNU
								  : TS_DIALECT_GNU_OLD;
}

bool ts_dialect_reads(enum ts_dialect dialect, enum ts_type type)
{
	return (type != TS_TYPE_STD_STRING && type != TS_TYPE_STD_VIEW) ||
	       dialect != TS_DIALECT_UNKNOWN;
}
