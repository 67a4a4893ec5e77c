/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DEMANGLE_H
#define TS_DEMANGLE_H

/*
 * The module `demangle`: what a mangled name says. A module, because the library that knows is not libc;
 * it is opened when a rule for C++ or Rust may have met its function.
 */

#include <stdbool.h>
#include <stddef.h>

struct ts_demangled {
	const char *name;   /* qualified, with template arguments: "bot::map<int>::get" */
	const char *params; /* "int, char const*"; NULL: Rust, whose names hold none */
	bool is_const;      /* a const member function */
};

/*
 * Reads the name of a function; strings in *ret lie in `buffer`. 0; -EINVAL: it is no function of C++ or
 * Rust, or what it says does not fit. Takes nothing from the program's malloc. One thread at a time.
 */
#define TS_DEMANGLE_SYMBOL "ts_demangle"
typedef int ts_demangle_fn(const char *mangled, char *buffer, size_t bytes,
			   struct ts_demangled *ret);

#endif
