/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_H
#define WIRE_H

/* What the fuzzers of runtime/wire share: connections made of any bytes, and what holds of every call. */

#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "runtime/text.h"
#include "runtime/wire/node.h"
#include "runtime/wire/scan.h"
#include "runtime/wire/wire.h"

#define OTHER_WAY 0xfe /* the direction changes */
#define GAP       0xfd /* a gap, of as many bytes as the next byte says, times itself */

/* Small bounds, so that small inputs pass them. */
static const struct ts_wire_gateway gateways[] = {{"gw", "/x", NULL}, {"gw", NULL, "mine"}};

static inline void must_be_text(const char *text)
{
	size_t bytes = text ? strlen(text) : 0;

	for (size_t at = 0; at < bytes;) {
		size_t n = ts_text_character(text + at, bytes - at);

		MUST(n);
		at += n;
	}
}

static inline void must_be_json(const char *json, size_t most)
{
	must_be_text(json);
	if (!json)
		return;
	MUST(ts_scan_text((struct ts_text){json, strlen(json)}));
	MUST(!strstr(json, "\\u0000") || strstr(json, "\\\\u0000"));
	MUST(strlen(json) <= most);
}

/* What was told, as a number that differs when it does. */
struct told {
	uint64_t hash;
	unsigned calls;
};

static inline void mix(struct told *told, const char *text)
{
	for (; text && *text; text++)
		told->hash = (told->hash ^ (unsigned char)*text) * 0x100000001b3;
	told->hash = (told->hash ^ 1) * 0x100000001b3;
}

static inline void check_call(void *user, const struct ts_wire_call *call)
{
	struct told *told = user;

	told->calls++;
	MUST(call->provider && call->api && call->method && call->http && call->host && call->path);
	MUST(!strchr(call->path, '?'));
	MUST((call->outcome == TS_WIRE_DONE) == !call->error);
	MUST((call->outcome == TS_WIRE_DONE) == !call->error_type);
	must_be_text(call->error);
	must_be_text(call->error_type);
	must_be_text(call->asked);
	must_be_text(call->served);
	must_be_text(call->host);
	must_be_text(call->request_id);
	must_be_json(call->messages, 65536);
	must_be_json(call->parameters, 65536);
	must_be_json(call->answer, 1 << 20);
	must_be_json(call->usage, 65536);
	mix(told, call->messages);
	mix(told, call->parameters);
	mix(told, call->answer);
	mix(told, call->usage);
	mix(told, call->error);
	mix(told, call->error_type);
	mix(told, call->asked);
	mix(told, call->served);
}

static inline struct ts_wire_settings small_settings(struct told *told)
{
	return (struct ts_wire_settings){
		.gateways = gateways,
		.n_gateways = 2,
		.called = check_call,
		.user = told,
		.request_bytes = 512,
		.answer_bytes = 128,
		.connection_bytes = 1 << 20,
	};
}

/* Feeds bytes of their exact size. */
static inline void feed(struct ts_wire *wire, enum ts_wire_direction direction,
			const uint8_t *bytes, size_t n, uint64_t gap)
{
	static uint64_t ticks;
	uint8_t *exact = malloc(n ? n : 1);

	memcpy(exact, bytes, n);
	ts_wire_feed(wire, direction, exact, n, gap, ++ticks, NULL);
	free(exact);
}

/* A connection whose input says where its pieces end. */
static inline void run_connection(const uint8_t *data, size_t bytes)
{
	struct told told = {0};
	struct ts_wire_settings settings = small_settings(&told);
	enum ts_wire_direction direction = TS_WIRE_SENT;
	struct ts_wire *wire;
	uint64_t gap = 0;
	size_t from = 0;

	MUST(ts_wire_new(&wire, &settings) == 0);
	for (size_t at = 0; at <= bytes; at++) {
		if (at < bytes && data[at] != OTHER_WAY && data[at] != GAP)
			continue;
		if (at > from || gap)
			feed(wire, direction, data + from, at - from, gap);
		gap = 0;
		if (at < bytes && data[at] == OTHER_WAY)
			direction = direction == TS_WIRE_SENT ? TS_WIRE_RECEIVED : TS_WIRE_SENT;
		else if (at + 1 < bytes)
			gap = (uint64_t)data[at + 1] * data[at + 1];
		at += at + 1 < bytes && data[at] == GAP;
		from = at + 1;
	}
	ts_wire_close(wire, (enum ts_wire_how)(bytes % 4), 1000000);
}

#endif
