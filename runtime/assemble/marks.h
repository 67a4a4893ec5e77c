/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_MARKS_H
#define TS_MARKS_H

/*
 * Marks of exec: each thread that tries to make the process another program leaves one, and takes it back
 * where that failed. A mark is known by its ticks; adding or removing one twice changes nothing, as an
 * event log that is read again demands.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../preload/abi.h"

#define TS_MARKS 16 /* threads at once; of more, the latest count */

struct ts_mark {
	uint64_t ticks;
	bool in_open; /* it stands in the segment `open` */
};

struct ts_marks { /* zeroed: none */
	struct ts_mark marks[TS_MARKS];
	size_t n;
};

/* The mark that `event` is or takes back, or NULL. */
struct ts_mark *ts_marks_find(struct ts_marks *marks, const struct ts_event_exec *event);

/* Adds or takes back. */
void ts_marks_take(struct ts_marks *marks, const struct ts_event_exec *event, bool in_open);

/* Ticks of the last mark that stands; 0: the process did not become another program. */
uint64_t ts_marks_last(const struct ts_marks *marks);

#endif
