/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_KEPT_H
#define TS_KEPT_H

/*
 * What is kept for people alone, of all programs of a state folder: rows that no store takes (rejected.h), and damaged
 * segments of backlogs. All of it may take a quarter of a backlog's budget.
 */

#include <stdint.h>

struct ts_outlets;

/* Of a budget; never less than a megabyte. */
uint64_t ts_kept_most(uint64_t budget);

/* Removes the oldest files until the rest takes `most` bytes, and tells it. Files of programs that run stay. */
void ts_kept_trim(const char *state, uint64_t most, const struct ts_outlets *outlets);

#endif
