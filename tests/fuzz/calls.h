/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CALLS_H
#define CALLS_H

/*
 * Calls with values inside values, made of any bytes, but with sizes that are right, as chance would hardly
 * have them. A byte says a value's type and how much it holds: bytes of a string, members of a list. Where the
 * input ends, zeros follow and lists get no more.
 */

#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "preload/abi.h"

#define MOST_OF_CALL 32768

struct call {
	const uint8_t *in;
	size_t left;
	uint8_t *out;
	uint32_t n;
	bool deeper; /* one level more than may be */
};

static uint8_t call_byte(struct call *call)
{
	if (!call->left)
		return 0;
	call->left--;
	return *call->in++;
}

static void call_put(struct call *call, const void *data, uint32_t bytes)
{
	if (bytes)
		memcpy(call->out + call->n, data, bytes);
	call->n += bytes;
}

/* A value's head, what its payload begins with, and bytes of the input. */
static void call_plain(struct call *call, struct ts_value value, const void *first,
		       uint32_t first_bytes, uint32_t bytes)
{
	value.bytes = first_bytes + bytes;
	call_put(call, &value, sizeof(value));
	call_put(call, first, first_bytes);
	for (uint32_t i = 0; i < TS_ALIGN8(bytes); i++)
		call->out[call->n++] = i < bytes ? call_byte(call) : 0;
}

static void call_string(struct call *call, uint8_t type, uint16_t param, uint32_t bytes)
{
	struct ts_value_cut cut = {bytes * 2, bytes / 2, bytes - bytes / 2};
	struct ts_value value = {.type = type, .param = param};

	call_plain(call, value, &cut, type == TS_VALUE_CUT ? sizeof(cut) : 0, bytes);
}

static bool call_goes_on(const struct call *call)
{
	return call->left && call->n < MOST_OF_CALL / 2;
}

static void call_value(struct call *call, uint16_t param, unsigned depth);

static void call_nested(struct call *call, struct ts_value value, unsigned members, unsigned depth)
{
	uint32_t at = call->n;

	call_put(call, &value, sizeof(value));
	for (; members && call_goes_on(call); members--) {
		uint8_t key = value.type == TS_VALUE_OBJECT ? call_byte(call) : 0;

		if (value.type == TS_VALUE_OBJECT)
			call_string(call, key & 8 ? TS_VALUE_CUT : TS_VALUE_STRING, 0, key >> 4);
		call_value(call, 0, depth + 1);
	}
	value.bytes = call->n - at - (uint32_t)sizeof(value);
	memcpy(call->out + at, &value, sizeof(value));
}

static void call_value(struct call *call, uint16_t param, unsigned depth)
{
	uint8_t what = call_byte(call), type = what % 16, n = what >> 4;
	struct ts_value value = {.type = type ? type : TS_VALUE_LIST, .param = param};

	switch (value.type) {
	case TS_VALUE_LIST:
	case TS_VALUE_OBJECT:
		if (depth <= TS_MAX_NESTING + call->deeper)
			call_nested(call, value, n, depth);
		else
			call_string(call, TS_VALUE_STRING, param, n);
		return;
	case TS_VALUE_STRING:
	case TS_VALUE_CUT:
	case TS_VALUE_OPAQUE:
		call_string(call, value.type, param, n);
		return;
	case TS_VALUE_NULL:
	case TS_VALUE_REDACTED:
		call_plain(call, value, NULL, 0, 0);
		return;
	default:
		call_plain(call, value, NULL, 0, 8);
	}
}

/* Of the first parameters, or of those that tell of an end. */
static void call_values(struct call *call, unsigned n)
{
	for (; n && call_goes_on(call); n--) {
		uint8_t param = call_byte(call);

		call_value(call, param < 0xf8 ? param % 4 : (uint16_t)(0xff00 | param), 1);
	}
}

/* A call's begin and end, in `out`, of MOST_OF_CALL bytes; answers how many they take. */
static uint32_t make_call(const uint8_t *data, size_t bytes, uint8_t *out)
{
	struct call call = {.in = data, .left = bytes, .out = out};
	struct ts_event_begin begin = {.event = {.type = TS_EVENT_BEGIN}};
	struct ts_event_end end = {.event = {.type = TS_EVENT_END}, .ticks = 1000};
	uint8_t how = call_byte(&call), ended = call_byte(&call);
	uint32_t at;

	call.deeper = ended & 0x80;
	begin.event.flags = TS_BEGIN_SPAN | (how & TS_BEGIN_TRACE);
	begin.thunk = how >> 4;
	begin.span_id[0] = end.span_id[0] = call_byte(&call);
	end.outcome = ended % 16;
	call_put(&call, &begin, sizeof(begin));
	call_values(&call, how >> 2 & 3);
	begin.event.bytes = call.n;
	memcpy(out, &begin, sizeof(begin));
	at = call.n;
	call_put(&call, &end, sizeof(end));
	call_values(&call, 8);
	end.event.bytes = call.n - at;
	memcpy(out + at, &end, sizeof(end));
	return call.n;
}

#endif
