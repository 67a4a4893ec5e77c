/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_EXCHANGE_H
#define TS_EXCHANGE_H

/*
 * One request and its response, as HTTP/1.1 and HTTP/2 both tell of them. If it is a call, `called` is told when it ends. Until its
 * head is there nobody knows; what is none costs its head.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../text.h"
#include "buffer.h"
#include "wire.h"

struct ts_exchange;

/* Why an exchange is over. */
enum ts_exchange_end {
	TS_EXCHANGE_COMPLETE,      /* the response is all there */
	TS_EXCHANGE_BY_CLIENT,     /* it closed the connection, or took the request back */
	TS_EXCHANGE_BY_PEER,       /* it closed the connection, or reset the stream */
	TS_EXCHANGE_BY_END,        /* the program ended */
	TS_EXCHANGE_BY_ERROR,      /* of the connection */
	TS_EXCHANGE_UNSEEN,        /* what follows cannot be read */
	TS_EXCHANGE_NOT_PROCESSED, /* the peer says so (GOAWAY) */
	TS_EXCHANGE_SWITCHED,      /* to another protocol */
};

/* Of those that are under way when their connection ends so. */
enum ts_exchange_end ts_exchange_end_by(enum ts_wire_how how);

/* Requests of a connection that began in pieces of one context, which counts them. */
struct ts_ordinals { /* zeroed: none yet */
	uint8_t context[TS_WIRE_CONTEXT_BYTES];
	uint32_t n;
};

/* `http` is a literal; `context` is copied, NULL is zeros. NULL: no memory. */
struct ts_exchange *ts_exchange_new(const struct ts_wire_settings *settings,
				    struct ts_memory *memory, const char *http, uint64_t ticks,
				    const void *context, struct ts_ordinals *ordinals);

/* Of the request line, or of pseudo-headers. */
void ts_exchange_http(struct ts_exchange *exchange, const char *http);
void ts_exchange_method(struct ts_exchange *exchange, struct ts_text method);
void ts_exchange_target(struct ts_exchange *exchange, struct ts_text target);
void ts_exchange_host(struct ts_exchange *exchange, struct ts_text host);

/* A header; its name in any case. */
void ts_exchange_field(struct ts_exchange *exchange, enum ts_wire_direction direction,
		       struct ts_text name, struct ts_text value);

/* The first byte of the response. */
void ts_exchange_answered(struct ts_exchange *exchange, uint64_t ticks);

/* The heads are complete. False: it is no call, and nothing is to be told of it. */
bool ts_exchange_asked(struct ts_exchange *exchange);
void ts_exchange_status(struct ts_exchange *exchange, int status);

void ts_exchange_body(struct ts_exchange *exchange, enum ts_wire_direction direction,
		      const char *data, size_t bytes, uint64_t ticks);

/* Bytes of a body that nobody saw. */
void ts_exchange_miss(struct ts_exchange *exchange, enum ts_wire_direction direction,
		      uint64_t bytes);

/* It is over: told of, if it is a call, and freed. */
void ts_exchange_finish(struct ts_exchange *exchange, enum ts_exchange_end end, uint64_t ticks);

#endif
