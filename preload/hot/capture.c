// SPDX-License-Identifier: Apache-2.0
/* Arguments and results -> bytes. */

#include "capture.h"

#include <stdbool.h>

#include "guarded.h"
#include "stdtext.h"

#include "hot.h"

/* Words read through this type may alias anything. */
typedef uint64_t __attribute__((may_alias, aligned(1))) any_word;

#define ADDRESSES (1ULL << 47)

/* The null page is never mapped, and no pointer of a program lies above the lower half. What a look
 * can tell need not cost a fault. */
static bool impossible(uint64_t address)
{
	return address < 4096 || address >= ADDRESSES;
}

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

static uint64_t put_whole(char *at, uint16_t param, uint64_t bytes)
{
	*(struct ts_value *)at = (struct ts_value){
		.type = TS_VALUE_STRING, .param = param, .bytes = (uint32_t)bytes};
	return sizeof(struct ts_value) + TS_ALIGN8(bytes);
}

/*
 * Copies so many bytes, or those before a NUL, if there are no more than `most`. Answers how many there
 * are, `most` + 1 where more come before a NUL, TS_UNREADABLE where they cannot be read.
 */
static uint64_t copy_up_to(char *to, const char *string, bool counted, uint64_t bytes,
			   uint64_t most)
{
	if (!counted)
		return ts_guarded_string(to, string, most);
	return bytes <= most ? ts_guarded_bytes(to, string, bytes) : bytes;
}

/* The length of a string whose first bytes are known. */
static uint64_t length_from(const char *string, uint64_t known)
{
	uint64_t rest = ts_guarded_length(string + known);

	return rest == TS_UNREADABLE ? rest : known + rest;
}

/* A string to its NUL, or so many bytes as another parameter says. */
static uint64_t put_string(const struct ts_capture *capture, uintptr_t slot, char *at,
			   uint64_t room, uint64_t *budget)
{
	const char *string = (const char *)ts_capture_word(slot, capture->offset);
	bool counted = capture->how == TS_CAPTURE_BYTES;
	uint64_t full = counted ? bytes_length(capture, slot) : 0;
	uint64_t most = room - sizeof(struct ts_value);
	uint64_t kept;

	if (!string)
		return put_bare(at, TS_VALUE_NULL, capture->param);
	if (unlikely(impossible((uintptr_t)string)) && (full || !counted))
		return put_unreadable(at, capture->param, string);
	most = most < *budget ? most : *budget;
	full = copy_up_to(at + sizeof(struct ts_value), string, counted, full, most);
	if (likely(full <= most)) {
		*budget -= full;
		return put_whole(at, capture->param, full);
	}
	if (full != TS_UNREADABLE && !counted)
		full = length_from(string, most);
	if (full > ADDRESSES)
		return put_unreadable(at, capture->param, string);
	if (room < sizeof(struct ts_value) + sizeof(struct ts_value_cut))
		return 0;
	kept = room - sizeof(struct ts_value) - sizeof(struct ts_value_cut);
	kept = kept < *budget ? kept : *budget;
	*budget -= kept;
	return put_cut(at, capture->param, string, full, kept);
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

uint64_t ts_capture_values(const struct ts_capture *captures, uint32_t n, uintptr_t slot, char *at,
			   uint64_t room, uint64_t budget)
{
	uint64_t done = 0;

	for (uint32_t i = 0; i < n && room - done >= 16; i++) {
		const struct ts_capture *capture = &captures[i];

		if (capture->how == TS_CAPTURE_STRING || capture->how == TS_CAPTURE_BYTES)
			done += put_string(capture, slot, at + done, room - done, &budget);
		else if (capture->how >= TS_CAPTURE_STD_STRING)
			done += ts_std_put(capture, slot, at + done, room - done, &budget);
		else if (capture->how == TS_CAPTURE_REDACTED)
			done += put_bare(at + done, TS_VALUE_REDACTED, capture->param);
		else
			done += put_number(capture, slot, at + done);
	}
	return done;
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
	if (impossible(address))
		return 0;
	bytes = capture->how == TS_CAPTURE_STRING ? ts_guarded_length((const char *)address)
						  : bytes_length(capture, slot);
	if (bytes == TS_UNREADABLE)
		return 0;
	if (bytes > TS_ABI_MAX_TENANT)
		bytes = TS_ABI_MAX_TENANT;
	return ts_guarded_copy(ret, (const char *)address, bytes) ? (uint8_t)bytes : 0;
}
