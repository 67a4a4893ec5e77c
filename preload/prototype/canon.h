/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CANON_H
#define TS_CANON_H

/*
 * One spelling for C++ names and types, so that what a rule says and what a demangler prints can be
 * compared byte by byte. [setup]; pure.
 *
 *   const std::string &query              std::string const&
 *   std::__cxx11::basic_string<char, ...> const&     the same; so are libc++'s std::__1 and the old Ss
 *   std::map<int, long unsigned> const&   std::map<int,unsigned long>const&
 *   size_t n                              unsigned long
 *   const char *const argv[]              char const*const*
 *   void (*done)(int code)                void(*)(int)
 *
 * No space but between two words; const and volatile behind what they qualify, and not at all on what is
 * passed by value; integers by one name each; typedefs of C and POSIX as what they are on x86-64 Linux; the
 * inline namespaces std::__1 and std::__cxx11 left out; template arguments that only repeat a default
 * (std::allocator, std::char_traits, std::less, std::hash, std::equal_to, std::default_delete) left out at
 * the end of a list; names of parameters, struct, class, enum, and ABI tags left out.
 */

#include <stdbool.h>
#include <stddef.h>

#include "token.h"

/* The text so far, always NUL-terminated. `full`: it did not fit, and is worth nothing. */
struct ts_canon {
	char *text;
	size_t bytes;
	size_t room;
	unsigned int nesting; /* types in types */
	unsigned int
		types; /* that were tried: what is none may be read again and again as another */
	bool full;
};

/* Nothing yet, into `room` bytes at `text`. */
struct ts_canon ts_canon_into(char *text, size_t room);

/* Adds a string as it is. */
void ts_canon_add(struct ts_canon *canon, const char *text);

/*
 * A function's qualified name, up to the '(' of its parameters, an '@' or the end; a leading '::' is passed
 * over. 0, or -EINVAL with a fault.
 */
int ts_canon_function(struct ts_tokens *tokens, struct ts_canon *canon);

/* The qualified name of a class or enumeration, template arguments included. 0, or -EINVAL. */
int ts_canon_class(struct ts_tokens *tokens, struct ts_canon *canon);

/* A parameter's type, over its name if it has one, up to the ',' or ')' behind it. 0, or -EINVAL. */
int ts_canon_param(struct ts_tokens *tokens, struct ts_canon *canon);

/* Parameters as a demangler prints them, without the parentheses around: "int, char const*". 0, or -EINVAL. */
int ts_canon_params(struct ts_tokens *tokens, struct ts_canon *canon);

/* The text as it stands, without its spaces but those between two words: for Rust, and for globs. */
void ts_canon_squeeze(struct ts_slice text, struct ts_canon *canon);

/* What `name` is without any template argument; Rust's "::<T>" goes as a whole. */
void ts_canon_plain(const char *name, struct ts_canon *canon);

/* "(anonymous namespace)" */
bool ts_canon_is_anonymous(const struct ts_tokens *tokens);

#endif
