/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SLICE_H
#define TS_SLICE_H

/* A piece of a line that knows its column; ASCII only, whatever the program's locale. [setup] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ts_slice {
	const char *text; /* not NUL-terminated */
	size_t bytes;
	uint32_t column; /* of its first byte, 1-based */
};

static inline bool ts_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool ts_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What a C identifier consists of; '$' as gcc allows it. */
static inline bool ts_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ts_is_digit(c) || c == '_' ||
	       c == '$';
}

static inline char ts_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* What a fault may show of any byte of a file. */
static inline char ts_printable(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

/* What is left after the first `n` bytes. */
static inline struct ts_slice ts_slice_from(struct ts_slice slice, size_t n)
{
	return (struct ts_slice){slice.text + n, slice.bytes - n, slice.column + (uint32_t)n};
}

static inline struct ts_slice ts_slice_until(struct ts_slice slice, size_t n)
{
	return (struct ts_slice){slice.text, n, slice.column};
}

/* Without white space at both ends. */
static inline struct ts_slice ts_slice_trim(struct ts_slice slice)
{
	size_t start = 0;

	while (slice.bytes && ts_is_space(slice.text[slice.bytes - 1]))
		slice.bytes--;
	while (start < slice.bytes && ts_is_space(slice.text[start]))
		start++;
	return ts_slice_from(slice, start);
}

static inline bool ts_slice_is(struct ts_slice slice, const char *text)
{
	return slice.bytes == strlen(text) && memcmp(slice.text, text, slice.bytes) == 0;
}

static inline bool ts_slice_starts(struct ts_slice slice, const char *text)
{
	size_t n = strlen(text);

	return slice.bytes >= n && memcmp(slice.text, text, n) == 0;
}

#endif
