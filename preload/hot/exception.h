/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_EXCEPTION_H
#define TS_HOT_EXCEPTION_H

/*
 * What an exception is: the type of a C++ exception and, where it derives from std::exception, its
 * what(). Of exceptions of other languages only the class is known that their raiser gave them.
 */

#include <stdbool.h>
#include <stdint.h>

struct _Unwind_Exception;

struct ts_thrown {
	uint64_t class;   /* who raised it (Itanium C++ ABI, 1.2) */
	const char *type; /* as std::type_info::name has it; NULL: not from C++ */
	const char *what; /* the program's; NULL: none */
};

/*
 * Describes `exception`. What() is a function of the program: it is called, so the guard must be set,
 * and no vector register may hold anything of the program's any more. errno is as before. [hot]
 */
void ts_exception_describe(const struct _Unwind_Exception *exception, struct ts_thrown *ret);

/* Was it caught before, and thrown again by its handler? [hot] */
bool ts_exception_is_thrown_again(const struct _Unwind_Exception *exception);

/*
 * Writes what is known as values to `at`, where `room` bytes (a multiple of 8) may be written. Answers
 * the bytes written, a multiple of 8. [hot]
 */
uint64_t ts_exception_put(const struct ts_thrown *thrown, char *at, uint64_t room);

#endif
