/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_LOCK_H
#define TS_LOCK_H

/*
 * consumer_lock [L3], for those who are not the program: its futex word alone. A robust mutex keeps its holder's list
 * in itself, and libpthread writes through what it finds there: in a page that its program has damaged that is
 * anywhere. To the program's flusher, which goes by libpthread, the word says what it always does: free, held or
 * orphaned. [own]
 */

#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>

struct ts_abi_process;

/*
 * Instead of a thread's id: held by who holds the flock on the spool's `process` file, too. So it is on no thread's
 * list; who finds it and has the flock knows that its holder is gone.
 */
#define TS_LOCK_RECOVERER FUTEX_TID_MASK

uint32_t *ts_lock_word(struct ts_abi_process *page);

/* Takes it for the thread `id`, or a recoverer: if it is free, orphaned, or says what no holder can have left there. */
bool ts_lock_take(uint32_t *word, uint32_t id);

/* Leaves it alone if it says something else by now. */
void ts_lock_give(uint32_t *word, uint32_t id);

#endif
