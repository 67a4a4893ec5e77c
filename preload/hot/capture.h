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

#include <stdint.h>

#include "../abi.h"

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

/*
 * Writes the values of captures[0..n) to `at`, where `room` bytes (a multiple of 8) may be written,
 * with at most `budget` bytes of strings. Answers the bytes written, a multiple of 8; what does not
 * fit is cut or left out. [hot]
 */
uint64_t ts_capture_values(const struct ts_capture *captures, uint32_t n, uintptr_t slot, char *at,
			   uint64_t room, uint64_t budget);

/*
 * Copies a tenant: a string or an integer in decimal, up to TS_ABI_MAX_TENANT bytes. Answers its
 * length; 0 where there is none. [hot]
 */
uint8_t ts_capture_tenant(const struct ts_capture *capture, uintptr_t slot, char *ret);

#endif
