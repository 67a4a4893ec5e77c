/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_GUESS_H
#define TS_COMMAND_GUESS_H

/* "did you mean". */

#include <stddef.h>

/*
 * Of n names the one nearest to `typed` in insertions, deletions, changes and swaps of neighbours;
 * NULL if none is near enough to be meant.
 */
const char *ts_guess(const char *typed, const char *const *names, size_t n);

#endif
