// SPDX-License-Identifier: Apache-2.0
/* TRACEPARENT and TRACESTATE. */

#include "remote.h"

#include <string.h>

#define KEY          "traceshim="
#define OTHERS_BYTES 512 /* what the W3C wants carried at least */

/* -1: no digit. The W3C allows small letters only. */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads `bytes` bytes of hexadecimal digits. What follows them, or NULL. */
static const char *get_hex(const char *text, void *ret, size_t bytes)
{
	uint8_t *to = ret;

	for (size_t i = 0; i < bytes; i++, text += 2) {
		int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);

		if (low < 0)
			return NULL;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return text;
}

static char *put_hex(char *to, const void *data, size_t bytes)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = data;

	for (size_t i = 0; i < bytes; i++) {
		*to++ = digits[from[i] >> 4];
		*to++ = digits[from[i] & 15];
	}
	return to;
}

static char *put_text(char *to, const char *text, size_t bytes)
{
	memcpy(to, text, bytes);
	return to + bytes;
}

/* Later versions may add to what version 00 has, behind another '-'. */
static bool parse_parent(const char *text, struct ts_id *ret_trace, uint64_t *ret_span)
{
	uint8_t version, flags;
	const char *at = get_hex(text, &version, 1);

	at = at && *at == '-' ? get_hex(at + 1, ret_trace, 16) : NULL;
	at = at && *at == '-' ? get_hex(at + 1, ret_span, 8) : NULL;
	at = at && *at == '-' ? get_hex(at + 1, &flags, 1) : NULL;
	if (!at || version == 0xff || (*at && (version == 0 || *at != '-')))
		return false;
	return (ret_trace->high || ret_trace->low) && *ret_span;
}

static const char *skip_space(const char *text)
{
	return text + strspn(text, " \t");
}

/* The entry that begins at or behind `text`, and its length; NULL: there is none. */
static const char *next_entry(const char *text, size_t *ret_bytes)
{
	text += strspn(text, " \t,");
	*ret_bytes = strcspn(text, ",");
	while (*ret_bytes && skip_space(text + *ret_bytes - 1) != text + *ret_bytes - 1)
		--*ret_bytes;
	return *ret_bytes ? text : NULL;
}

static bool is_ours(const char *entry, size_t bytes)
{
	return bytes >= strlen(KEY) && memcmp(entry, KEY, strlen(KEY)) == 0;
}

/* The first entry is the newest. */
static const char *our_entry(const char *state, size_t *ret_bytes)
{
	const char *entry = state;

	while ((entry = next_entry(entry, ret_bytes)) && !is_ours(entry, *ret_bytes))
		entry += *ret_bytes;
	return entry;
}

static bool parse_entry(const char *entry, size_t bytes, struct ts_inherited *ret)
{
	const char *end = entry + bytes;
	const char *at = get_hex(entry + strlen(KEY), &ret->parent_id, 16);
	size_t tenant = at && at < end ? (size_t)(end - at - 1) : 0;

	if (!at || at > end || tenant % 2 || tenant / 2 > TS_ABI_MAX_TENANT)
		return false;
	if (at < end && (*at != '-' || !get_hex(at + 1, ret->trace.tenant, tenant / 2)))
		return false;
	ret->trace.tenant_bytes = (uint8_t)(tenant / 2);
	ret->has_parent = ret->parent_id.high || ret->parent_id.low;
	return true;
}

bool ts_remote_parse(const char *traceparent, const char *tracestate, struct ts_inherited *ret)
{
	struct ts_inherited found = {.frame = NULL};
	const char *entry;
	uint64_t span;
	size_t bytes;

	if (!traceparent || !tracestate || !parse_parent(traceparent, &found.trace.id, &span))
		return false;
	entry = our_entry(tracestate, &bytes);
	if (!entry || !parse_entry(entry, bytes, &found))
		return false;
	if (span != (found.has_parent ? found.parent_id.low : found.trace.id.low))
		return false;
	*ret = found;
	return true;
}

void ts_remote_put_parent(const struct ts_inherited *where, char ret[TS_TRACEPARENT_BYTES])
{
	const struct ts_id *span = where->has_parent ? &where->parent_id : &where->trace.id;
	char *at = put_text(ret, TS_TRACEPARENT "00-", strlen(TS_TRACEPARENT "00-"));

	at = put_hex(at, &where->trace.id, 16);
	*at++ = '-';
	at = put_hex(at, &span->low, 8);
	put_text(at, "-01", 4);
}

/* Whole entries of other vendors, as many as there is room for. */
static char *put_others(char *to, const char *others)
{
	char *end = to + OTHERS_BYTES;
	const char *entry = others;
	size_t bytes;

	for (; (entry = next_entry(entry, &bytes)); entry += bytes) {
		if (is_ours(entry, bytes) || bytes + 1 > (size_t)(end - to))
			continue;
		*to++ = ',';
		to = put_text(to, entry, bytes);
	}
	return to;
}

void ts_remote_put_state(const struct ts_inherited *where, const char *others,
			 char ret[TS_TRACESTATE_BYTES])
{
	const struct ts_id none = {0, 0};
	char *at = put_text(ret, TS_TRACESTATE KEY, strlen(TS_TRACESTATE KEY));

	at = put_hex(at, where->has_parent ? &where->parent_id : &none, 16);
	if (where->trace.tenant_bytes) {
		*at++ = '-';
		at = put_hex(at, where->trace.tenant, where->trace.tenant_bytes);
	}
	if (others)
		at = put_others(at, others);
	*at = '\0';
}
