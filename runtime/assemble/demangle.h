/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DEMANGLE_H
#define TS_DEMANGLE_H

#include <stdbool.h>

/* The names that C++ and Rust compilers give, as their authors write them. */

/*
 * The type that std::type_info::name calls `mangled`: "St13runtime_error" is "std::runtime_error".
 * On the heap; NULL: it is no such name, too long, or there is no memory.
 */
char *ts_demangle_type(const char *mangled);

/* The function with this symbol, with or without the types of its parameters. As above. */
char *ts_demangle_function(const char *symbol, bool parameters);

#endif
