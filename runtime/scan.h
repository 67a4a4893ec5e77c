/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SCAN_H
#define TS_SCAN_H

/*
 * JSON text read where it lies. Nothing is allocated or copied; a value is a stretch of the text, and what it
 * holds is looked at only by who asks. The text may be anything: what is no JSON is no value. Duplicate keys: the last
 * counts, as with most parsers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define TS_SCAN_DEPTH 64 /* lists and objects inside each other; deeper ones are no values */

enum ts_scan_type {
	TS_SCAN_NONE,
	TS_SCAN_NULL,
	TS_SCAN_FALSE,
	TS_SCAN_TRUE,
	TS_SCAN_NUMBER,
	TS_SCAN_STRING,
	TS_SCAN_ARRAY,
	TS_SCAN_OBJECT,
};

struct ts_scanned {
	enum ts_scan_type type;
	struct ts_text text; /* all of it: quotes, brackets and braces as well */
};

/* What is left to read. */
struct ts_scan {
	const char *at;
	const char *end;
};

/*
 * The value that comes next, behind white space; the scan is then behind it. False, and nothing has moved: there
 * is none, or it may go on behind the end, as a number that touches it may.
 */
bool ts_scan_value(struct ts_scan *scan, struct ts_scanned *ret);

/* What lies between the brackets or braces of an array or object; nothing for other values. */
struct ts_scan ts_scan_inside(const struct ts_scanned *value);

/* The next item of an array, or member of an object (its key without quotes, escapes as they stand). False: no more. */
bool ts_scan_item(struct ts_scan *scan, struct ts_scanned *ret);
bool ts_scan_member(struct ts_scan *scan, struct ts_text *ret_key, struct ts_scanned *ret);

/*
 * The member that a path of keys leads to: "usage.input_tokens"; "choices[].finish_reason" is that of the first item
 * which has one. False: there is none, or it is null.
 */
bool ts_scan_find(const struct ts_scanned *object, const char *path, struct ts_scanned *ret);

/* The same from a value whose key was the first of the path: what is left of it is "", ".input_tokens", "[].delta". */
bool ts_scan_step(const struct ts_scanned *value, const char *path, struct ts_scanned *ret);

bool ts_scan_is(struct ts_text text, const char *wanted);

/* The characters between the quotes of a string, escapes as they stand; empty for other values. */
struct ts_text ts_scan_string(const struct ts_scanned *value);

/* Does `text` fit a pattern, in which '*' stands for any characters? Letters of ASCII in either case. */
bool ts_scan_like(struct ts_text text, const char *pattern);

/*
 * A number, or a string that holds one, times 10 to the power of `scale`, exactly; or, with `round`, the nearest
 * integer, a half away from zero. False: it is no number, no integer then, or does not fit.
 */
bool ts_scan_decimal(const struct ts_scanned *value, int scale, bool round, int64_t *ret);

/* A string's characters, escapes undone, as UTF-8 without NUL in `pool`. False: no string, or no memory. */
bool ts_scan_unescape(const struct ts_scanned *value, struct ts_pool *pool, struct ts_text *ret);

/*
 * `text` is the end of a document of JSON whose beginning is missing. Where the members, or items, of its outermost
 * object, or array, begin that lie in it whole; and which of both it is. False: that cannot be told for sure.
 */
bool ts_scan_tail(struct ts_text text, enum ts_scan_type *ret_type, struct ts_scan *ret);

#endif
