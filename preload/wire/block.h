/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_BLOCK_H
#define TS_HEADS_BLOCK_H

/* The headers of a request of HTTP/2, as they come and as they are recorded. */

#include "client.h"

struct ts_heads_block {
	struct ts_heads_out *out;
	bool bad;   /* a field twice, no path or host, too much to record */
	bool ended; /* pseudo-headers are over */
	bool method, path;
	bool connects;
	size_t n_host; /* 0: it names none */
	char host[255];
};

void ts_heads_block_init(struct ts_heads_block *block, struct ts_heads_out *out);

/* Adds to what is written what may be recorded of a field. */
void ts_heads_block_add(struct ts_heads_block *block, struct ts_slice name, struct ts_slice value);

/* All fields are there: is this a request as it should be? */
bool ts_heads_block_is_request(const struct ts_heads_block *block);

/* And one to somebody whose connections count? */
bool ts_heads_block_counts(const struct ts_heads_block *block, const struct ts_wire_client *client);

#endif
