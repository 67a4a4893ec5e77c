// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a document whose beginning is missing. It may begin inside a string, behind a backslash there, or
 * outside; each way is tried, and all that JSON's grammar allows have to agree on where the last level begins. How deep
 * that lies is known from the end: what closes last is the document itself.
 */
#include "scan.h"

#include <string.h>

enum token { START, OPEN, COMMA, COLON, STRING, VALUE };

struct walk {
	struct ts_scan scan;
	enum token last;
	bool keyed;     /* the string before stands where a key must, if this is an object */
	bool perhaps;   /* ... or what is missing would tell */
	uint64_t kinds; /* of those opened here, the innermost lowest: 1 is an object */
	unsigned opened;
	enum ts_scan_type
		level;       /* of the innermost that was opened before; NONE: nothing told yet */
	const char *members; /* there, the first comma; NULL: none yet */
	bool closed;         /* the token before closed what was opened before: */
	enum ts_scan_type closed_type;
	const char *closed_members;
};

/* Is what we are in of that type, as far as can be told? */
static bool is_in(struct walk *walk, enum ts_scan_type type)
{
	if (walk->opened)
		return (walk->kinds & 1) == (type == TS_SCAN_OBJECT);
	if (walk->level == TS_SCAN_NONE)
		walk->level = type;
	return walk->level == type;
}

/* A value, or a key, begins at `c`. */
static bool begin_value(struct walk *walk, char c)
{
	bool place = walk->last == COMMA || walk->last == OPEN;

	if (walk->last == STRING || walk->last == VALUE)
		return false;
	if (place && c != '"' && !is_in(walk, TS_SCAN_ARRAY))
		return false;
	walk->keyed = place && c == '"';
	walk->perhaps = walk->last == START && c == '"';
	return true;
}

static bool take_open(struct walk *walk, char c)
{
	if (!begin_value(walk, c) || walk->opened == TS_SCAN_DEPTH)
		return false;
	walk->opened++;
	walk->kinds = walk->kinds << 1 | (c == '{');
	walk->last = OPEN;
	walk->scan.at++;
	return true;
}

/* Whether a value may end here: what stands in a key's place and has no colon is an item. */
static bool end_value(struct walk *walk)
{
	if (walk->last == COMMA || walk->last == COLON)
		return false;
	return walk->last != STRING || !walk->keyed || is_in(walk, TS_SCAN_ARRAY);
}

static bool take_close(struct walk *walk, char c)
{
	enum ts_scan_type type = c == '}' ? TS_SCAN_OBJECT : TS_SCAN_ARRAY;

	if (!end_value(walk) || !is_in(walk, type))
		return false;
	if (walk->opened) {
		walk->opened--;
		walk->kinds >>= 1;
	} else {
		walk->closed = true;
		walk->closed_type = type;
		walk->closed_members = walk->members;
		walk->level = TS_SCAN_NONE;
		walk->members = NULL;
	}
	walk->last = VALUE;
	walk->scan.at++;
	return true;
}

static bool take_comma(struct walk *walk)
{
	if (walk->last == OPEN || !end_value(walk))
		return false;
	if (!walk->opened && !walk->members)
		walk->members = walk->scan.at;
	walk->last = COMMA;
	walk->scan.at++;
	return true;
}

/* At the very beginning its key is what is missing. */
static bool take_colon(struct walk *walk)
{
	bool key = walk->last == START || (walk->last == STRING && (walk->keyed || walk->perhaps));

	if (!key || !is_in(walk, TS_SCAN_OBJECT))
		return false;
	walk->last = COLON;
	walk->scan.at++;
	return true;
}

static bool take_plain(struct walk *walk, char c)
{
	struct ts_scanned value;

	if (!begin_value(walk, c) || !ts_scan_value(&walk->scan, &value))
		return false;
	walk->last = c == '"' ? STRING : VALUE;
	return true;
}

static bool take_token(struct walk *walk)
{
	char c = *walk->scan.at;

	walk->closed = false;
	switch (c) {
	case '{':
	case '[':
		return take_open(walk, c);
	case '}':
	case ']':
		return take_close(walk, c);
	case ',':
		return take_comma(walk);
	case ':':
		return take_colon(walk);
	default:
		return take_plain(walk, c);
	}
}

static void skip_space(struct walk *walk)
{
	while (walk->scan.at < walk->scan.end && strchr(" \t\r\n", *walk->scan.at) &&
	       *walk->scan.at)
		walk->scan.at++;
}

static bool walk_all(struct walk *walk)
{
	skip_space(walk);
	while (walk->scan.at < walk->scan.end) {
		if (!take_token(walk))
			return false;
		skip_space(walk);
	}
	return walk->closed && !walk->opened;
}

/* --- where it begins ------------------------------------------------------------------- */

enum start { OUTSIDE, IN_STRING, ESCAPED, N_STARTS };

/* The rest of the string that is under way. */
static bool leave_string(struct walk *walk, bool escaped)
{
	struct ts_scan *scan = &walk->scan;

	for (scan->at += escaped; scan->at < scan->end; scan->at++) {
		if (*scan->at == '"') {
			scan->at++;
			walk->last = STRING;
			walk->perhaps = true;
			return true;
		}
		if (*scan->at == '\\')
			scan->at++;
		else if ((unsigned char)*scan->at < 0x20)
			return false;
	}
	return false;
}

/* The rest of a number or word, which may be any part of one. */
static void leave_scalar(struct walk *walk)
{
	static const char bytes[] = "0123456789+-.eEtrufalsn";
	struct ts_scan *scan = &walk->scan;

	for (; scan->at < scan->end && *scan->at && strchr(bytes, *scan->at); scan->at++)
		walk->last = VALUE;
}

static bool walk_from(struct walk *walk, struct ts_text text, enum start start)
{
	*walk = (struct walk){.scan = {text.data, text.data + text.bytes}, .last = START};
	if (!text.bytes)
		return false;
	if (start != OUTSIDE && !leave_string(walk, start == ESCAPED))
		return false;
	if (start == OUTSIDE)
		leave_scalar(walk);
	return walk_all(walk);
}

bool ts_scan_tail(struct ts_text text, enum ts_scan_type *ret_type, struct ts_scan *ret)
{
	struct walk walk, found = {.closed = false};

	for (int start = 0; start < N_STARTS; start++) {
		if (!walk_from(&walk, text, start))
			continue;
		if (found.closed && (walk.closed_type != found.closed_type ||
				     walk.closed_members != found.closed_members))
			return false;
		found = walk;
	}
	if (!found.closed)
		return false;
	*ret_type = found.closed_type;
	ret->end = text.data + text.bytes;
	ret->at = found.closed_members ? found.closed_members : ret->end;
	return true;
}
