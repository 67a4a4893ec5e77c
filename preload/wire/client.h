/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_CLIENT_H
#define TS_HEADS_CLIENT_H

/* A connection, as far as its client's half goes. */

#include "../wire.h"
#include "memory.h"
#include "out.h"
#include "sniff.h"

struct ts_heads_http1;
struct ts_heads_http2;

struct ts_wire_client { /* at the beginning of its pages */
	const struct ts_wire_conf *conf;
	bool listed;
	enum ts_wire_state state;
	bool counts; /* something was or is to be put */
	size_t n_early;
	char early[TS_HEADS_SNIFFED];
	struct ts_heads_http1 *http1; /* at most one of them */
	struct ts_heads_http2 *http2;
	struct ts_heads_memory memory; /* what else there is of the pages */
	struct ts_heads_out out;
};

/* Does nothing follow any more? */
static inline bool ts_wire_client_is_over(const struct ts_wire_client *client)
{
	return client->state > TS_WIRE_STATE_RECORDED;
}

/* Nothing follows; a head that is being written is none. */
static inline void ts_wire_client_end(struct ts_wire_client *client, enum ts_wire_state state)
{
	ts_heads_out_drop(&client->out);
	client->state = state;
}

/* A head is about to be written, into as much room whatever came before. */
static inline void ts_wire_client_begin(struct ts_wire_client *client)
{
	if (client->counts)
		ts_heads_out_flush(&client->out);
	ts_heads_out_begin(&client->out);
}

/* The head of a request is written, and to whom it goes is known: it is recorded, and with it the connection. */
static inline void ts_wire_client_keep(struct ts_wire_client *client)
{
	ts_heads_out_keep(&client->out);
	client->state = TS_WIRE_STATE_RECORDED;
	client->counts = true;
}

#endif
