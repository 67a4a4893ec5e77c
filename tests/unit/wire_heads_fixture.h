/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_HEADS_FIXTURE_H
#define WIRE_HEADS_FIXTURE_H

/* What a client sends, given to the module `wire` whole or in pieces, and what of it would be recorded. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/wire.h"

#define PUT_BYTES (1 << 20)

struct put {
	char bytes[PUT_BYTES + 1]; /* a NUL behind */
	size_t n;
	enum ts_wire_state state;
};

static const struct ts_wire_host gateways[] = {{"gw.example:8080", "", ""},
					       {"gw.example", "/v1", "mine"}};
static const struct ts_wire_conf wire_conf = {.gateways = gateways, .n_gateways = 2};

static inline void put(void *user, const void *bytes, size_t n)
{
	struct put *to = user;

	if (n > PUT_BYTES - to->n)
		abort();
	memcpy(to->bytes + to->n, bytes, n);
	to->n += n;
	to->bytes[to->n] = 0;
}

/* A piece that is of its exact size on the heap, so that the sanitizer sees a step too far. */
static inline enum ts_wire_state send_exactly(struct ts_wire_client *client, struct put *to,
					      const char *bytes, size_t n)
{
	char *exact = malloc(n ? n : 1);
	enum ts_wire_state state;

	memcpy(exact, bytes, n);
	state = ts_wire_heads.sent(client, exact, n, put, to);
	free(exact);
	return state;
}

/* Cut in two behind `cut` bytes (0: not cut), or, with SIZE_MAX, into single bytes; up to where the module says that no more counts. */
static inline void send_all(struct put *to, bool listed, const char *bytes, size_t n, size_t cut)
{
	struct ts_wire_client *client = ts_wire_heads.open(&wire_conf, listed);
	size_t first = cut == SIZE_MAX ? 1 : cut && cut < n ? cut : n;

	if (!client)
		abort();
	to->n = 0;
	to->bytes[0] = 0;
	to->state = send_exactly(client, to, bytes, first);
	for (size_t at = first; at < n && to->state <= TS_WIRE_STATE_RECORDED;) {
		size_t piece = cut == SIZE_MAX ? 1 : n - at;

		to->state = send_exactly(client, to, bytes + at, piece);
		at += piece;
	}
	ts_wire_heads.close(client);
}

#endif
