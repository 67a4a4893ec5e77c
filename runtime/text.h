/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TEXT_H
#define TS_TEXT_H

/* Captured bytes -> UTF-8 that every store takes. */

#include <stddef.h>

struct ts_pool;

struct ts_text {
	const char *data;
	size_t bytes;
};

/*
 * Bytes of the UTF-8 character that `data`, of at least one byte, begins with; 0 if it begins with
 * none: overlong forms, surrogates and what lies above U+10FFFF are none.
 */
size_t ts_text_character(const char *data, size_t bytes);

/*
 * A NUL-terminated copy in `pool` that is valid UTF-8 without NUL: U+2400 for each NUL, U+FFFD for
 * each byte that belongs to no character. How many bytes were replaced goes to *ret_repaired, which
 * may be NULL. NULL when there is no memory.
 */
const char *ts_text_clean(struct ts_pool *pool, struct ts_text text, size_t *ret_repaired);

/* Takes off the beginning of a character that was cut at the end of `text`. */
void ts_text_trim_end(struct ts_text *text);

/* Takes off the rest of a character that was cut at the beginning of `text`. */
void ts_text_trim_begin(struct ts_text *text);

#endif
