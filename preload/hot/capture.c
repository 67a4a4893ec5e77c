// SPDX-License-Identifier: Apache-2.0
/* Arguments and results -> bytes. */

#include "capture.h"

#include <stdbool.h>

#include "stdtext.h"

#include "hot.h"

/* Words read through this type may alias anything. */
typedef uint64_t __attribute__((may_alias, aligned(1))) any_word;

#define PAGE  4096ULL
#define ONES  0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL

/* The null page is never mapped, and no pointer of a program lies above the lower half. */
static bool impossible(uint64_t address)
{
	return address < 4096 || address >= 1ULL << 47;
}

/* A word in which the lowest byte that is set belongs to the first zero byte of `word`. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - ONES) & ~word & HIGHS;
}

/* Reads whole aligned words: none of them crosses into a page that the string does not reach. */
static uint64_t string_bytes(const char *string)
{
	const any_word *word = (const any_word *)((uintptr_t)string & ~(uintptr_t)7);
	uint32_t skip = (uint32_t)((uintptr_t)string & 7) * 8;
	uint64_t zero = zero_bytes(*word | (skip ? (1ULL << skip) - 1 : 0));

	while (!zero)
		zero = zero_bytes(*++word);
	return (uint64_t)((const char *)word - string) + (uint64_t)__builtin_ctzll(zero) / 8;
}

/* Copies 8 bytes; how many of them come before a NUL. */
static inline uint64_t copy_word(char *to, const char *from)
{
	uint64_t word = *(const any_word *)from;
	uint64_t zero = zero_bytes(word);

	*(any_word *)to = word;
	return zero ? (uint64_t)__builtin_ctzll(zero) / 8 : 8;
}

/* Copies 32 bytes; how many of them come before a NUL. ASCII is told by a shorter test. */
static inline uint64_t copy_block(char *to, const char *from)
{
	const any_word *in = (const any_word *)from;
	any_word *out = (any_word *)to;
	uint64_t a = in[0], b = in[1], c = in[2], d = in[3];
	uint64_t maybe = ((a - ONES) | (b - ONES) | (c - ONES) | (d - ONES)) & HIGHS;

	out[0] = a;
	out[1] = b;
	out[2] = c;
	out[3] = d;
	if (likely(!maybe))
		return 32;
	if (zero_bytes(a))
		return (uint64_t)__builtin_ctzll(zero_bytes(a)) / 8;
	if (zero_bytes(b))
		return 8 + (uint64_t)__builtin_ctzll(zero_bytes(b)) / 8;
	if (zero_bytes(c))
		return 16 + (uint64_t)__builtin_ctzll(zero_bytes(c)) / 8;
	if (zero_bytes(d))
		return 24 + (uint64_t)__builtin_ctzll(zero_bytes(d)) / 8;
	return 32;
}

/*
 * Copies up to a NUL, at most `bytes` bytes that may all be read. Answers how many come before it.
 */
static inline uint64_t copy_run(char *to, const char *from, uint64_t bytes)
{
	uint64_t done = 0, n = 32;

	for (; bytes - done >= 32 && n == 32; done += n)
		n = copy_block(to + done, from + done);
	if (n < 32)
		return done;
	for (n = 8; bytes - done >= 8 && n == 8; done += n)
		n = copy_word(to + done, from + done);
	if (n < 8)
		return done;
	for (; done < bytes && from[done]; done++)
		to[done] = from[done];
	return done;
}

/*
 * Copies a string as it looks for its end. A read never leaves the page that it begins in, for the
 * next one may not be there. Answers the length, or `most` + 1 where it is longer than `most`.
 * Writes no more than `most` bytes.
 */
static uint64_t copy_string(char *to, const char *string, uint64_t most)
{
	uint64_t done = 0;

	while (done < most) {
		uint64_t left = PAGE - ((uintptr_t)(string + done) & (PAGE - 1));
		uint64_t n;

		left = left < most - done ? left : most - done;
		n = copy_run(to + done, string + done, left);
		done += n;
		if (n < left)
			return done;
	}
	return string[most] ? most + 1 : most;
}

static void copy(char *to, const char *from, uint64_t bytes)
{
	uint64_t done = 0;

	for (; done + 8 <= bytes; done += 8)
		*(any_word *)(to + done) = *(const any_word *)(from + done);
	for (; done < bytes; done++)
		to[done] = from[done];
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
	copy(payload, string, head);
	copy(payload + head, string + full - tail, tail);
	return sizeof(struct ts_value) + TS_ALIGN8(sizeof(struct ts_value_cut) + kept);
}

static uint64_t put_whole(char *at, uint16_t param, uint64_t bytes)
{
	*(struct ts_value *)at = (struct ts_value){
		.type = TS_VALUE_STRING, .param = param, .bytes = (uint32_t)bytes};
	return sizeof(struct ts_value) + TS_ALIGN8(bytes);
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
		return put_word(at, TS_VALUE_UNREADABLE, capture->param, (uintptr_t)string);
	most = most < *budget ? most : *budget;
	if (counted && full <= most)
		copy(at + sizeof(struct ts_value), string, full);
	else if (!counted)
		full = copy_string(at + sizeof(struct ts_value), string, most);
	if (likely(full <= most)) {
		*budget -= full;
		return put_whole(at, capture->param, full);
	}
	if (room < sizeof(struct ts_value) + sizeof(struct ts_value_cut))
		return 0;
	if (!counted)
		full = most + string_bytes(string + most);
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
	bytes = capture->how == TS_CAPTURE_STRING ? string_bytes((const char *)address)
						  : bytes_length(capture, slot);
	if (bytes > TS_ABI_MAX_TENANT)
		bytes = TS_ABI_MAX_TENANT;
	copy(ret, (const char *)address, bytes);
	return (uint8_t)bytes;
}
