// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <string.h>

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool ts_scan_in_object(const struct ts_scan *scan)
{
	unsigned top = scan->depth - 1;

	return scan->depth && scan->objects[top / 64] >> top % 64 & 1;
}

static bool open_container(struct ts_scan *scan, bool object)
{
	uint64_t bit = (uint64_t)1 << scan->depth % 64;

	if (scan->depth == TS_SCAN_DEPTH)
		return false;
	if (object)
		scan->objects[scan->depth / 64] |= bit;
	else
		scan->objects[scan->depth / 64] &= ~bit;
	scan->depth++;
	scan->state = object ? TS_SCAN_KEY_OR_END : TS_SCAN_VALUE_OR_END;
	return true;
}

static bool close_container(struct ts_scan *scan, bool object)
{
	if (!scan->depth || ts_scan_in_object(scan) != object)
		return false;
	scan->depth--;
	scan->state = TS_SCAN_AFTER;
	return true;
}

static bool begin_literal(struct ts_scan *scan, const char *rest)
{
	scan->literal = rest;
	scan->state = TS_SCAN_LITERAL;
	return true;
}

static bool begin_string(struct ts_scan *scan, bool key)
{
	scan->in_key = key;
	scan->state = TS_SCAN_STRING;
	return true;
}

static bool begin_value(struct ts_scan *scan, unsigned char c)
{
	scan->began = true;
	switch (c) {
	case '{':
	case '[':
		return open_container(scan, c == '{');
	case '"':
		return begin_string(scan, false);
	case 't':
		return begin_literal(scan, "rue");
	case 'f':
		return begin_literal(scan, "alse");
	case 'n':
		return begin_literal(scan, "ull");
	default:
		scan->state = c == '-' ? TS_SCAN_MINUS : c == '0' ? TS_SCAN_ZERO : TS_SCAN_DIGITS;
		return c == '-' || is_digit(c);
	}
}

static bool after_value(struct ts_scan *scan, unsigned char c)
{
	scan->state = TS_SCAN_AFTER;
	if (is_space(c))
		return true;
	if (c == '}' || c == ']')
		return close_container(scan, c == '}');
	if (c != ',' || !scan->depth)
		return false;
	scan->state = ts_scan_in_object(scan) ? TS_SCAN_KEY : TS_SCAN_VALUE;
	return true;
}

static bool in_string(struct ts_scan *scan, unsigned char c)
{
	if (c == '\\')
		scan->state = TS_SCAN_ESCAPE;
	else if (c == '"')
		scan->state = scan->in_key ? TS_SCAN_COLON : TS_SCAN_AFTER;
	return c >= ' ';
}

static bool in_escape(struct ts_scan *scan, unsigned char c)
{
	if (scan->state == TS_SCAN_HEX) {
		if (!--scan->left)
			scan->state = TS_SCAN_STRING;
		return is_hex(c);
	}
	scan->state = c == 'u' ? TS_SCAN_HEX : TS_SCAN_STRING;
	scan->left = 4;
	return c && strchr("\"\\/bfnrtu", c);
}

static bool in_literal(struct ts_scan *scan, unsigned char c)
{
	if (c != (unsigned char)*scan->literal)
		return false;
	if (!*++scan->literal)
		scan->state = TS_SCAN_AFTER;
	return true;
}

/* The part of a number that `c` continues it with; 0: none, the number is over or it is no number. */
static enum ts_scan_state number_part(enum ts_scan_state state, unsigned char c)
{
	bool whole = state == TS_SCAN_ZERO || state == TS_SCAN_DIGITS;

	if (is_digit(c)) {
		if (state == TS_SCAN_MINUS)
			return c == '0' ? TS_SCAN_ZERO : TS_SCAN_DIGITS;
		if (state == TS_SCAN_DIGITS)
			return state;
		if (state == TS_SCAN_POINT || state == TS_SCAN_FRACTION)
			return TS_SCAN_FRACTION;
		return state == TS_SCAN_ZERO ? 0 : TS_SCAN_EXPONENT;
	}
	if (c == '.' && whole)
		return TS_SCAN_POINT;
	if ((c == 'e' || c == 'E') && (whole || state == TS_SCAN_FRACTION))
		return TS_SCAN_E;
	return (c == '+' || c == '-') && state == TS_SCAN_E ? TS_SCAN_E_SIGN : 0;
}

static bool may_end(enum ts_scan_state state)
{
	return state == TS_SCAN_ZERO || state == TS_SCAN_DIGITS || state == TS_SCAN_FRACTION ||
	       state == TS_SCAN_EXPONENT || state == TS_SCAN_AFTER;
}

static bool in_number(struct ts_scan *scan, unsigned char c)
{
	enum ts_scan_state part = number_part(scan->state, c);

	if (!part)
		return may_end(scan->state) && after_value(scan, c);
	scan->state = part;
	return true;
}

static bool at_key(struct ts_scan *scan, unsigned char c)
{
	if (c == '"')
		return begin_string(scan, true);
	return is_space(c) ||
	       (c == '}' && scan->state == TS_SCAN_KEY_OR_END && close_container(scan, true));
}

static bool at_colon(struct ts_scan *scan, unsigned char c)
{
	if (c == ':')
		scan->state = TS_SCAN_VALUE;
	return c == ':' || is_space(c);
}

bool ts_scan_byte(struct ts_scan *scan, unsigned char c)
{
	switch (scan->state) {
	case TS_SCAN_STRING:
		return in_string(scan, c);
	case TS_SCAN_ESCAPE:
	case TS_SCAN_HEX:
		return in_escape(scan, c);
	case TS_SCAN_VALUE_OR_END:
		if (c == ']')
			return close_container(scan, false);
		/* fall through */
	case TS_SCAN_VALUE:
		return is_space(c) || begin_value(scan, c);
	case TS_SCAN_KEY_OR_END:
	case TS_SCAN_KEY:
		return at_key(scan, c);
	case TS_SCAN_COLON:
		return at_colon(scan, c);
	case TS_SCAN_AFTER:
		return after_value(scan, c);
	case TS_SCAN_LITERAL:
		return in_literal(scan, c);
	default:
		return in_number(scan, c);
	}
}

bool ts_scan_complete(const struct ts_scan *scan)
{
	return scan->began && !scan->depth && may_end(scan->state);
}

size_t ts_scan_plain(const char *data, size_t bytes)
{
	size_t n = 0;

	while (n < bytes && (unsigned char)data[n] >= ' ' && data[n] != '"' && data[n] != '\\')
		n++;
	return n;
}

bool ts_scan_text(struct ts_text text)
{
	struct ts_scan scan = {0};

	for (size_t at = 0; at < text.bytes; at++) {
		if (scan.state == TS_SCAN_STRING)
			at += ts_scan_plain(text.data + at, text.bytes - at);
		if (at < text.bytes && !ts_scan_byte(&scan, (unsigned char)text.data[at]))
			return false;
	}
	return ts_scan_complete(&scan);
}
