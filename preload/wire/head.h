/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_HEAD_H
#define TS_HEADS_HEAD_H

/*
 * The head of a request of HTTP/1. What two readers might take for two things is taken for nothing: where a server would see a
 * header, we must not see a body.
 */

#include "out.h"

struct ts_heads_head {
	struct ts_slice method, path, version;
	struct ts_slice host;   /* empty: it names none */
	struct ts_slice fields; /* lines, each with its end, and the empty one */
	bool chunked;
	uint64_t length; /* of the body, in bytes, where it is not chunked */
};

/* `head`: all of it up to the empty line, as ts_heads_http1 takes it. False: it cannot be followed. */
bool ts_heads_head_read(struct ts_slice head, struct ts_heads_head *ret);

/* Adds what may be recorded of it. False: its target is none, or there is no room. */
bool ts_heads_head_add(const struct ts_heads_head *head, struct ts_heads_out *out);

/* Are these lines of headers, none of which would frame the request (RFC 9110, 6.5.1), and behind them the empty one? */
bool ts_heads_trailer_is_sound(struct ts_slice lines);

#endif
