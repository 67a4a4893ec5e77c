/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PROTOTYPE_H
#define TS_PROTOTYPE_H

/*
 * A C or C++ prototype -> where each argument lies in a call, by the System V ABI for x86-64 (version
 * 1.0, section 3.2.3) and the Itanium C++ ABI (3.1). [setup]; pure: no state, no system calls.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_MAX_PARAMS 32

/* How the bits of an argument or a result become a value. */
enum ts_type {
	TS_TYPE_VOID,   /* results only */
	TS_TYPE_SIGNED, /* `bytes` wide */
	TS_TYPE_UNSIGNED,
	TS_TYPE_BOOL,
	TS_TYPE_CHAR, /* `char` alone; signed char and unsigned char are numbers */
	TS_TYPE_FLOAT,
	TS_TYPE_DOUBLE,
	TS_TYPE_STRING, /* char *, const char *: to the NUL */
	TS_TYPE_BYTES,  /* const char name[len]: as many bytes as the parameter `len` says */
	/* 8 bytes wide: through a pointer to it; a std::string_view of 16: as it is */
	TS_TYPE_STD_STRING,
	TS_TYPE_STD_VIEW,
	TS_TYPE_OPAQUE, /* any other pointer, long double, ...: placed, never recorded */
};

enum ts_where { TS_IN_INTEGER, TS_IN_VECTOR, TS_ON_STACK, TS_IN_X87 /* results only */ };

struct ts_param {
	const char *name;     /* NULL: none was given, not recorded */
	const char *spelling; /* the type as written: "char *", "const char[len]" */
	enum ts_type type;
	uint8_t bytes; /* size of the value itself: 0 (void, a class), 1, 2, 4, 8, 16, 32 */
	enum ts_where where;
	uint8_t index;    /* TS_IN_INTEGER: 0 rdi .. 5 r9; TS_IN_VECTOR: 0 xmm0 .. 7 xmm7 */
	uint16_t offset;  /* TS_ON_STACK: bytes from 8 above the return address */
	int8_t length_of; /* TS_TYPE_BYTES: index of the parameter that holds the length; else -1 */
	uint32_t column;  /* of the name, or of the type where there is none: 1-based in the line */
};

struct ts_prototype {
	const char *function;   /* the name; of a C++ or Rust function its one spelling (canon.h) */
	const char *object;     /* after '@', or NULL */
	struct ts_param result; /* spelling NULL where times_only */
	struct ts_param *params; /* n_params of them, at most TS_MAX_PARAMS */
	uint8_t n_params;
	bool times_only; /* a bare name or a glob: no parameter list was given */
	bool glob;       /* `function` holds '*' or '?' for other names */

	/* C++ and Rust: the function is told by what its mangled name says. */
	bool cplus;
	bool c_linkage;    /* extern "C" was written: C++ types behind a plain name */
	bool method;       /* `this` is params[0] */
	bool const_method; /* the list is followed by `const` */
	bool open;         /* `...` ends the list: whatever follows */
	const char *
		signature; /* the parameters in one spelling, without `this`; NULL where times_only */
};

enum ts_fails {
	TS_FAILS_NEVER,
	TS_FAILS_BELOW_ZERO,
	TS_FAILS_NULL,
	TS_FAILS_NOT_ZERO,
	TS_FAILS_FALSE
};

/* What is wrong with a line, and where: for people. */
struct ts_fault {
	uint32_t line;   /* 1-based; 0: the file as a whole, or a variable */
	uint32_t column; /* 1-based, in bytes; 0 where line is */
	char message[232];
};

struct ts_arena;

/*
 * Reads `text` ("int f(const char *x, long n)", "search_*", "char *run@libx.so(...)"), whose first
 * byte stands in column `column` of its line. Strings in *ret are of `arena`. 0, or -EINVAL with
 * *fault filled (line left to the caller), or -ENOMEM; *ret is untouched then. `fault` may be NULL:
 * nothing is worded.
 */
int ts_prototype_parse(const char *text, size_t bytes, uint32_t column, struct ts_arena *arena,
		       struct ts_prototype *ret, struct ts_fault *fault);

/*
 * Reads what follows ':' ("fails if < 0") for a function of this result type.
 * 0, or -EINVAL with *fault filled (a condition that the result type cannot meet is a fault, too);
 * `fault` may be NULL.
 */
int ts_fails_parse(const char *text, size_t bytes, uint32_t column, const struct ts_param *result,
		   enum ts_fails *ret, struct ts_fault *fault);

/* "< 0", "NULL", "!= 0", "false"; "" for TS_FAILS_NEVER. */
const char *ts_fails_text(enum ts_fails fails);

#endif
