/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_FUNCTIONS_NAMES_H
#define TS_COMMAND_FUNCTIONS_NAMES_H

/* What a function's name tells, and how rules spell it. Pure. */

#include <stdbool.h>

#include "../../pool.h"

/* What a C identifier consists of, without gcc's '$', which no key can have. */
static inline bool ts_name_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Does `text` match `pattern`, in which '*' is any text and '?' any character? */
bool ts_name_matches(const char *pattern, const char *text);

/* Did a compiler or the C runtime make this function, and no source of the program? */
bool ts_name_is_internal(const char *name);

/* Does a C++ name lie in namespace std or its like? */
bool ts_name_is_standard(const char *qualified);

/* A C name, or a C++ name with its namespaces and classes, that a prototype can have. */
bool ts_name_is_writable(const char *name);

/* The copies of it that a compiler makes have the function's own name, a '.', and what was done. */
bool ts_name_is_copy_of(const char *copy, const char *name);

/*
 * A C++ name or type as people write it: std::string for what that is in libstdc++ and libc++, and no
 * [abi:...]. Never longer than it was, so that it may be done in place.
 */
void ts_name_simplify(char *text);

/*
 * What the source calls the C++ or Rust function with this symbol, simplified, with or without the types of
 * its parameters. From malloc; NULL: it is no such symbol.
 */
char *ts_name_of_symbol(const char *symbol, bool parameters);

/* "Memory.run" for bot::Memory::run: what a rule's key can be; NULL: no memory. */
const char *ts_name_key(const char *qualified, struct ts_pool *pool);

#endif
