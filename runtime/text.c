// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "pool.h"

#define NUL_SHOWN   "\xe2\x90\x80" /* U+2400 */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define ONES        0x0101010101010101ULL
#define TOPS        0x8080808080808080ULL

/* Whether there is neither a NUL nor a byte above 0x7f. */
static bool is_plain(const char *data, size_t bytes)
{
	for (; bytes >= sizeof(uint64_t); data += sizeof(uint64_t), bytes -= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, data, sizeof(word));
		if ((word | (word - ONES)) & TOPS)
			return false;
	}
	for (; bytes; data++, bytes--) {
		if (*data <= 0)
			return false;
	}
	return true;
}

static bool in_range(unsigned char byte, unsigned char low, unsigned char high)
{
	return byte >= low && byte <= high;
}

/* Unicode 15, table 3-7 */
size_t ts_text_character(const char *data, size_t bytes)
{
	const unsigned char *p = (const void *)data;
	unsigned char low = 0x80, high = 0xbf;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (n < 2)
		return n;
	if (p[0] > 0xf4 || n > bytes)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (!in_range(p[1], low, high))
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (!in_range(p[i], 0x80, 0xbf))
			return 0;
	}
	return n;
}

/* Copies to `to`, which holds 3 * text.bytes; answers the bytes written. */
static size_t repair(char *to, struct ts_text text, size_t *repaired)
{
	const char *p = text.data;
	size_t written = 0;

	for (size_t at = 0; at < text.bytes;) {
		size_t n = p[at] ? ts_text_character(p + at, text.bytes - at) : 0;

		if (n) {
			memcpy(to + written, p + at, n);
			written += n;
			at += n;
			continue;
		}
		memcpy(to + written, p[at] ? REPLACEMENT : NUL_SHOWN, 3);
		written += 3;
		at++;
		++*repaired;
	}
	return written;
}

const char *ts_text_clean(struct ts_pool *pool, struct ts_text text, size_t *ret_repaired)
{
	size_t repaired = 0, bytes = text.bytes;
	bool plain = is_plain(text.data, text.bytes);
	char *clean;

	if (bytes > SIZE_MAX / 4)
		return NULL;
	clean = ts_pool_alloc(pool, (plain ? bytes : 3 * bytes) + 1);
	if (!clean)
		return NULL;
	if (plain)
		memcpy(clean, text.data, bytes);
	else
		bytes = repair(clean, text, &repaired);
	clean[bytes] = 0;
	if (!plain)
		ts_pool_trim(pool, clean, bytes + 1);
	if (ret_repaired)
		*ret_repaired = repaired;
	return clean;
}

void ts_text_trim_end(struct ts_text *text)
{
	const unsigned char *p = (const void *)text->data;

	for (size_t back = 1; back <= 3 && back <= text->bytes; back++) {
		unsigned char byte = p[text->bytes - back];
		size_t n = byte < 0xc2   ? 0
			   : byte < 0xe0 ? 2
			   : byte < 0xf0 ? 3
			   : byte < 0xf5 ? 4
					 : 0;

		if (n > back)
			text->bytes -= back;
		if (byte < 0x80 || byte >= 0xc0)
			return;
	}
}

void ts_text_trim_begin(struct ts_text *text)
{
	for (int i = 0; i < 3 && text->bytes && ((unsigned char)*text->data & 0xc0) == 0x80; i++) {
		text->data++;
		text->bytes--;
	}
}
