// SPDX-License-Identifier: Apache-2.0
#include "base64.h"

#include <stdint.h>

#include "buffer.h"

/* -1: not a digit. */
static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

void ts_base64_decode(struct ts_buffer *to, struct ts_text text)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t at = 0; at < text.bytes; at++) {
		int value = text.data[at] == '\\' ? -2 : digit(text.data[at]);
		char byte;

		if (value == -2) /* JSON may escape a slash */
			continue;
		if (value < 0)
			return;
		bits = bits << 6 | (uint32_t)value;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		byte = (char)(bits >> n);
		ts_buffer_add(to, &byte, 1);
	}
}
