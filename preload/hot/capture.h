/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_CAPTURE_H
#define TS_HOT_CAPTURE_H

/*
 * Arguments and results -> values of the event log.
 *
 * The pads lay the registers out at fixed distances from the slot that holds the return address, so
 * every argument, wherever the ABI puts it, is 8 bytes at `slot + offset`:
 *
 *   slot + 8 ...   arguments on the stack        slot - 8    rax      at return
 *   slot - 72 ..   rdi rsi rdx rcx r8 r9         slot - 16   rdx
 *                                                slot - 56   xmm0
 *   slot - 200 ..  xmm0 .. xmm7
 */

#include <stdbool.h>
#include <stdint.h>

#include "../abi.h"
#include "guarded.h"

#define TS_SLOT_STACK   8
#define TS_SLOT_INTEGER (-72)
#define TS_SLOT_VECTOR  (-200)
#define TS_SLOT_RAX     (-8)
#define TS_SLOT_RDX     (-16)
#define TS_SLOT_XMM0    (-56)

enum ts_capture_how {
	TS_CAPTURE_SIGNED,
	TS_CAPTURE_UNSIGNED,
	TS_CAPTURE_BOOL,
	TS_CAPTURE_CHAR,
	TS_CAPTURE_FLOAT,
	TS_CAPTURE_DOUBLE,
	TS_CAPTURE_STRING,
	TS_CAPTURE_BYTES,
	TS_CAPTURE_REDACTED,
	/* of C++, see stdtext.h; all but the last through a pointer to the object */
	TS_CAPTURE_STD_STRING,
	TS_CAPTURE_STD_STRING_OLD,
	TS_CAPTURE_STD_STRING_LLVM,
	TS_CAPTURE_STD_VIEW,
	TS_CAPTURE_STD_VIEW_LLVM,
	TS_CAPTURE_STD_WORDS,
};

/* How to fetch one value. */
struct ts_capture {
	uint8_t how;    /* enum ts_capture_how */
	uint8_t bits;   /* width of an integer: 8, 16, 32, 64 */
	uint16_t param; /* as in struct ts_value */
	int16_t offset;
	int16_t length_offset; /* TS_CAPTURE_BYTES, TS_CAPTURE_STD_WORDS: where the length lies, */
	uint8_t length_bits;   /* and its width */
	uint8_t length_signed;
};

/* 8 bytes at slot + offset. [hot] */
static inline uint64_t ts_capture_word(uintptr_t slot, int16_t offset)
{
	return *(const uint64_t *)(slot + (intptr_t)offset);
}

/* The integer that `capture` describes, widened to 64 bits by its sign. [hot] */
uint64_t ts_capture_integer(const struct ts_capture *capture, uintptr_t slot);

#define TS_CAPTURE_LEAST     16 /* bytes that a value may need */
#define TS_CAPTURE_ADDRESSES (1ULL << 47)

/*
 * The null page is never mapped, and no pointer of a program lies above the lower half. What a look can tell need not
 * cost a fault. [hot]
 */
static inline bool ts_capture_is_impossible(uint64_t address)
{
	return address < 4096 || address >= TS_CAPTURE_ADDRESSES;
}

/* How many bytes of a string may follow a value's head. [hot] */
static inline uint64_t ts_capture_most(uint64_t room, uint64_t budget)
{
	return room - sizeof(struct ts_value) < budget ? room - sizeof(struct ts_value) : budget;
}

/* The head of a string whose bytes are there already. Answers what both take. [hot] */
static inline uint64_t ts_capture_put_string(char *at, uint16_t param, uint64_t bytes)
{
	*(struct ts_value *)at = (struct ts_value){
		.type = TS_VALUE_STRING, .param = param, .bytes = (uint32_t)bytes};
	return sizeof(struct ts_value) + TS_ALIGN8(bytes);
}

/*
 * The rare ends of ts_capture_string: a string that cannot be there, and one that memory ends before, or that goes on
 * behind what was copied; `found` is what copying it answered. [hot]
 */
uint64_t ts_capture_nowhere(char *at, uint16_t param, const char *string);
uint64_t ts_capture_unfinished(const struct ts_capture *capture, uintptr_t slot, char *at,
			       uint64_t room, uint64_t budget, uint64_t found);

/* A string to its NUL, where there are TS_CAPTURE_LEAST bytes of room. Answers what it took. [hot] */
static inline __attribute__((always_inline)) uint64_t
ts_capture_string(const struct ts_capture *capture, uintptr_t slot, char *at, uint64_t room,
		  uint64_t budget)
{
	const char *string = (const char *)ts_capture_word(slot, capture->offset);
	uint64_t most = ts_capture_most(room, budget), full;

	if (__builtin_expect(ts_capture_is_impossible((uintptr_t)string), 0))
		return ts_capture_nowhere(at, capture->param, string);
	full = ts_guarded_string(at + sizeof(struct ts_value), string, most);
	if (__builtin_expect(full > most, 0))
		return ts_capture_unfinished(capture, slot, at, room, budget, full);
	return ts_capture_put_string(at, capture->param, full);
}

/* ts_capture_values, whatever is captured. [hot] */
uint64_t ts_capture_all(const struct ts_capture *captures, uint32_t n, uintptr_t slot, char *at,
			uint64_t room, uint64_t budget);

/*
 * Writes the values of captures[0..n) to `at`, where `room` bytes (a multiple of 8) may be written,
 * with at most `budget` bytes of strings. Answers the bytes written, a multiple of 8; what does not
 * fit is cut or left out. One string is what most calls record, so that is part of their code. [hot]
 */
static inline __attribute__((always_inline)) uint64_t
ts_capture_values(const struct ts_capture *captures, uint32_t n, uintptr_t slot, char *at,
		  uint64_t room, uint64_t budget)
{
	if (__builtin_expect(
		    n == 1 && captures->how == TS_CAPTURE_STRING && room >= TS_CAPTURE_LEAST, 1))
		return ts_capture_string(captures, slot, at, room, budget);
	return ts_capture_all(captures, n, slot, at, room, budget);
}

/*
 * Copies a tenant: a string or an integer in decimal, up to TS_ABI_MAX_TENANT bytes. Answers its
 * length; 0 where there is none. [hot]
 */
uint8_t ts_capture_tenant(const struct ts_capture *capture, uintptr_t slot, char *ret);

#endif
