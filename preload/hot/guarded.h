/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_GUARDED_H
#define TS_HOT_GUARDED_H

/*
 * Reads of memory that may not be there: a rule's prototype may be wrong, a pointer may dangle. The one
 * way in which hot/ follows a pointer of the program.
 */

#include <stdbool.h>
#include <stdint.h>

#define TS_UNREADABLE UINT64_MAX

/*
 * Copies a string up to its NUL, which is not copied, and no more than `most` bytes. Answers its length;
 * `most` + 1 where it is longer; TS_UNREADABLE where memory ends before it does. [hot]
 */
uint64_t ts_guarded_string(char *to, const char *from, uint64_t most);

/* Length of a string, or TS_UNREADABLE. [hot] */
uint64_t ts_guarded_length(const char *string);

/* Copies `bytes` bytes. False: they cannot all be read. [hot] */
bool ts_guarded_copy(void *to, const void *from, uint64_t bytes);

#endif
