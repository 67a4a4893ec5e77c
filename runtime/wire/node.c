// SPDX-License-Identifier: Apache-2.0
#include "node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "scan.h"

#define MOST_DIGITS 18

static const struct ts_text none;

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct ts_text ts_node_of(struct ts_text text)
{
	while (text.bytes && is_space(*text.data)) {
		text.data++;
		text.bytes--;
	}
	while (text.bytes && is_space(text.data[text.bytes - 1]))
		text.bytes--;
	return text;
}

static bool begins_with(struct ts_text node, char c)
{
	return node.data && node.bytes && *node.data == c;
}

bool ts_node_is_object(struct ts_text node)
{
	return begins_with(node, '{');
}

bool ts_node_is_string(struct ts_text node)
{
	return begins_with(node, '"');
}

struct ts_text ts_node_inside(struct ts_text node)
{
	if (!begins_with(node, '{') && !begins_with(node, '['))
		return none;
	return (struct ts_text){node.data + 1, node.bytes - 2};
}

/* Bytes of the string that `text` begins with, quotes included. */
static size_t string_bytes(struct ts_text text)
{
	size_t at = 1;

	while (at < text.bytes && text.data[at] != '"')
		at += text.data[at] == '\\' ? 2 : 1;
	return at < text.bytes ? at + 1 : text.bytes;
}

/* Bytes of the value that `text` begins with. */
static size_t value_bytes(struct ts_text text)
{
	size_t level = 0, at = 0;

	while (at < text.bytes) {
		char c = text.data[at];

		if (c == '"') {
			at += string_bytes((struct ts_text){text.data + at, text.bytes - at});
			if (!level)
				return at;
			continue;
		}
		if (!level && (c == ',' || c == '}' || c == ']' || is_space(c)))
			return at;
		at++;
		if (c == '{' || c == '[')
			level++;
		else if ((c == '}' || c == ']') && !--level)
			return at;
	}
	return at;
}

static void skip(struct ts_text *text, size_t bytes)
{
	text->data += bytes;
	text->bytes -= bytes;
}

static void skip_to_token(struct ts_text *text)
{
	while (text->bytes && (is_space(*text->data) || *text->data == ',' || *text->data == ':'))
		skip(text, 1);
}

bool ts_node_next(struct ts_text *inside, struct ts_text *ret_key, struct ts_text *ret)
{
	size_t bytes;

	skip_to_token(inside);
	if (!inside->bytes)
		return false;
	bytes = value_bytes(*inside);
	if (!bytes)
		return false; /* text that is not sound */
	*ret = (struct ts_text){inside->data, bytes};
	skip(inside, bytes);
	while (inside->bytes && is_space(*inside->data))
		skip(inside, 1);
	if (ret_key)
		*ret_key = none;
	if (!begins_with(*inside, ':'))
		return true;
	if (ret_key)
		*ret_key = ts_node_characters(*ret);
	skip_to_token(inside);
	bytes = value_bytes(*inside);
	*ret = (struct ts_text){inside->data, bytes};
	skip(inside, bytes);
	return true;
}

static struct ts_text step(struct ts_text node, struct ts_text name)
{
	struct ts_text inside = ts_node_inside(node), key, value;
	size_t wanted = begins_with(node, '[') ? strtoul(name.data, NULL, 10) : 0;

	while (ts_node_next(&inside, &key, &value)) {
		if (key.data ? key.bytes == name.bytes && !memcmp(key.data, name.data, key.bytes)
			     : begins_with(node, '[') && !wanted--)
			return value;
	}
	return none;
}

struct ts_text ts_node_at(struct ts_text node, const char *path)
{
	while (node.data && *path) {
		struct ts_text name = {path, strcspn(path, ".")};

		node = step(node, name);
		path += name.bytes + (path[name.bytes] == '.');
	}
	return node;
}

struct ts_text ts_node_characters(struct ts_text node)
{
	if (!ts_node_is_string(node) || node.bytes < 2)
		return none;
	return (struct ts_text){node.data + 1, node.bytes - 2};
}

bool ts_node_equals(struct ts_text node, const char *string)
{
	struct ts_text characters = ts_node_characters(node);
	size_t bytes = strlen(string);

	return characters.data && characters.bytes == bytes &&
	       !memcmp(characters.data, string, bytes);
}

int64_t ts_node_integer(struct ts_text node, int64_t otherwise)
{
	bool negative = begins_with(node, '-');
	int64_t value = 0;

	if (negative)
		skip(&node, 1);
	if (!node.data || !node.bytes || node.bytes > MOST_DIGITS)
		return otherwise;
	for (size_t i = 0; i < node.bytes; i++) {
		if (node.data[i] < '0' || node.data[i] > '9')
			return otherwise;
		value = 10 * value + (node.data[i] - '0');
	}
	return negative ? -value : value;
}

/* --- characters ------------------------------------------------------------------------ */

size_t ts_node_character(const char *data, size_t bytes)
{
	size_t n;

	if (*data == '\\')
		n = bytes > 1 && data[1] == 'u' ? 6 : 2;
	else
		n = ts_text_character(data, bytes);
	if (!n)
		n = 1;
	return n < bytes ? n : bytes;
}

static unsigned hex_value(const char *digits)
{
	char four[5] = {digits[0], digits[1], digits[2], digits[3], 0};

	return (unsigned)strtoul(four, NULL, 16);
}

/* The code unit of an escape \uXXXX; -1: `text` begins with none. */
static int unit_of(struct ts_text text)
{
	if (text.bytes < 6 || text.data[0] != '\\' || text.data[1] != 'u')
		return -1;
	return (int)hex_value(text.data + 2);
}

static bool is_high(int unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(int unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

static void add_utf8(struct ts_buffer *to, unsigned point)
{
	char bytes[4];
	size_t n = 0;

	if (point < 0x80) {
		bytes[n++] = (char)point;
	} else if (point < 0x800) {
		bytes[n++] = (char)(0xc0 | point >> 6);
	} else if (point < 0x10000) {
		bytes[n++] = (char)(0xe0 | point >> 12);
		bytes[n++] = (char)(0x80 | (point >> 6 & 0x3f));
	} else {
		bytes[n++] = (char)(0xf0 | point >> 18);
		bytes[n++] = (char)(0x80 | (point >> 12 & 0x3f));
		bytes[n++] = (char)(0x80 | (point >> 6 & 0x3f));
	}
	if (point >= 0x80)
		bytes[n++] = (char)(0x80 | (point & 0x3f));
	ts_buffer_add(to, bytes, n);
}

/* Adds what the escape that `text` begins with stands for; answers its bytes. */
static size_t unescape_one(struct ts_buffer *to, struct ts_text text)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	int unit = unit_of(text), low;
	const char *letter;

	if (unit < 0) {
		letter = text.bytes > 1 && text.data[1] ? strchr(letters, text.data[1]) : NULL;
		if (text.bytes > 1)
			ts_buffer_add(to, letter ? &meant[letter - letters] : &text.data[1], 1);
		return text.bytes > 1 ? 2 : 1;
	}
	low = unit_of((struct ts_text){text.data + 6, text.bytes - 6});
	if (is_high(unit) && is_low(low)) {
		add_utf8(to,
			 0x10000 + ((unsigned)(unit - 0xd800) << 10) + (unsigned)(low - 0xdc00));
		return 12;
	}
	add_utf8(to, is_high(unit) || is_low(unit) ? 0xfffd : (unsigned)unit);
	return 6;
}

void ts_node_unescape(struct ts_buffer *to, struct ts_text characters)
{
	while (characters.bytes) {
		const char *escape = memchr(characters.data, '\\', characters.bytes);
		size_t plain = escape ? (size_t)(escape - characters.data) : characters.bytes;

		ts_buffer_add(to, characters.data, plain);
		skip(&characters, plain);
		if (characters.bytes)
			skip(&characters, unescape_one(to, characters));
	}
}

void ts_node_escape(struct ts_buffer *to, struct ts_text text)
{
	static const char hex[] = "0123456789abcdef";

	while (text.bytes) {
		size_t plain = ts_scan_plain(text.data, text.bytes);
		unsigned char c;

		ts_buffer_add(to, text.data, plain);
		skip(&text, plain);
		if (!text.bytes)
			return;
		c = (unsigned char)*text.data;
		if (c == '"' || c == '\\')
			ts_buffer_add(to, (char[]){'\\', (char)c}, 2);
		else
			ts_buffer_add(to, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]},
				      6);
		skip(&text, 1);
	}
}

void ts_node_add_number(struct ts_buffer *to, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	ts_buffer_text(to, digits);
}

/* --- clean text ------------------------------------------------------------------------ */

/* Adds the escape that `text` begins with, or what is shown in its place; answers its bytes. */
static size_t clean_escape(struct ts_buffer *to, struct ts_text text)
{
	int unit = unit_of(text), low;

	if (unit < 0) {
		size_t n = text.bytes < 2 ? text.bytes : 2;

		ts_buffer_add(to, text.data, n);
		return n;
	}
	low = unit_of((struct ts_text){text.data + 6, text.bytes - 6});
	if (is_high(unit) && is_low(low)) {
		ts_buffer_add(to, text.data, 12);
		return 12;
	}
	if (!unit || is_high(unit) || is_low(unit))
		ts_buffer_text(to, unit ? "\\ufffd" : "\\u2400");
	else
		ts_buffer_add(to, text.data, 6);
	return 6;
}

void ts_node_add_clean(struct ts_buffer *to, struct ts_text text)
{
	size_t at = 0, plain = 0;

	while (at < text.bytes) {
		size_t n = text.data[at] && text.data[at] != '\\'
				   ? ts_text_character(text.data + at, text.bytes - at)
				   : 0;

		if (n) {
			at += n;
			continue;
		}
		ts_buffer_add(to, text.data + plain, at - plain);
		if (text.data[at] == '\\') {
			at += clean_escape(to, (struct ts_text){text.data + at, text.bytes - at});
		} else {
			ts_buffer_text(to, "\xef\xbf\xbd");
			at++;
		}
		plain = at;
	}
	if (at > plain)
		ts_buffer_add(to, text.data + plain, at - plain);
}
