/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_USAGE_READ_H
#define TS_USAGE_READ_H

/* An answer in the reading: its objects come one by one, from wherever they lie (read.c, stream.c), and add up (count.c). */

#include "answer.h"
#include "providers.h"
#include "usage.h"

struct ts_counted {
	enum {
		TS_ABSENT,
		TS_WRONG,
		TS_COUNTED
	} state; /* WRONG: there is something, but no count */
	int64_t value;
};

struct ts_reading {
	struct ts_pool *pool;
	bool as_input;   /* only what comes from a provider itself counts */
	bool stream;     /* the objects are pieces of one answer */
	bool ended;      /* the last of them has come */
	bool final;      /* so that the output told is the whole */
	bool late_input; /* input may be told to be more until then: what tools bring in */
	struct ts_counted counts[TS_USAGE_COUNTS];
	unsigned flags; /* of the API that told the input */
	struct ts_usage usage;
};

/* One object. */
void ts_reading_take(struct ts_reading *reading, const struct ts_answer *answer);

/* Pieces are missing: the last count of a stream may be among them. */
void ts_reading_gap(struct ts_reading *reading);

/* The stream says itself that it is whole. */
void ts_reading_done(struct ts_reading *reading);

/* Makes of the counts what they mean. */
void ts_reading_finish(struct ts_reading *reading);

/* Text that may hold JSON: one document, or a stream of them; whole, or its two ends. A copy, which is changed. */
void ts_reading_take_text(struct ts_reading *reading, struct ts_text text);
void ts_reading_take_ends(struct ts_reading *reading, struct ts_text head, struct ts_text tail);

#endif
