/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_HTTP1_H
#define TS_HEADS_HTTP1_H

/* Requests of HTTP/1.1 and 1.0, one behind the other: their heads are written anew, their bodies pass, trailers are left out. */

#include "client.h"

/* NULL: no memory. */
struct ts_heads_http1 *ts_heads_http1_new(struct ts_heads_memory *memory);

/* Takes some of the client's bytes, of at least one; how many. */
size_t ts_heads_http1_take(struct ts_wire_client *client, const char *bytes, size_t n);

/* Bytes that nobody saw. False: not all of them lie in one body or chunk of which what came before was passed. */
bool ts_heads_http1_miss(struct ts_heads_http1 *http, uint64_t n);

#endif
