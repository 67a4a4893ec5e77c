// SPDX-License-Identifier: Apache-2.0
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange_impl.h"
#include "node.h"

#define DEFAULT_BYTES ((size_t)65536)

static uint32_t count(struct ts_ordinals *ordinals, const uint8_t *context)
{
	if (memcmp(ordinals->context, context, sizeof(ordinals->context)) != 0) {
		memcpy(ordinals->context, context, sizeof(ordinals->context));
		ordinals->n = 0;
	}
	return ordinals->n++;
}

struct ts_exchange *ts_exchange_new(const struct ts_wire_settings *settings,
				    struct ts_memory *memory, const char *http, uint64_t ticks,
				    const void *context, struct ts_ordinals *ordinals)
{
	struct ts_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->settings = settings;
	exchange->memory = memory;
	exchange->call.http = http;
	exchange->call.started_ticks = ticks;
	exchange->call.last_ticks = ticks;
	if (context)
		memcpy(exchange->call.context, context, TS_WIRE_CONTEXT_BYTES);
	exchange->call.ordinal = count(ordinals, exchange->call.context);
	return exchange;
}

/* --- heads ----------------------------------------------------------------------------- */

static void keep(char *to, size_t room, struct ts_text text)
{
	size_t bytes = text.bytes < room ? text.bytes : room - 1;

	if (bytes)
		memcpy(to, text.data, bytes);
	to[bytes] = 0;
}

static void lower(char *text)
{
	for (; *text; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
	}
}

void ts_exchange_http(struct ts_exchange *exchange, const char *http)
{
	exchange->call.http = http;
}

void ts_exchange_method(struct ts_exchange *exchange, struct ts_text method)
{
	keep(exchange->method, sizeof(exchange->method), method);
}

void ts_exchange_host(struct ts_exchange *exchange, struct ts_text host)
{
	const char *at = host.bytes ? memrchr(host.data, '@', host.bytes) : NULL;

	if (at) {
		host.bytes -= (size_t)(at + 1 - host.data);
		host.data = at + 1;
	}
	keep(exchange->host, sizeof(exchange->host), host);
	lower(exchange->host);
}

/* To a proxy the target is a whole URL. */
void ts_exchange_target(struct ts_exchange *exchange, struct ts_text target)
{
	const char *slashes = target.bytes > 8 ? memmem(target.data, 8, "://", 3) : NULL, *path,
		   *query;

	if (slashes && *target.data != '/') {
		target.bytes -= (size_t)(slashes + 3 - target.data);
		target.data = slashes + 3;
		path = memchr(target.data, '/', target.bytes);
		exchange->host_in_target = true;
		ts_exchange_host(exchange,
				 (struct ts_text){target.data, path ? (size_t)(path - target.data)
								    : target.bytes});
		target = path ? (struct ts_text){path, target.bytes - (size_t)(path - target.data)}
			      : (struct ts_text){"/", 1};
	}
	query = memchr(target.data, '?', target.bytes);
	if (query)
		target.bytes = (size_t)(query - target.data);
	keep(exchange->path, sizeof(exchange->path), target);
}

static bool is(struct ts_text name, const char *wanted)
{
	return name.bytes == strlen(wanted) && !strncasecmp(name.data, wanted, name.bytes);
}

static void request_field(struct ts_exchange *exchange, struct ts_text name, struct ts_text value)
{
	char number[16];

	if (is(name, "host") && !exchange->host_in_target && !*exchange->host)
		ts_exchange_host(exchange, value);
	else if (is(name, "content-encoding"))
		keep(exchange->encoding[TS_WIRE_SENT], sizeof(exchange->encoding[0]), value);
	else if (is(name, "x-stainless-retry-count")) {
		keep(number, sizeof(number), value);
		exchange->call.attempt = (unsigned)strtoul(number, NULL, 10);
	}
}

/* Ids of requests, the best first. */
static void keep_id(struct ts_exchange *exchange, struct ts_text name, struct ts_text value)
{
	static const char *const names[] = {"request-id", "x-request-id", "x-generation-id",
					    "x-amzn-requestid", "apim-request-id"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!is(name, names[i]) || (exchange->id_rank && exchange->id_rank <= i + 1))
			continue;
		exchange->id_rank = i + 1;
		keep(exchange->request_id, sizeof(exchange->request_id), value);
	}
}

static void response_field(struct ts_exchange *exchange, struct ts_text name, struct ts_text value)
{
	if (is(name, "content-type"))
		keep(exchange->type, sizeof(exchange->type), value);
	else if (is(name, "content-encoding"))
		keep(exchange->encoding[TS_WIRE_RECEIVED], sizeof(exchange->encoding[0]), value);
	else if (is(name, "x-amzn-bedrock-input-token-count"))
		keep(exchange->counts[0], sizeof(exchange->counts[0]), value);
	else if (is(name, "x-amzn-bedrock-output-token-count"))
		keep(exchange->counts[1], sizeof(exchange->counts[1]), value);
	else if (is(name, "x-amzn-errortype"))
		keep(exchange->error_type, sizeof(exchange->error_type), value);
	else
		keep_id(exchange, name, value);
}

void ts_exchange_field(struct ts_exchange *exchange, enum ts_wire_direction direction,
		       struct ts_text name, struct ts_text value)
{
	if (direction == TS_WIRE_SENT)
		request_field(exchange, name, value);
	else
		response_field(exchange, name, value);
}

static size_t bytes_or_default(size_t bytes)
{
	return bytes ? bytes : DEFAULT_BYTES;
}

bool ts_exchange_asked(struct ts_exchange *exchange)
{
	struct ts_place *place = &exchange->place;

	if (strcmp(exchange->method, "POST") != 0 ||
	    !ts_provider_find(exchange->settings, exchange->host, exchange->path, place))
		return false;
	exchange->request = calloc(1, sizeof(*exchange->request));
	if (!exchange->request)
		return false;
	ts_request_init(exchange->request, exchange->memory,
			bytes_or_default(exchange->settings->request_bytes),
			exchange->encoding[TS_WIRE_SENT]);
	if (exchange->settings->asked)
		exchange->settings->asked(exchange->settings->user, exchange->call.context);
	return true;
}

void ts_exchange_answered(struct ts_exchange *exchange, uint64_t ticks)
{
	if (!exchange->call.first_byte_ticks)
		exchange->call.first_byte_ticks = ticks;
	exchange->call.last_ticks = ticks;
}

void ts_exchange_status(struct ts_exchange *exchange, int status)
{
	if (!exchange->request || exchange->response)
		return;
	exchange->call.status = status;
	exchange->response = calloc(1, sizeof(*exchange->response));
	if (exchange->response)
		ts_response_init(exchange->response, exchange->place.api, exchange->memory,
				 bytes_or_default(exchange->settings->answer_bytes), status,
				 exchange->type, exchange->encoding[TS_WIRE_RECEIVED]);
}

/* --- bodies ---------------------------------------------------------------------------- */

void ts_exchange_body(struct ts_exchange *exchange, enum ts_wire_direction direction,
		      const char *data, size_t bytes, uint64_t ticks)
{
	exchange->call.last_ticks = ticks;
	if (direction == TS_WIRE_SENT && exchange->request) {
		exchange->call.sent_bytes += bytes;
		ts_request_add(exchange->request, data, bytes);
	} else if (direction == TS_WIRE_RECEIVED && exchange->response) {
		exchange->call.received_bytes += bytes;
		ts_response_add(exchange->response, data, bytes, ticks);
	}
}

void ts_exchange_miss(struct ts_exchange *exchange, enum ts_wire_direction direction,
		      uint64_t bytes)
{
	if (direction == TS_WIRE_SENT && exchange->request) {
		exchange->call.sent_bytes += bytes;
		ts_request_miss(exchange->request, bytes);
	} else if (direction == TS_WIRE_RECEIVED && exchange->response) {
		exchange->call.received_bytes += bytes;
		exchange->missed = true;
		ts_response_miss(exchange->response);
	}
	exchange->call.unseen_bytes += bytes;
}

/* --- its end --------------------------------------------------------------------------- */

enum ts_exchange_end ts_exchange_end_by(enum ts_wire_how how)
{
	static const enum ts_exchange_end ends[] = {
		[TS_WIRE_BY_CLIENT] = TS_EXCHANGE_BY_CLIENT,
		[TS_WIRE_BY_PEER] = TS_EXCHANGE_BY_PEER,
		[TS_WIRE_BY_END] = TS_EXCHANGE_BY_END,
		[TS_WIRE_BY_ERROR] = TS_EXCHANGE_BY_ERROR,
		[TS_WIRE_BY_LOSS] = TS_EXCHANGE_UNSEEN,
	};

	return ends[how];
}

static void free_exchange(struct ts_exchange *exchange)
{
	if (exchange->request)
		ts_request_release(exchange->request);
	if (exchange->response)
		ts_response_release(exchange->response);
	free(exchange->request);
	free(exchange->response);
	free(exchange);
}

void ts_exchange_finish(struct ts_exchange *exchange, enum ts_exchange_end end, uint64_t ticks)
{
	if (end != TS_EXCHANGE_COMPLETE)
		exchange->call.last_ticks = ticks;
	if (exchange->request)
		ts_exchange_tell(exchange, end);
	free_exchange(exchange);
}
