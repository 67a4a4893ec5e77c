/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_STDTEXT_H
#define TS_HOT_STDTEXT_H

/*
 * std::string and std::string_view, as the C++ libraries lay them out on x86-64:
 *
 *   STD_STRING        libstdc++                +0 pointer   +8 length   +16 short text, or capacity
 *   STD_STRING_OLD    libstdc++ before gcc 5   +0 pointer; before what it points to: -24 length,
 *                                              -16 capacity
 *   STD_STRING_LLVM   libc++, bit 0 of +0 set  +0 capacity  +8 length   +16 pointer
 *                     ... clear                +0 length * 2, one byte  +1 text
 *   STD_VIEW          libstdc++                +0 length    +8 pointer
 *   STD_VIEW_LLVM     libc++                   +0 pointer   +8 length
 *   STD_WORDS         a view by value: the pointer at `offset`, the length at `length_offset`
 *
 * What cannot be such an object, a wrong rule's, is written as unreadable.
 */

#include "capture.h"

/*
 * Writes the value to `at`, where `room` bytes (16 at least, a multiple of 8) may be written, with at most
 * `budget` bytes of the text. Answers the bytes written, a multiple of 8; 0 where there was no room. [hot]
 */
uint64_t ts_std_put(const struct ts_capture *capture, uintptr_t slot, char *at, uint64_t room,
		    uint64_t budget);

/* Copies up to `most` bytes of the text; answers how many. [hot] */
uint64_t ts_std_copy(const struct ts_capture *capture, uintptr_t slot, char *to, uint64_t most);

#endif
