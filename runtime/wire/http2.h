/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HTTP2_H
#define TS_HTTP2_H

/*
 * A connection of HTTP/2 (RFC 9113), both directions of it, from its preface on. Frames are walked here; header blocks are
 * nghttp2's, whose sessions are for those who take part: fed as a bystander they refuse the first response, to a request that
 * they did not send.
 *
 * The size of each table of headers follows what its encoder says of it, which it must whenever that changes; so SETTINGS need
 * not be read. Bytes that nobody saw are skipped within DATA and what else does not count. Elsewhere header blocks may have been
 * among them, on which all later ones depend: the connection is given up.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct ts_http2;
struct ts_memory;

/* NULL: no memory. */
struct ts_http2 *ts_http2_new(const struct ts_wire_settings *settings, struct ts_memory *memory);

/* As ts_wire_feed. */
bool ts_http2_feed(struct ts_http2 *http, enum ts_wire_direction direction, const char *bytes,
		   size_t n, uint64_t gap, uint64_t ticks, const void *context);

/* As ts_wire_progress. */
enum ts_wire_progress ts_http2_progress(const struct ts_http2 *http);

/* Ends what is open, and frees it. */
void ts_http2_close(struct ts_http2 *http, enum ts_wire_how how, uint64_t ticks);

#endif
