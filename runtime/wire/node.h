/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_NODE_H
#define TS_NODE_H

/*
 * Values inside of JSON text that ts_scan_text has found to be sound. A node is the text of one value; one with NULL data is
 * none, which all functions take. Nothing is copied, so digits stay as they were written; strings are left escaped.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../text.h"

struct ts_buffer;

/* The text without white space around it. */
struct ts_text ts_node_of(struct ts_text text);

/* What stands between the brackets of a list or object; of other values nothing. */
struct ts_text ts_node_inside(struct ts_text node);

/*
 * The next member or element of what ts_node_inside gave, which is shortened by it. The key, without quotes, goes to *ret_key,
 * which may be NULL. False: no more.
 */
bool ts_node_next(struct ts_text *inside, struct ts_text *ret_key, struct ts_text *ret);

/* What a path of keys and positions leads to: "choices.0.message". */
struct ts_text ts_node_at(struct ts_text node, const char *path);

bool ts_node_is_object(struct ts_text node);
bool ts_node_is_string(struct ts_text node);

/* Whether it is this string. */
bool ts_node_equals(struct ts_text node, const char *string);

/* The characters of a string, still escaped; of other values none. */
struct ts_text ts_node_characters(struct ts_text node);

/* An integer of at most 18 digits, else `otherwise`. */
int64_t ts_node_integer(struct ts_text node, int64_t otherwise);

/* The characters of a string as they are meant, and the reverse. */
void ts_node_unescape(struct ts_buffer *to, struct ts_text characters);
void ts_node_escape(struct ts_buffer *to, struct ts_text text);

void ts_node_add_number(struct ts_buffer *to, uint64_t number);

/* Bytes of the character, escaped or not, that `data` (at least one byte) begins with, at most `bytes`. */
size_t ts_node_character(const char *data, size_t bytes);

/*
 * Adds the text, UTF-8 repaired, and in place of \u0000 and halves of surrogates what every store takes. `text` is JSON or
 * the characters of a string.
 */
void ts_node_add_clean(struct ts_buffer *to, struct ts_text text);

#endif
