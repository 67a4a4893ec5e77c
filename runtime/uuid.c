// SPDX-License-Identifier: Apache-2.0
#include "uuid.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <uuid/uuid.h>

#define DIGITS 32

void ts_uuid_format(const struct ts_uuid *uuid, char ret[TS_UUID_TEXT])
{
	uuid_unparse_lower(uuid->bytes, ret);
}

/* The prefix's digits; their number, or -EINVAL. */
static int read_digits(const char *prefix, char digits[DIGITS])
{
	int n = 0, at_dash = -1;

	for (const char *c = prefix; *c; c++) {
		if (*c == '-' && (n == 8 || n == 12 || n == 16 || n == 20) && at_dash != n) {
			at_dash = n;
			continue;
		}
		if (!isxdigit((unsigned char)*c) || n == DIGITS)
			return -EINVAL;
		digits[n++] = *c;
	}
	return n ? n : -EINVAL;
}

static void fill(const char digits[DIGITS], int n, char rest, struct ts_uuid *ret)
{
	char text[TS_UUID_TEXT];
	int at = 0;

	for (int i = 0; i < DIGITS; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			text[at++] = '-';
		text[at++] = i < n ? digits[i] : rest;
	}
	text[at] = 0;
	uuid_parse(text, ret->bytes);
}

int ts_uuid_prefix_range(const char *prefix, struct ts_uuid *ret_low, struct ts_uuid *ret_high)
{
	char digits[DIGITS];
	int n = read_digits(prefix, digits);

	if (n < 0)
		return n;
	fill(digits, n, '0', ret_low);
	fill(digits, n, 'f', ret_high);
	return 0;
}
