// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <string.h>

#include "pool.h"

/* --- values ---------------------------------------------------------------------------- */

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* Behind the string whose quote `at` points to; NULL: it does not end, or is none. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\')
			at++;
		else if ((unsigned char)*at < 0x20)
			return NULL;
	}
	return NULL;
}

/* Of a number or a word; its end is told only by what comes behind it. */
static const char *skip_scalar(const char *at, const char *end)
{
	while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			    (*at >= '0' && *at <= '9') || *at == '-' || *at == '+' || *at == '.'))
		at++;
	return at < end ? at : NULL;
}

/* An array or object, by its brackets alone: what lies between them is judged by who reads it. */
static const char *skip_nested(const char *at, const char *end)
{
	uint64_t objects = 0; /* a bit a level, the innermost lowest */
	unsigned depth = 0;

	while (at && at < end) {
		switch (*at) {
		case '"':
			at = skip_string(at, end);
			continue;
		case '{':
		case '[':
			if (depth++ == TS_SCAN_DEPTH)
				return NULL;
			objects = objects << 1 | (*at == '{');
			break;
		case '}':
		case ']':
			if ((objects & 1) != (*at == '}'))
				return NULL;
			objects >>= 1;
			if (--depth == 0)
				return at + 1;
			break;
		}
		at++;
	}
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

/* As JSON writes numbers: -12, 0.5, 1e-7. */
static bool is_number(struct ts_text text)
{
	const char *at = text.data, *end = at + text.bytes, *from;

	at += at < end && *at == '-';
	from = at;
	at = skip_digits(at, end);
	if (at == from || (*from == '0' && at > from + 1))
		return false;
	if (at < end && *at == '.') {
		from = ++at;
		at = skip_digits(at, end);
		if (at == from)
			return false;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '-' || *at == '+');
		from = at;
		at = skip_digits(at, end);
		if (at == from)
			return false;
	}
	return at == end;
}

static enum ts_scan_type type_of_scalar(struct ts_text text)
{
	if (ts_scan_is(text, "null"))
		return TS_SCAN_NULL;
	if (ts_scan_is(text, "true"))
		return TS_SCAN_TRUE;
	if (ts_scan_is(text, "false"))
		return TS_SCAN_FALSE;
	return is_number(text) ? TS_SCAN_NUMBER : TS_SCAN_NONE;
}

bool ts_scan_value(struct ts_scan *scan, struct ts_scanned *ret)
{
	const char *from = skip_space(scan->at, scan->end), *to;
	struct ts_scanned value;

	if (from == scan->end)
		return false;
	if (*from == '"')
		to = skip_string(from, scan->end);
	else if (*from == '{' || *from == '[')
		to = skip_nested(from, scan->end);
	else
		to = skip_scalar(from, scan->end);
	if (!to)
		return false;
	value.text = (struct ts_text){from, (size_t)(to - from)};
	value.type = *from == '"'   ? TS_SCAN_STRING
		     : *from == '{' ? TS_SCAN_OBJECT
		     : *from == '[' ? TS_SCAN_ARRAY
				    : type_of_scalar(value.text);
	if (value.type == TS_SCAN_NONE)
		return false;
	scan->at = to;
	*ret = value;
	return true;
}

/* --- what is inside -------------------------------------------------------------------- */

struct ts_scan ts_scan_inside(const struct ts_scanned *value)
{
	if (value->type != TS_SCAN_ARRAY && value->type != TS_SCAN_OBJECT)
		return (struct ts_scan){NULL, NULL};
	/* with the bracket that ends it, which ends a number as well */
	return (struct ts_scan){value->text.data + 1, value->text.data + value->text.bytes};
}

static void skip_comma(struct ts_scan *scan)
{
	scan->at = skip_space(scan->at, scan->end);
	if (scan->at < scan->end && *scan->at == ',')
		scan->at++;
}

bool ts_scan_item(struct ts_scan *scan, struct ts_scanned *ret)
{
	skip_comma(scan);
	return ts_scan_value(scan, ret);
}

bool ts_scan_member(struct ts_scan *scan, struct ts_text *ret_key, struct ts_scanned *ret)
{
	struct ts_scan ahead = *scan;
	struct ts_scanned key;

	skip_comma(&ahead);
	if (!ts_scan_value(&ahead, &key) || key.type != TS_SCAN_STRING)
		return false;
	ahead.at = skip_space(ahead.at, ahead.end);
	if (ahead.at == ahead.end || *ahead.at++ != ':' || !ts_scan_value(&ahead, ret))
		return false;
	*ret_key = ts_scan_string(&key);
	*scan = ahead;
	return true;
}

static bool find_in_items(const struct ts_scanned *array, const char *path, struct ts_scanned *ret)
{
	struct ts_scan scan = ts_scan_inside(array);
	struct ts_scanned item;

	while (array->type == TS_SCAN_ARRAY && ts_scan_item(&scan, &item))
		if (ts_scan_find(&item, path, ret))
			return true;
	return false;
}

bool ts_scan_step(const struct ts_scanned *value, const char *path, struct ts_scanned *ret)
{
	if (value->type == TS_SCAN_NONE || value->type == TS_SCAN_NULL)
		return false;
	if (path[0] == '[')
		return find_in_items(value, path + strlen("[]."), ret);
	if (path[0] == '.')
		return ts_scan_find(value, path + 1, ret);
	*ret = *value;
	return true;
}

bool ts_scan_find(const struct ts_scanned *object, const char *path, struct ts_scanned *ret)
{
	size_t n = strcspn(path, ".[");
	struct ts_scan scan = ts_scan_inside(object);
	struct ts_scanned value, found = {.type = TS_SCAN_NONE};
	struct ts_text key;

	if (object->type != TS_SCAN_OBJECT)
		return false;
	while (ts_scan_member(&scan, &key, &value))
		if (key.bytes == n && !memcmp(key.data, path, n))
			found = value;
	return ts_scan_step(&found, path + n, ret);
}

/* --- texts ----------------------------------------------------------------------------- */

bool ts_scan_is(struct ts_text text, const char *wanted)
{
	return text.bytes == strlen(wanted) && !memcmp(text.data, wanted, text.bytes);
}

struct ts_text ts_scan_string(const struct ts_scanned *value)
{
	if (value->type != TS_SCAN_STRING)
		return (struct ts_text){"", 0};
	return (struct ts_text){value->text.data + 1, value->text.bytes - 2};
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* Back to the last '*' where it does not fit: no more than the product of both lengths. */
bool ts_scan_like(struct ts_text text, const char *pattern)
{
	const char *star = NULL;
	size_t at = 0, mark = 0;

	while (at < text.bytes) {
		if (*pattern == '*') {
			star = ++pattern;
			mark = at;
		} else if (*pattern && lower(*pattern) == lower(text.data[at])) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star;
			at = ++mark;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The four digits of \uXXXX; UINT32_MAX where there are none. */
static uint32_t hex4(const char *at, const char *end)
{
	uint32_t value = 0;

	if (end - at < 4)
		return UINT32_MAX;
	for (int i = 0; i < 4; i++) {
		char c = lower(at[i]);

		if (is_digit(c))
			value = value << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint32_t)(c - 'a' + 10);
		else
			return UINT32_MAX;
	}
	return value;
}

/* The character of \uXXXX, or of two of them that are one pair; *at is behind it. */
static uint32_t take_unicode(const char **at, const char *end)
{
	uint32_t high = hex4(*at, end), low;

	if (high == UINT32_MAX)
		return 0xfffd;
	*at += 4;
	if (high == 0)
		return 0x2400;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return 0xfffd;
	low = hex4(*at + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*at += 6;
	return 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
}

bool ts_scan_unescape(const struct ts_scanned *value, struct ts_pool *pool, struct ts_text *ret)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	struct ts_text text = ts_scan_string(value);
	const char *at = text.data, *end = at + text.bytes, *letter;
	char *to, *start;

	if (value->type != TS_SCAN_STRING)
		return false;
	start = to = ts_pool_alloc(pool, text.bytes + 1);
	if (!to)
		return false;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		size_t n = (size_t)((escape ? escape : end) - at);

		memcpy(to, at, n);
		to += n;
		at += n;
		if (!escape || ++at == end)
			break;
		letter = strchr(letters, *at);
		if (*at++ == 'u')
			to += put_utf8(to, take_unicode(&at, end));
		else
			*to++ = letter ? meanings[letter - letters] : at[-1];
	}
	*to = 0;
	*ret = (struct ts_text){start, (size_t)(to - start)};
	return true;
}

/* --- numbers --------------------------------------------------------------------------- */

#define MOST_DIGITS   36 /* that count, so that they fit 128 bits */
#define MOST_EXPONENT 60

/* Digits as an integer, and the power of ten that it is to be multiplied with. */
struct decimal {
	unsigned __int128 digits;
	int n_digits; /* from the first that is not 0 */
	int power;
	bool rest; /* digits behind those that count were not all 0 */
};

static const char *take_digits(struct decimal *decimal, const char *at, const char *end,
			       bool fraction)
{
	for (; at < end && is_digit(*at); at++) {
		if (decimal->n_digits < MOST_DIGITS) {
			decimal->digits = decimal->digits * 10 + (unsigned)(*at - '0');
			decimal->n_digits += decimal->digits != 0;
			decimal->power -= fraction;
		} else {
			decimal->rest |= *at != '0';
			decimal->power += !fraction;
		}
	}
	return at;
}

static bool take_exponent(struct decimal *decimal, const char *at, const char *end)
{
	bool negative = at < end && *at == '-';
	int exponent = 0;

	for (at += at < end && !is_digit(*at); at < end; at++)
		if (exponent <= MOST_EXPONENT)
			exponent = exponent * 10 + (*at - '0');
	decimal->power += negative ? -exponent : exponent;
	return exponent <= MOST_EXPONENT;
}

static bool scale_up(struct decimal *decimal, int power)
{
	for (; power > 0; power--) {
		if (decimal->digits > INT64_MAX)
			return false;
		decimal->digits *= 10;
	}
	return decimal->digits <= INT64_MAX;
}

/* Without the last -power digits. */
static bool scale_down(struct decimal *decimal, int power, bool round)
{
	unsigned last = 0;

	for (; power < 0; power++) {
		decimal->rest |= last != 0;
		last = (unsigned)(decimal->digits % 10);
		decimal->digits /= 10;
		if (!decimal->digits && !last && !decimal->rest)
			break;
	}
	if ((last || decimal->rest) && !round)
		return false;
	decimal->digits += last >= 5;
	return decimal->digits <= INT64_MAX;
}

bool ts_scan_decimal(const struct ts_scanned *value, int scale, bool round, int64_t *ret)
{
	struct ts_text text = value->type == TS_SCAN_NUMBER ? value->text : ts_scan_string(value);
	const char *at = text.data, *end = at + text.bytes;
	struct decimal decimal = {.digits = 0};
	bool negative, fits;

	if (!text.bytes || !is_number(text))
		return false;
	negative = *at == '-';
	at = take_digits(&decimal, at + negative, end, false);
	if (at < end && *at == '.')
		at = take_digits(&decimal, at + 1, end, true);
	if (at < end && !take_exponent(&decimal, at + 1, end))
		return false;
	decimal.power += scale;
	if (decimal.power >= 0)
		fits = (!decimal.rest || round) && scale_up(&decimal, decimal.power);
	else
		fits = scale_down(&decimal, decimal.power, round);
	if (!fits)
		return false;
	*ret = negative ? -(int64_t)decimal.digits : (int64_t)decimal.digits;
	return true;
}
