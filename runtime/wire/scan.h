/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SCAN_H
#define TS_SCAN_H

/* JSON (RFC 8259), byte by byte: is it, and what does each byte belong to. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../text.h"

#define TS_SCAN_DEPTH 128 /* nested lists and objects; what is deeper is refused */

/* What the next byte may be. */
enum ts_scan_state {
	TS_SCAN_VALUE,        /* the first byte of a value */
	TS_SCAN_VALUE_OR_END, /* behind '[' */
	TS_SCAN_KEY_OR_END,   /* behind '{' */
	TS_SCAN_KEY,          /* behind ',' in an object */
	TS_SCAN_COLON,
	TS_SCAN_AFTER, /* behind a value */
	TS_SCAN_STRING,
	TS_SCAN_ESCAPE, /* behind a backslash */
	TS_SCAN_HEX,    /* behind \u */
	TS_SCAN_LITERAL,
	TS_SCAN_MINUS, /* of a number; behind it ... */
	TS_SCAN_ZERO,
	TS_SCAN_DIGITS,
	TS_SCAN_POINT,
	TS_SCAN_FRACTION,
	TS_SCAN_E,
	TS_SCAN_E_SIGN,
	TS_SCAN_EXPONENT,
};

struct ts_scan { /* zeroed: before the text */
	enum ts_scan_state state;
	unsigned depth;
	bool in_key;
	bool began;                           /* a value, at the top */
	uint8_t left;                         /* digits of an escape */
	const char *literal;                  /* what must follow */
	uint64_t objects[TS_SCAN_DEPTH / 64]; /* a bit a level: an object, not a list */
};

/* False: with `c` it is no JSON. */
bool ts_scan_byte(struct ts_scan *scan, unsigned char c);

/* Whether the text may end here. */
bool ts_scan_complete(const struct ts_scan *scan);

/* Whether the innermost of what is open is an object. */
bool ts_scan_in_object(const struct ts_scan *scan);

/* How many of the bytes, from the first on, are plain characters of a string: no quote, backslash or control. */
size_t ts_scan_plain(const char *data, size_t bytes);

/* Whether the text is one JSON value. */
bool ts_scan_text(struct ts_text text);

#endif
