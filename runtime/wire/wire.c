// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "http1.h"
#include "http2.h"
#include "sniff.h"

#define DEFAULT_MOST ((size_t)8 << 20)
#define EARLY_BYTES  4096 /* of the peer's, before the client's first ones are all there: SETTINGS */

/* Before it is known what is spoken. */
struct early {
	char bytes[EARLY_BYTES];
	size_t n;
	uint64_t ticks; /* of the first */
	bool has_context;
	uint8_t context[TS_WIRE_CONTEXT_BYTES];
};

struct ts_wire {
	const struct ts_wire_settings *settings;
	struct ts_memory memory;
	struct early *early; /* of both directions; NULL: it is known */
	struct ts_http1 *http1;
	struct ts_http2 *http2;
	bool dead;
};

int ts_wire_new(struct ts_wire **ret, const struct ts_wire_settings *settings)
{
	struct ts_wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		return -ENOMEM;
	wire->early = calloc(2, sizeof(*wire->early));
	if (!wire->early) {
		free(wire);
		return -ENOMEM;
	}
	wire->settings = settings;
	wire->memory.most = settings->connection_bytes ? settings->connection_bytes : DEFAULT_MOST;
	*ret = wire;
	return 0;
}

static bool feed(struct ts_wire *wire, enum ts_wire_direction direction, const char *bytes,
		 size_t n, uint64_t gap, uint64_t ticks, const void *context)
{
	if (wire->http1)
		return ts_http1_feed(wire->http1, direction, bytes, n, gap, ticks, context);
	return ts_http2_feed(wire->http2, direction, bytes, n, gap, ticks, context);
}

static void die(struct ts_wire *wire, enum ts_wire_how how, uint64_t ticks)
{
	if (wire->http1)
		ts_http1_close(wire->http1, how, ticks);
	if (wire->http2)
		ts_http2_close(wire->http2, how, ticks);
	free(wire->early);
	wire->http1 = NULL;
	wire->http2 = NULL;
	wire->early = NULL;
	wire->dead = true;
}

/* It is known what is spoken: what was held back goes where it belongs. */
static bool begin(struct ts_wire *wire, enum ts_sniffed sniffed)
{
	static const enum ts_wire_direction order[] = {TS_WIRE_SENT, TS_WIRE_RECEIVED};
	struct early *early = wire->early;
	bool goes_on = true;

	if (sniffed == TS_SNIFFED_HTTP1)
		wire->http1 = ts_http1_new(wire->settings, &wire->memory, false);
	else
		wire->http2 = ts_http2_new(wire->settings, &wire->memory);
	wire->early = NULL;
	for (int i = 0; i < 2 && goes_on; i++) {
		const struct early *held = &early[order[i]];

		goes_on = (wire->http1 || wire->http2) &&
			  (!held->n || feed(wire, order[i], held->bytes, held->n, 0, held->ticks,
					    held->has_context ? held->context : NULL));
	}
	free(early);
	return goes_on;
}

static void hold_back(struct early *early, const char *bytes, size_t n, uint64_t ticks,
		      const void *context)
{
	if (!early->n) {
		early->ticks = ticks;
		early->has_context = context;
		if (context)
			memcpy(early->context, context, sizeof(early->context));
	}
	memcpy(early->bytes + early->n, bytes, n);
	early->n += n;
}

/*
 * The client's first bytes were not seen. It may be HTTP/1, of which a message begins sooner or later; of HTTP/2 nothing can be
 * told without its beginning.
 */
static bool join(struct ts_wire *wire, const char *bytes, size_t n, uint64_t ticks,
		 const void *context)
{
	free(wire->early);
	wire->early = NULL;
	wire->http1 = ts_http1_new(wire->settings, &wire->memory, true);
	return wire->http1 && feed(wire, TS_WIRE_SENT, bytes, n, 0, ticks, context);
}

/* Until the client's first bytes have told. */
static bool feed_early(struct ts_wire *wire, enum ts_wire_direction direction, const char *bytes,
		       size_t n, uint64_t gap, uint64_t ticks, const void *context)
{
	struct early *early = &wire->early[direction];
	size_t looked_at = TS_WIRE_SNIFFED - early->n < n ? TS_WIRE_SNIFFED - early->n : n;
	enum ts_sniffed sniffed;

	if (direction == TS_WIRE_RECEIVED) {
		if (gap)
			return join(wire, "", 0, ticks, context);
		if (n > sizeof(early->bytes) - early->n)
			return false;
		hold_back(early, bytes, n, ticks, context);
		return true;
	}
	if (gap)
		return join(wire, bytes, n, ticks, context);
	hold_back(early, bytes, looked_at, ticks, context);
	sniffed = ts_sniff(early->bytes, early->n);
	if (sniffed == TS_SNIFFED_OTHER)
		return false;
	if (sniffed == TS_SNIFFED_MORE)
		return true;
	return begin(wire, sniffed) && (n == looked_at || feed(wire, direction, bytes + looked_at,
							       n - looked_at, 0, ticks, context));
}

bool ts_wire_feed(struct ts_wire *wire, enum ts_wire_direction direction, const void *bytes,
		  size_t n, uint64_t gap, uint64_t ticks, const void *context)
{
	bool goes_on;

	if (wire->dead)
		return false;
	goes_on = wire->early ? feed_early(wire, direction, bytes, n, gap, ticks, context)
			      : feed(wire, direction, bytes, n, gap, ticks, context);
	if (!goes_on)
		die(wire, TS_WIRE_BY_ERROR, ticks);
	return goes_on;
}

enum ts_wire_progress ts_wire_progress(const struct ts_wire *wire)
{
	if (wire->http1)
		return ts_http1_progress(wire->http1);
	if (wire->http2)
		return ts_http2_progress(wire->http2);
	return wire->early && (wire->early[0].n || wire->early[1].n) ? TS_WIRE_BUSY : TS_WIRE_FRESH;
}

void ts_wire_close(struct ts_wire *wire, enum ts_wire_how how, uint64_t ticks)
{
	if (!wire)
		return;
	if (!wire->dead)
		die(wire, how, ticks);
	free(wire);
}
