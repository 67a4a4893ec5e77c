/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HTTP1_H
#define TS_HTTP1_H

/*
 * A connection of HTTP/1.1 or 1.0. Responses answer requests in their order.
 *
 * Bytes that nobody saw are skipped where they lie within a body whose length is known. Elsewhere their direction is lost: what
 * was open in it is given up, and the next piece that begins as a message does is one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct ts_http1;
struct ts_memory;

/* `joined`: it was there before, so a message may be under way in either direction. NULL: no memory. */
struct ts_http1 *ts_http1_new(const struct ts_wire_settings *settings, struct ts_memory *memory,
			      bool joined);

/* As ts_wire_feed. */
bool ts_http1_feed(struct ts_http1 *http, enum ts_wire_direction direction, const char *bytes,
		   size_t n, uint64_t gap, uint64_t ticks, const void *context);

/* As ts_wire_progress. */
enum ts_wire_progress ts_http1_progress(const struct ts_http1 *http);

/* Ends what is open, and frees it. */
void ts_http1_close(struct ts_http1 *http, enum ts_wire_how how, uint64_t ticks);

#endif
