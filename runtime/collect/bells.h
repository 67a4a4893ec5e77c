/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_BELLS_H
#define TS_COLLECT_BELLS_H

/*
 * The programs' bells: each process page has a word that its program adds to, and wakes, when a ring is half full.
 * One thread waits at up to 127 of them (futex_waitv(2), Linux 5.16; before that it looks every 10 ms) and passes
 * on that some bell rang; which one, its word tells.
 */

#include <stdbool.h>
#include <stdint.h>

struct ts_bells;

/* `rang` is an eventfd, to which is written. 0, or a negative errno. */
int ts_bells_new(struct ts_bells **ret, int rang);
void ts_bells_free(struct ts_bells *bells); /* NULL is fine */

/* False: there are too many, or there is no memory; then the word must be looked at now and then. */
bool ts_bells_add(struct ts_bells *bells, const uint32_t *word);

/* From when it returns the word may be unmapped. One that was not added is fine. */
void ts_bells_remove(struct ts_bells *bells, const uint32_t *word);

#endif
