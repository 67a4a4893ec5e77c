/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_HTTP2_H
#define TS_HEADS_HTTP2_H

/*
 * The client's frames of HTTP/2. Blocks of headers are all read, for each depends on those before, and of a request that
 * counts written anew; DATA of its stream passes. What is left out leaves no gap: lengths are those of what is recorded.
 */

#include "client.h"

/* NULL: no memory. */
struct ts_heads_http2 *ts_heads_http2_new(struct ts_heads_memory *memory);

/* Takes some of the client's bytes, of at least one, from the preface on; how many. */
size_t ts_heads_http2_take(struct ts_wire_client *client, const char *bytes, size_t n);

#endif
