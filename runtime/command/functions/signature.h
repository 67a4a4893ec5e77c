/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_FUNCTIONS_SIGNATURE_H
#define TS_COMMAND_FUNCTIONS_SIGNATURE_H

/* A function's types, as debug information has them and before anybody spells them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ts_form {
	TS_FORM_BASE,
	TS_FORM_POINTER,
	TS_FORM_REFERENCE,
	TS_FORM_RVALUE, /* && */
	TS_FORM_CONST,
	TS_FORM_QUALIFIED, /* volatile, restrict, _Atomic: they change nothing here */
	TS_FORM_TYPEDEF,
	TS_FORM_ENUM,
	TS_FORM_STRUCT, /* also a C++ class */
	TS_FORM_UNION,
	TS_FORM_OTHER, /* functions, arrays, vectors, pointers to members, ... */
};

enum ts_encoding {
	TS_ENCODING_OTHER,
	TS_ENCODING_BOOL,
	TS_ENCODING_SIGNED,
	TS_ENCODING_UNSIGNED,
	TS_ENCODING_FLOAT,
};

/* NULL in place of one: void. */
struct ts_shape {
	enum ts_form form;
	enum ts_encoding encoding; /* BASE, and what an ENUM is stored as */
	uint32_t bytes;            /* BASE, ENUM */
	const char *name;          /* as the language qualifies it; NULL: it has none */
	const struct ts_shape *of; /* what is pointed to, qualified, renamed */
};

struct ts_signature_param {
	const char *name; /* NULL: it has none */
	const struct ts_shape *shape;
};

enum ts_source_language { TS_LANGUAGE_C, TS_LANGUAGE_CPLUSPLUS, TS_LANGUAGE_OTHER };

struct ts_signature {
	enum ts_source_language language;
	bool old_style; /* K&R: what is passed is not what is declared */
	bool method;    /* params[0] is `this` */
	bool hidden;    /* the compiler passes something more, which has no name to write */
	bool variadic;
	const struct ts_shape *result;
	const struct ts_signature_param *params;
	size_t n_params;
};

#endif
