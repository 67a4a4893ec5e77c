/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HISTORY_H
#define TS_HISTORY_H

/*
 * Messages of one connection in their order: those from which it can be read again, then those that are early, for one before
 * them is missing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../preload/abi.h"

struct ts_kept {
	const struct ts_event_message *message;
	bool owned;   /* it is a copy on the heap, and not the reader's */
	bool in_open; /* it stands in the segment `open` */
	uint8_t rounds; /* of one that is early: passes over all rings that did not bring what is missing */
};

struct ts_history { /* zeroed: none */
	struct ts_kept *kept;
	size_t n, room;
	size_t n_fed; /* the first of them; the others are early */
	size_t bytes; /* of all */
	size_t fed_bytes;
};

/* Adds one that is not fed. 1; 0: it is there already; or -ENOMEM. */
int ts_history_add(struct ts_history *history, struct ts_kept kept);

/* The first that is not fed; NULL: there is none. */
const struct ts_event_message *ts_history_next(const struct ts_history *history);

/* That one is fed now. */
void ts_history_feed(struct ts_history *history);

/* None is. */
void ts_history_rewind(struct ts_history *history);

/* Takes out the first that is not fed; it is not needed. */
void ts_history_skip(struct ts_history *history);

/* Takes out all that are fed. */
void ts_history_forget(struct ts_history *history);

/* Makes copies of those that are the reader's. 0 or -ENOMEM. */
int ts_history_own(struct ts_history *history);

void ts_history_release(struct ts_history *history);

#endif
