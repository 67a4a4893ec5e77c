// SPDX-License-Identifier: Apache-2.0
#include "display.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "../../text.h"

/* The character that `text` begins with; its length, or 0 where the bytes are none. */
static size_t decode(const char *text, uint32_t *ret)
{
	size_t n = ts_text_character(text, strnlen(text, 4));

	*ret = (unsigned char)*text;
	if (n > 1)
		*ret &= 0x7f >> n;
	for (size_t i = 1; i < n; i++)
		*ret = *ret << 6 | (text[i] & 0x3f);
	return n;
}

/* Reorders, hides or breaks what is around it? U+200C and U+200D shape letters and emoji. */
static bool deceives(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
		{0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* The C library's table, whatever locale the user has. */
static unsigned columns_of(uint32_t c)
{
	static locale_t utf8;
	locale_t before;
	int columns;

	if (c < 0x7f)
		return 1;
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	columns = wcwidth((wchar_t)c);
	uselocale(before);
	if (columns >= 0)
		return (unsigned)columns;
	/* Younger than the table: emoji and ideographs are wide. */
	return c >= 0x1f000 && c <= 0x3ffff ? 2 : 1;
}

/* One character as it is shown. */
struct glyph {
	char shown[16];   /* NUL-terminated */
	unsigned columns; /* 0 for a combining mark */
};

static void escape(uint32_t c, struct glyph *ret)
{
	static const char named[] = "abtnvfr";
	int n;

	if (c >= '\a' && c <= '\r')
		n = snprintf(ret->shown, sizeof(ret->shown), "\\%c", named[c - '\a']);
	else if (c < 0x100)
		n = snprintf(ret->shown, sizeof(ret->shown), "\\x%02x", c);
	else
		n = snprintf(ret->shown, sizeof(ret->shown), c > 0xffff ? "\\U%08x" : "\\u%04x", c);
	ret->columns = (unsigned)n;
}

/* The first character of `text`; answers how many bytes of text it takes, 0 at the end. */
static size_t next(const char *text, struct glyph *ret)
{
	uint32_t c;
	size_t n;

	if (!*text)
		return 0;
	n = decode(text, &c);
	if (!n) {
		escape(c, ret);
		return 1;
	}
	if (deceives(c)) {
		escape(c, ret);
		return n;
	}
	memcpy(ret->shown, text, n);
	ret->shown[n] = '\0';
	ret->columns = columns_of(c);
	return n;
}

/* How many of the first `limit` bytes are printable ASCII, as most of what is shown: a column each, shown as they are. */
static size_t plain_bytes(const char *text, size_t limit)
{
	size_t n = 0;

	while (n < limit && text[n] >= 0x20 && text[n] < 0x7f)
		n++;
	return n;
}

/* Stops counting past `limit`: what is captured may be long. */
static size_t columns_up_to(const char *text, size_t limit)
{
	struct glyph glyph;
	size_t columns = 0;
	size_t n;

	while (columns <= limit) {
		n = plain_bytes(text, limit + 1 - columns);
		columns += n;
		text += n;
		if (n)
			continue;
		n = next(text, &glyph);
		if (!n)
			break;
		columns += glyph.columns;
		text += n;
	}
	return columns;
}

size_t ts_display_columns(const char *text)
{
	return columns_up_to(text, SIZE_MAX - 64);
}

size_t ts_display_put(FILE *out, const char *text, size_t columns, const char *ellipsis)
{
	size_t mark = columns_up_to(ellipsis, columns);
	bool cut = columns_up_to(text, columns) > columns;
	size_t room = cut ? columns - (mark > columns ? columns : mark) : columns;
	struct glyph glyph;
	size_t used = 0;
	size_t n;

	for (;;) {
		n = plain_bytes(text, room - used);
		fwrite(text, 1, n, out);
		used += n;
		text += n;
		n = next(text, &glyph);
		if (!n || used + glyph.columns > room)
			break;
		fputs(glyph.shown, out);
		used += glyph.columns;
		text += n;
	}
	if (cut && mark <= columns) {
		fputs(ellipsis, out);
		used += mark;
	}
	return used;
}

void ts_display_put_padded(FILE *out, const char *text, size_t columns, const char *ellipsis)
{
	size_t used = ts_display_put(out, text, columns, ellipsis);

	fprintf(out, "%*s", (int)(columns - used), "");
}

/* How many bytes go on a line of `columns`: up to a space if there is one, never none. */
static size_t line_bytes(const char *text, size_t columns)
{
	struct glyph glyph;
	size_t used = 0;
	size_t at = 0;
	size_t space = 0;
	size_t n;

	while ((n = next(text + at, &glyph))) {
		if (used + glyph.columns > columns && at)
			return space ? space : at;
		used += glyph.columns;
		at += n;
		if (glyph.shown[0] == ' ')
			space = at;
	}
	return at;
}

void ts_display_wrap(FILE *out, const char *text, const char *indent, size_t columns)
{
	size_t margin = ts_display_columns(indent);
	size_t room = columns > margin + 8 ? columns - margin : 8;
	struct glyph glyph;

	for (;;) {
		const char *end = text + line_bytes(text, room);

		while (text < end) {
			text += next(text, &glyph);
			if (text < end || glyph.shown[0] != ' ')
				fputs(glyph.shown, out);
		}
		fputc('\n', out);
		if (!*text)
			return;
		fputs(indent, out);
	}
}
