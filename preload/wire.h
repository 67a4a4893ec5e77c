/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_WIRE_HEADS_H
#define TS_WIRE_HEADS_H

/*
 * Between the shim and its module `wire`, which follows what a client sends over a connection: whether it is HTTP, to whom,
 * and where the heads of its requests lie. Of these it lets through what the runtime reads and nothing else, so that no
 * key, cookie or signature ever reaches the log. It runs on the thread of the program that sends, within the call that
 * does.
 */

#include <stddef.h>

#include "conf/conf.h"

enum ts_wire_state {
	TS_WIRE_STATE_UNDECIDED,  /* not enough has been sent to tell */
	TS_WIRE_STATE_RECORDED,   /* HTTP to an LLM provider, a gateway or a listed address */
	TS_WIRE_STATE_NOT_HTTP,   /* for good, as the next three */
	TS_WIRE_STATE_OTHER_HOST, /* HTTP to somebody else */
	TS_WIRE_STATE_UNREADABLE, /* HTTP, but what comes next is not to be told (upgraded, damaged, too large a head) */
	TS_WIRE_STATE_NO_MEMORY,
};

struct ts_wire_client;

/* Takes what may be recorded, in order: whole or in pieces; valid during the call. */
typedef void ts_wire_put_fn(void *user, const void *bytes, size_t n);

struct ts_wire_heads {
	/* A connection whose client is about to speak; `listed`: to whatever host. Refers to `conf` while it lives. NULL: no memory. */
	struct ts_wire_client *(*open)(const struct ts_wire_conf *conf, bool listed);
	/*
	 * The next `n` bytes that the client sent. What is held back until it is known whether the connection counts is
	 * put once it does. After any state but the first two nothing more is to be sent, and nothing has been put that does
	 * not count.
	 */
	enum ts_wire_state (*sent)(struct ts_wire_client *client, const void *bytes, size_t n,
				   ts_wire_put_fn *put, void *user);
	/*
	 * `n` bytes that the client sent and nobody saw. Within a body they are passed over, and the body goes on behind them. False:
	 * what comes next is not to be told, and nothing more is to be sent.
	 */
	bool (*missed)(struct ts_wire_client *client, uint64_t n);
	void (*close)(struct ts_wire_client *client);
};

/* What the module exports; it is opened, never linked. */
#define TS_WIRE_SYMBOL "ts_wire_heads"
__attribute__((visibility("default"))) extern const struct ts_wire_heads ts_wire_heads;

#endif
