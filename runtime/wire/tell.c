// SPDX-License-Identifier: Apache-2.0
/* What is known of an exchange that is over -> a call. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../pool.h"
#include "exchange_impl.h"
#include "node.h"

/* Texts in the making. They are bounded by what they are made of, not by the connection's room. */
struct telling {
	struct ts_exchange *exchange;
	struct ts_wire_call *call;
	struct ts_pool pool;
	struct ts_memory memory;
	struct ts_buffer room;
};

/* --- texts ----------------------------------------------------------------------------- */

static const char *taken(struct telling *telling)
{
	struct ts_buffer *room = &telling->room;
	const char *text = NULL;

	if (room->bytes && !room->failed)
		text = ts_pool_strndup(&telling->pool, room->data, room->bytes);
	ts_buffer_reset(room);
	return text;
}

/* JSON; NULL for none. */
static const char *json_of(struct telling *telling, struct ts_text json)
{
	ts_node_add_clean(&telling->room, json);
	return taken(telling);
}

static const char *json_in(struct telling *telling, const struct ts_buffer *buffer)
{
	return buffer->failed ? NULL
			      : json_of(telling, (struct ts_text){buffer->data, buffer->bytes});
}

static const char *plain(struct telling *telling, struct ts_text text)
{
	return text.bytes ? ts_text_clean(&telling->pool, text, NULL) : NULL;
}

/* The characters of a string of JSON. */
static const char *string_of(struct telling *telling, struct ts_text characters)
{
	const char *text;

	ts_node_unescape(&telling->room, characters);
	text = plain(telling, (struct ts_text){telling->room.data,
					       telling->room.failed ? 0 : telling->room.bytes});
	ts_buffer_reset(&telling->room);
	return text;
}

static const char *string_in(struct telling *telling, const struct ts_buffer *buffer)
{
	return string_of(telling, (struct ts_text){buffer->data, buffer->bytes});
}

static const char *header(struct telling *telling, const char *value)
{
	return plain(telling, (struct ts_text){value, strlen(value)});
}

/* A part of a path, where %3A means a colon. */
static const char *part_of_path(struct telling *telling, struct ts_text part)
{
	for (size_t at = 0; at < part.bytes; at++) {
		char c = part.data[at];

		if (c == '%' && at + 2 < part.bytes && isxdigit((unsigned char)part.data[at + 1]) &&
		    isxdigit((unsigned char)part.data[at + 2])) {
			char digits[3] = {part.data[at + 1], part.data[at + 2], 0};

			c = (char)strtoul(digits, NULL, 16);
			at += 2;
		}
		ts_buffer_add(&telling->room, &c, 1);
	}
	return plain(telling, (struct ts_text){telling->room.data, telling->room.bytes});
}

/* --- the request ----------------------------------------------------------------------- */

static void tell_request(struct telling *telling)
{
	struct ts_exchange *exchange = telling->exchange;
	struct ts_buffer messages = {.memory = &telling->memory}, parameters = messages;
	struct ts_text model;

	telling->call->provider = exchange->place.provider;
	telling->call->api = exchange->place.api->name;
	telling->call->method = header(telling, exchange->method);
	telling->call->host = header(telling, exchange->host);
	telling->call->path = header(telling, exchange->path);
	ts_request_end(exchange->request, exchange->place.api, &model, &messages, &parameters);
	telling->call->asked = model.bytes ? string_of(telling, model)
					   : part_of_path(telling, exchange->place.model);
	ts_buffer_reset(&telling->room);
	telling->call->messages = json_in(telling, &messages);
	telling->call->parameters = json_in(telling, &parameters);
	ts_buffer_release(&messages);
	ts_buffer_release(&parameters);
}

/* --- the response ---------------------------------------------------------------------- */

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* Where no body tells of usage, headers may. */
static void tell_usage(struct telling *telling)
{
	struct ts_exchange *exchange = telling->exchange;
	const struct ts_buffer *usage = &exchange->response->reading.usage;

	if (usage->bytes)
		telling->call->usage = json_in(telling, usage);
	else if (is_number(exchange->counts[0]) && is_number(exchange->counts[1]))
		telling->call->usage =
			ts_pool_printf(&telling->pool, "{\"inputTokens\":%s,\"outputTokens\":%s}",
				       exchange->counts[0], exchange->counts[1]);
}

static void tell_response(struct telling *telling)
{
	struct ts_response *response = telling->exchange->response;
	struct ts_reading *reading = &response->reading;
	struct ts_wire_call *call = telling->call;

	ts_response_end(response);
	call->request_id = header(telling, telling->exchange->request_id);
	call->response_id = string_in(telling, &reading->id);
	call->served = string_in(telling, &reading->model);
	call->tier = string_in(telling, &reading->tier);
	call->streamed = reading->streamed;
	call->undecoded = response->decoder.state == TS_DECODER_FAILED;
	call->first_token_ticks = reading->first_ticks;
	call->longest_gap_ticks = reading->longest_ticks;
	call->pieces = reading->pieces;
	call->tool_calls = reading->answer.tool_calls;
	tell_usage(telling);
	if (ts_answer_is_empty(&reading->answer))
		return;
	ts_answer_print(&reading->answer, &telling->room);
	if (!telling->room.failed) {
		struct ts_buffer answer = telling->room;

		telling->room = (struct ts_buffer){.memory = &telling->memory};
		call->answer = json_in(telling, &answer);
		ts_buffer_release(&answer);
	}
	ts_buffer_reset(&telling->room);
}

/* --- how it went ----------------------------------------------------------------------- */

static void fail(struct telling *telling, enum ts_wire_outcome outcome, const char *type,
		 const char *error)
{
	telling->call->outcome = outcome;
	telling->call->error_type = type;
	telling->call->error = error;
}

/* It ended before the response did. */
static void tell_end(struct telling *telling, enum ts_exchange_end end)
{
	switch (end) {
	case TS_EXCHANGE_COMPLETE:
		fail(telling, TS_WIRE_CUT, "truncated_stream",
		     "the stream ended without its end mark");
		break;
	case TS_EXCHANGE_BY_CLIENT:
		fail(telling, TS_WIRE_CANCELLED, "cancelled", "the program ended the request");
		break;
	case TS_EXCHANGE_BY_PEER:
		fail(telling, TS_WIRE_LOST, "connection_lost",
		     "the connection was closed by the other side");
		break;
	case TS_EXCHANGE_BY_END:
		fail(telling, TS_WIRE_LOST, "interrupted", "the program ended");
		break;
	case TS_EXCHANGE_BY_ERROR:
		fail(telling, TS_WIRE_LOST, "connection_lost", "the connection failed");
		break;
	case TS_EXCHANGE_UNSEEN:
		fail(telling, TS_WIRE_UNSEEN, "unseen", "its end was not recorded");
		break;
	case TS_EXCHANGE_NOT_PROCESSED:
		fail(telling, TS_WIRE_LOST, "not_processed",
		     "the other side closes the connection and did not take the request");
		break;
	case TS_EXCHANGE_SWITCHED:
		fail(telling, TS_WIRE_UNSEEN, "switched",
		     "the connection went over to another protocol");
		break;
	}
}

static void tell_error(struct telling *telling, enum ts_wire_outcome outcome)
{
	struct ts_exchange *exchange = telling->exchange;
	struct ts_reading *reading = &exchange->response->reading;
	const char *error = string_in(telling, &reading->error),
		   *type = string_in(telling, &reading->error_type);

	if (!type && *exchange->error_type) {
		exchange->error_type[strcspn(exchange->error_type, ":")] = 0; /* a URL may follow */
		type = header(telling, exchange->error_type);
	}
	if (!type)
		type = ts_pool_printf(&telling->pool, "%d", telling->call->status);
	if (!error)
		error = ts_pool_printf(&telling->pool, "HTTP status %d", telling->call->status);
	fail(telling, outcome, type, error);
}

/* Some clients do not wait for the end mark once the model has said how it ended. */
static bool is_all_said(const struct ts_reading *reading, enum ts_exchange_end end)
{
	return reading->ended ||
	       (end == TS_EXCHANGE_BY_CLIENT && ts_answer_all_finished(&reading->answer));
}

static void tell_outcome(struct telling *telling, enum ts_exchange_end end)
{
	struct ts_exchange *exchange = telling->exchange;
	const struct ts_reading *reading;

	if (!exchange->response) {
		tell_end(telling, end == TS_EXCHANGE_COMPLETE ? TS_EXCHANGE_BY_PEER : end);
		return;
	}
	reading = &exchange->response->reading;
	if (exchange->call.status >= 400)
		tell_error(telling, TS_WIRE_REFUSED);
	else if (reading->failed)
		tell_error(telling, TS_WIRE_FAILED);
	else if (reading->streamed && is_all_said(reading, end))
		return;
	else if (end != TS_EXCHANGE_COMPLETE)
		tell_end(telling, end);
	else if (reading->streamed && !ts_answer_finished(&reading->answer) &&
		 !telling->call->undecoded)
		tell_end(telling, exchange->missed ? TS_EXCHANGE_UNSEEN : end);
}

void ts_exchange_tell(struct ts_exchange *exchange, enum ts_exchange_end end)
{
	struct telling telling = {
		.exchange = exchange, .call = &exchange->call, .memory = {0, SIZE_MAX}};

	telling.room.memory = &telling.memory;
	tell_request(&telling);
	if (exchange->response)
		tell_response(&telling);
	tell_outcome(&telling, end);
	exchange->settings->called(exchange->settings->user, telling.call);
	ts_buffer_release(&telling.room);
	ts_pool_release(&telling.pool);
}
