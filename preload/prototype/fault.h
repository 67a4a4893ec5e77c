/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FAULT_H
#define TS_FAULT_H

/* Writes what is wrong with a line into a struct ts_fault. [setup] */

#include "../system/slice.h"
#include "prototype.h"

/*
 * Fills *fault (column and message; the line is the caller's), or does nothing where fault is NULL:
 * who only counts faults saves their wording. Always -EINVAL, so that a parser can return it.
 */
int ts_fault_at(struct ts_fault *fault, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A word of the file fit to be printed: cut where it is long, '?' for what is not ASCII. */
struct ts_quote {
	char text[52];
};

struct ts_quote ts_quote(struct ts_slice word);

#endif
