/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_FIXTURE_H
#define WIRE_FIXTURE_H

/* Connections for tests: fed whole or in pieces, their calls written down as text, a line a member. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/wire/wire.h"

#define TOLD_BYTES (1 << 20)

/* What a connection told. */
struct told {
	char text[TOLD_BYTES];
	size_t bytes;
	unsigned calls;
};

static inline void tell_line(struct told *told, const char *name, const char *value)
{
	if (value)
		told->bytes +=
			(size_t)snprintf(told->text + told->bytes, sizeof(told->text) - told->bytes,
					 "%s=%s\n", name, value);
}

static inline void tell_number(struct told *told, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	if (value)
		tell_line(told, name, digits);
}

static inline void tell(void *user, const struct ts_wire_call *call)
{
	static const char *const outcomes[] = {"done", "refused",   "failed", "cut",
					       "lost", "cancelled", "unseen"};
	struct told *told = user;

	told->calls++;
	tell_line(told, "call", call->provider);
	tell_line(told, "api", call->api);
	tell_line(told, "host", call->host);
	tell_line(told, "path", call->path);
	tell_line(told, "http", call->http);
	tell_number(told, "status", (uint64_t)call->status);
	tell_line(told, "request_id", call->request_id);
	tell_line(told, "response_id", call->response_id);
	tell_number(told, "attempt", call->attempt);
	tell_number(told, "started", call->started_ticks);
	tell_number(told, "first_byte", call->first_byte_ticks);
	tell_number(told, "first_token", call->first_token_ticks);
	tell_number(told, "last", call->last_ticks);
	tell_number(told, "gap", call->longest_gap_ticks);
	tell_number(told, "pieces", call->pieces);
	tell_number(told, "sent", call->sent_bytes);
	tell_number(told, "received", call->received_bytes);
	tell_number(told, "unseen", call->unseen_bytes);
	tell_number(told, "streamed", call->streamed);
	tell_number(told, "undecoded", call->undecoded);
	tell_line(told, "asked", call->asked);
	tell_line(told, "served", call->served);
	tell_line(told, "tier", call->tier);
	tell_line(told, "messages", call->messages);
	tell_line(told, "parameters", call->parameters);
	tell_line(told, "answer", call->answer);
	tell_line(told, "usage", call->usage);
	tell_number(told, "tools", call->tool_calls);
	tell_line(told, "outcome", outcomes[call->outcome]);
	tell_line(told, "error_type", call->error_type);
	tell_line(told, "error", call->error);
	tell_number(told, "context", call->context[0]);
}

/* The value of a member of the latest call that has it; NULL: none. Valid until the next call. */
static inline const char *told_of(const struct told *told, const char *name)
{
	static char value[TOLD_BYTES];
	const char *found = NULL;
	size_t bytes = strlen(name);

	for (const char *at = told->text; *at; at = strchr(at, '\n') + 1) {
		if (!strncmp(at, name, bytes) && at[bytes] == '=')
			found = at + bytes + 1;
	}
	if (found)
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(found, "\n"), found);
	return found ? value : NULL;
}

/* One direction's bytes, some of which follow on what the other did. */
struct piece {
	enum ts_wire_direction direction;
	const char *bytes;
	size_t n;
};

/* Feeds a piece that is of its exact size on the heap, so that the sanitizer sees a step too far. */
static inline bool feed_exactly(struct ts_wire *wire, enum ts_wire_direction direction,
				const char *bytes, size_t n, uint64_t ticks)
{
	static const uint8_t context[TS_WIRE_CONTEXT_BYTES] = {7};
	char *exact = malloc(n ? n : 1);
	bool goes_on;

	memcpy(exact, bytes, n);
	goes_on = ts_wire_feed(wire, direction, exact, n, 0, ticks, context);
	free(exact);
	return goes_on;
}

/*
 * A connection made of `pieces`, each cut in two behind `cut` bytes (0: not cut), or, with SIZE_MAX, into single bytes. The ticks of a
 * piece are its number, from 1.
 */
static inline void run_pieces(struct told *told, const struct ts_wire_settings *settings,
			      const struct piece *pieces, size_t n_pieces, size_t cut,
			      enum ts_wire_how how)
{
	struct ts_wire_settings own = *settings;
	struct ts_wire *wire;

	told->bytes = told->calls = 0;
	told->text[0] = 0;
	own.called = tell;
	own.user = told;
	if (ts_wire_new(&wire, &own) < 0)
		abort();
	for (size_t i = 0; i < n_pieces; i++) {
		const struct piece *piece = &pieces[i];
		size_t first = cut < piece->n ? cut : piece->n;

		if (cut == SIZE_MAX) {
			for (size_t at = 0; at < piece->n; at++)
				feed_exactly(wire, piece->direction, piece->bytes + at, 1, i + 1);
			continue;
		}
		if (first)
			feed_exactly(wire, piece->direction, piece->bytes, first, i + 1);
		if (piece->n > first)
			feed_exactly(wire, piece->direction, piece->bytes + first, piece->n - first,
				     i + 1);
	}
	ts_wire_close(wire, how, n_pieces + 1);
}

#endif
