/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SEGMENT_H
#define TS_SEGMENT_H

/*
 * The spool's file `open`: events that the consumer must remember although their places in the
 * rings were given back. Whoever writes it holds the consumer lock; who only looks needs none, for it grows from left to
 * right, and what replaces it is whole.
 */

#include <stddef.h>
#include <stdint.h>

#include "../error.h"

struct ts_event;

/* As ts_reader_fn; a negative answer ends the reading. `event` is valid during the call. */
typedef int ts_segment_fn(void *context, const struct ts_event *event, const char *thread_name);

/*
 * Hands over its events in the order they were written, up to the first that is torn or damaged.
 * A negative errno, or the bytes that hold whole events: there ts_segment_append has to go on.
 */
int64_t ts_segment_read(const char *spool, ts_segment_fn *take, void *context,
			struct ts_error *err);

/* Writes whole events at `offset`, and ends the file behind them. 0, or a negative errno. */
int ts_segment_append(const char *spool, uint64_t offset, const void *events, size_t bytes,
		      struct ts_error *err);

/* Puts a new file with these events alone in place of the old. 0, or a negative errno. */
int ts_segment_replace(const char *spool, const void *events, size_t bytes, struct ts_error *err);

#endif
