/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_GUESS_H
#define TS_COMMAND_TERMINAL_GUESS_H

/* "did you mean". */

#include <stddef.h>

/*
 * Of n names the one nearest to `typed` in insertions, deletions, changes and swaps of neighbours;
 * NULL if none is near enough to be meant.
 */
const char *ts_guess(const char *typed, const char *const *names, size_t n);

/* Several names, the nearest first, of any number that are offered one by one. */
#define TS_NEAREST 3

struct ts_nearest {
	const char *typed;
	char *names[TS_NEAREST]; /* copies; NULL behind the last */
	unsigned distances[TS_NEAREST];
};

void ts_nearest_init(struct ts_nearest *nearest, const char *typed);
/* A name that is there already is passed over. */
void ts_nearest_offer(struct ts_nearest *nearest, const char *name);
/* "run, run_all or runs", those about as near as the nearest; "" where none was near enough. */
void ts_nearest_list(const struct ts_nearest *nearest, char *ret, size_t bytes);
void ts_nearest_release(struct ts_nearest *nearest);

#endif
