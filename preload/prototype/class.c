// SPDX-License-Identifier: Apache-2.0
/* Classes of the C++ library that a prototype may hold by value. */

#include "ctype.h"

/*
 * All but the views have a destructor or a copy constructor of their own, whatever their template arguments
 * are, so the ABI passes them by their address (Itanium C++ ABI, 3.1.2.3). Of std::optional, std::pair or
 * std::tuple it depends on the arguments: those are not known.
 */
static const char *const objects[] = {
	"std::any",
	"std::deque",
	"std::exception_ptr",
	"std::filesystem::path",
	"std::forward_list",
	"std::function",
	"std::future",
	"std::list",
	"std::map",
	"std::multimap",
	"std::multiset",
	"std::promise",
	"std::set",
	"std::shared_future",
	"std::shared_ptr",
	"std::unique_ptr",
	"std::unordered_map",
	"std::unordered_multimap",
	"std::unordered_multiset",
	"std::unordered_set",
	"std::vector",
	"std::weak_ptr",
	"std::basic_string",
};

#define N_OBJECTS (sizeof(objects) / sizeof(objects[0]))

/* Is `name` this class, or one made of this template? */
static bool is_of(const char *name, const char *class)
{
	size_t bytes = strlen(class);

	return strncmp(name, class, bytes) == 0 && (!name[bytes] || name[bytes] == '<') &&
	       (!name[bytes] || name[strlen(name) - 1] == '>');
}

/* std::size_t and its like are C's. */
static bool find_word(struct ts_slice written, struct ts_ctype *ret)
{
	const struct ts_word *word;

	if (ts_slice_starts(written, "std::"))
		written = ts_slice_from(written, strlen("std::"));
	word = ts_word_find(written);
	if (!word || word->kind != TS_WORD_TYPE)
		return false;
	*ret = *ts_ctype_of_word(word);
	return true;
}

bool ts_class_find(struct ts_slice written, const char *name, struct ts_ctype *ret)
{
	if (strcmp(name, "std::string") == 0)
		return *ret = ts_ctype_std_string(), true;
	if (strcmp(name, "std::string_view") == 0)
		return *ret = ts_ctype_std_view(), true;
	if (strcmp(name, "std::nullptr_t") == 0)
		return *ret = ts_ctype_pointer(TS_TYPE_OPAQUE), true;
	for (size_t i = 0; i < N_OBJECTS; i++)
		if (is_of(name, objects[i]))
			return *ret = ts_ctype_object(), true;
	return find_word(written, ret);
}

struct ts_hint ts_class_hint(struct ts_slice word)
{
	struct ts_spelling spelling = ts_spelling_of(word);

	ts_spelling_offer(&spelling, "std::string");
	ts_spelling_offer(&spelling, "std::string_view");
	for (size_t i = 0; i < N_OBJECTS; i++)
		ts_spelling_offer(&spelling, objects[i]);
	return ts_spelling_hint(&spelling);
}
