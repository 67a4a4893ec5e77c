/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CTYPE_H
#define TS_CTYPE_H

/* The words C types are spelled with, and what each type is on x86-64 Linux. [setup]; pure. */

#include "../system/slice.h"
#include "prototype.h"
#include "spelling.h"

/* How the ABI passes a value (section 3.2.3, reduced to what a scalar can be). */
enum ts_class {
	TS_CLASS_INTEGER,
	TS_CLASS_VECTOR,
	TS_CLASS_MEMORY,
	TS_CLASS_ADDRESS, /* a C++ object that is not copied by its bytes: its address, as an integer is; that
			     of a result comes in rdi, before the arguments, and goes back in rax */
};

struct ts_ctype {
	enum ts_type type;
	uint8_t bytes; /* 0: void */
	enum ts_class class;
	uint8_t registers; /* how many it takes, all or none; 0 for TS_CLASS_MEMORY */
	uint8_t align;     /* on the stack: 8 or 16 */
};

enum ts_word_kind {
	TS_WORD_QUALIFIER,
	TS_WORD_STORAGE,
	TS_WORD_ATTRIBUTE, /* a parenthesis follows */
	TS_WORD_AGGREGATE, /* struct, union */
	TS_WORD_ENUM,
	TS_WORD_PART, /* one of the words that together spell a type: `unsigned`, `long` */
	TS_WORD_TYPE, /* a type by itself: `size_t` */
};

struct ts_word {
	const char *text;
	uint8_t kind;   /* enum ts_word_kind */
	uint16_t value; /* TS_WORD_PART: its bit; TS_WORD_TYPE: for ts_ctype_of_word() */
};

/* NULL where C and its libraries do not know the word as part of a type. */
const struct ts_word *ts_word_find(struct ts_slice word);

/* The known words nearest to one that is not. */
struct ts_hint ts_word_hint(struct ts_slice word);

/*
 * Adds a TS_WORD_PART to those seen so far (0 at first).
 * The new set, or 0 where the word cannot stand there again ("int int", "long long long").
 */
uint32_t ts_parts_add(uint32_t parts, const struct ts_word *word);

/* The type that a set of parts spells, in whatever order; NULL if it is none ("short double"). */
const struct ts_ctype *ts_ctype_of_parts(uint32_t parts);

/* How C++ spells that type, whatever the order of the parts: "unsigned long"; NULL if it is none. */
const char *ts_parts_spelling(uint32_t parts);

/* The same of a TS_WORD_TYPE: what it is a name for on x86-64 Linux. */
const char *ts_word_spelling(const struct ts_word *word);

/* Whether the parts are `char` and nothing else: what strings are made of. */
bool ts_parts_are_char(uint32_t parts);

/* The type that a TS_WORD_TYPE names by itself. */
const struct ts_ctype *ts_ctype_of_word(const struct ts_word *word);

/* Pointers: TS_TYPE_OPAQUE or what is read through one. */
struct ts_ctype ts_ctype_pointer(enum ts_type type);

/* Of C++: std::string, std::string_view, and classes that are passed by their address. */
struct ts_ctype ts_ctype_std_string(void);
struct ts_ctype ts_ctype_std_view(void);
struct ts_ctype ts_ctype_object(void);

/*
 * What a class of std is passed as: as it was written, and by its one spelling (canon.h), "std::string" or
 * "std::vector<int>". False: it is not known.
 */
bool ts_class_find(struct ts_slice written, const char *name, struct ts_ctype *ret);

/* The class of std nearest to one that is not known. */
struct ts_hint ts_class_hint(struct ts_slice word);

/* What an enum is passed as. */
struct ts_ctype ts_ctype_enum(void);

#endif
