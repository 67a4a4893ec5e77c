// SPDX-License-Identifier: Apache-2.0
/* Arguments and results -> bytes. */

#include "capture.h"

#include <stdbool.h>

#include "guarded.h"
#include "stdtext.h"

#include "hot.h"

/* Words read through this type may alias anything. */
typedef uint64_t __attribute__((may_alias, aligned(1))) any_word;

uint64_t ts_capture_integer(const struct ts_capture *capture, uintptr_t slot)
{
	uint64_t word = ts_capture_word(slot, capture->offset);
	uint32_t shift = 64 - capture->bits;

	if (capture->how == TS_CAPTURE_SIGNED)
		return (uint64_t)((int64_t)(word << shift) >> shift);
	return word << shift >> shift;
}

/* The number of bytes that a TS_CAPTURE_BYTES parameter has; a negative length is none. */
static uint64_t bytes_length(const struct ts_capture *capture, uintptr_t slot)
{
	struct ts_capture length = {
		.how = capture->length_signed ? TS_CAPTURE_SIGNED : TS_CAPTURE_UNSIGNED,
		.bits = capture->length_bits,
		.offset = capture->length_offset,
	};
	uint64_t n = ts_capture_integer(&length, slot);

	return capture->length_signed && (int64_t)n < 0 ? 0 : n;
}

static uint64_t put_word(char *at, enum ts_value_type type, uint16_t param, uint64_t word)
{
	*(struct ts_value *)at = (struct ts_value){.type = type, .param = param, .bytes = 8};
	*(any_word *)(at + sizeof(struct ts_value)) = word;
	return sizeof(struct ts_value) + 8;
}

static uint64_t put_bare(char *at, enum ts_value_type type, uint16_t param)
{
	*(struct ts_value *)at = (struct ts_value){.type = type, .param = param};
	return sizeof(struct ts_value);
}

static uint64_t put_unreadable(char *at, uint16_t param, const char *string)
{
	return put_word(at, TS_VALUE_UNREADABLE, param, (uintptr_t)string);
}

/* Three quarters of `kept` from the start of the string, the rest from its end. */
static uint64_t put_cut(char *at, uint16_t param, const char *string, uint64_t full, uint64_t kept)
{
	uint32_t tail = (uint32_t)(kept / 4);
	uint32_t head = (uint32_t)kept - tail;
	char *payload = at + sizeof(struct ts_value);

	*(struct ts_value *)at = (struct ts_value){
		.type = TS_VALUE_CUT,
		.param = param,
		.bytes = (uint32_t)(sizeof(struct ts_value_cut) + kept),
	};
	*(struct ts_value_cut *)payload =
		(struct ts_value_cut){.full_bytes = full, .head_bytes = head, .tail_bytes = tail};
	payload += sizeof(struct ts_value_cut);
	if (!ts_guarded_copy(payload, string, head) ||
	    !ts_guarded_copy(payload + head, string + full - tail, tail))
		return put_unreadable(at, param, string);
	return sizeof(struct ts_value) + TS_ALIGN8(sizeof(struct ts_value_cut) + kept);
}

/* Where it goes, and what may still be written there. */
struct space {
	char *at;
	const char *end;
	uint64_t budget;
};

/* A string of `full` bytes, which is more than there is space for. Answers what it took. */
static uint64_t put_long(struct space space, uint16_t param, const char *string, uint64_t full)
{
	const uint64_t heads = sizeof(struct ts_value) + sizeof(struct ts_value_cut);
	uint64_t room = (uint64_t)(space.end - space.at);

	if (full > TS_CAPTURE_ADDRESSES)
		return put_unreadable(space.at, param, string);
	if (room < heads)
		return 0;
	return put_cut(space.at, param, string, full,
		       room - heads < space.budget ? room - heads : space.budget);
}

cold uint64_t ts_capture_unfinished(const struct ts_capture *capture, uintptr_t slot, char *at,
				    uint64_t room, uint64_t budget, uint64_t found)
{
	const char *string = (const char *)ts_capture_word(slot, capture->offset);
	struct space space = {.at = at, .end = at + room, .budget = budget};
	uint64_t most = ts_capture_most(room, budget);
	uint64_t rest = found == TS_UNREADABLE ? found : ts_guarded_length(string + most);

	return put_long(space, capture->param, string, rest == TS_UNREADABLE ? rest : most + rest);
}

cold uint64_t ts_capture_nowhere(char *at, uint16_t param, const char *string)
{
	return string ? put_unreadable(at, param, string) : put_bare(at, TS_VALUE_NULL, param);
}

/* So many bytes as another parameter says. */
static uint64_t put_bytes(const struct ts_capture *capture, uintptr_t slot, struct space space)
{
	const char *string = (const char *)ts_capture_word(slot, capture->offset);
	uint64_t full = bytes_length(capture, slot);

	if (!string || (full && ts_capture_is_impossible((uintptr_t)string)))
		return ts_capture_nowhere(space.at, capture->param, string);
	if (full > ts_capture_most((uint64_t)(space.end - space.at), space.budget))
		return put_long(space, capture->param, string, full);
	if (!ts_guarded_copy(space.at + sizeof(struct ts_value), string, full))
		return put_unreadable(space.at, capture->param, string);
	return ts_capture_put_string(space.at, capture->param, full);
}

/* How much of a budget for strings a value took. */
static always_inline uint64_t budget_taken(const char *at)
{
	const struct ts_value *value = (const struct ts_value *)at;

	if (likely(value->type == TS_VALUE_STRING))
		return value->bytes;
	return value->type == TS_VALUE_CUT ? value->bytes - sizeof(struct ts_value_cut) : 0;
}

static uint64_t put_number(const struct ts_capture *capture, uintptr_t slot, char *at)
{
	static const uint8_t types[] = {
		[TS_CAPTURE_SIGNED] = TS_VALUE_INT,  [TS_CAPTURE_UNSIGNED] = TS_VALUE_UINT,
		[TS_CAPTURE_BOOL] = TS_VALUE_BOOL,   [TS_CAPTURE_CHAR] = TS_VALUE_CHAR,
		[TS_CAPTURE_FLOAT] = TS_VALUE_FLOAT, [TS_CAPTURE_DOUBLE] = TS_VALUE_DOUBLE,
	};

	return put_word(at, types[capture->how], capture->param, ts_capture_integer(capture, slot));
}

static uint64_t put_other(const struct ts_capture *capture, uintptr_t slot, struct space space)
{
	if (capture->how == TS_CAPTURE_BYTES)
		return put_bytes(capture, slot, space);
	if (capture->how >= TS_CAPTURE_STD_STRING)
		return ts_std_put(capture, slot, space.at, (uint64_t)(space.end - space.at),
				  space.budget);
	if (capture->how == TS_CAPTURE_REDACTED)
		return put_bare(space.at, TS_VALUE_REDACTED, capture->param);
	return put_number(capture, slot, space.at);
}

uint64_t ts_capture_all(const struct ts_capture *captures, uint32_t n, uintptr_t slot, char *at,
			uint64_t room, uint64_t budget)
{
	struct space space = {.at = at, .end = at + room, .budget = budget};

	for (const struct ts_capture *capture = captures; capture < captures + n; capture++) {
		uint64_t left = (uint64_t)(space.end - space.at), bytes;

		if (left < TS_CAPTURE_LEAST)
			break;
		bytes = capture->how == TS_CAPTURE_STRING
				? ts_capture_string(capture, slot, space.at, left, space.budget)
				: put_other(capture, slot, space);
		if (bytes)
			space.budget -= budget_taken(space.at);
		space.at += bytes;
	}
	return (uint64_t)(space.at - at);
}

static uint8_t decimal(int64_t number, bool is_signed, char *ret)
{
	uint64_t rest = is_signed && number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[20];
	uint8_t n = 0, done = 0;

	do {
		digits[n++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (is_signed && number < 0)
		ret[done++] = '-';
	while (n)
		ret[done++] = digits[--n];
	return done;
}

uint8_t ts_capture_tenant(const struct ts_capture *capture, uintptr_t slot, char *ret)
{
	uint64_t address, bytes;

	if (capture->how == TS_CAPTURE_SIGNED || capture->how == TS_CAPTURE_UNSIGNED)
		return decimal((int64_t)ts_capture_integer(capture, slot),
			       capture->how == TS_CAPTURE_SIGNED, ret);
	if (capture->how >= TS_CAPTURE_STD_STRING)
		return (uint8_t)ts_std_copy(capture, slot, ret, TS_ABI_MAX_TENANT);
	if (capture->how != TS_CAPTURE_STRING && capture->how != TS_CAPTURE_BYTES)
		return 0;
	address = ts_capture_word(slot, capture->offset);
	if (ts_capture_is_impossible(address))
		return 0;
	bytes = capture->how == TS_CAPTURE_STRING ? ts_guarded_length((const char *)address)
						  : bytes_length(capture, slot);
	if (bytes == TS_UNREADABLE)
		return 0;
	if (bytes > TS_ABI_MAX_TENANT)
		bytes = TS_ABI_MAX_TENANT;
	return ts_guarded_copy(ret, (const char *)address, bytes) ? (uint8_t)bytes : 0;
}
