// SPDX-License-Identifier: Apache-2.0
#include "response.h"

#include <string.h>
#include <strings.h>

#include "node.h"
#include "provider.h"

#define STREAM_END "[DONE]"

/* --- values ---------------------------------------------------------------------------- */

static bool is_something(struct ts_text node)
{
	return node.bytes && *node.data != 'n';
}

static bool tells_of_error(const struct ts_response *response, struct ts_text value)
{
	return response->status >= 400 || is_something(ts_node_at(value, "error")) ||
	       ts_node_equals(ts_node_at(value, "type"), "error");
}

/* All that belongs to one value has come. */
static void read_value(struct ts_response *response, const char *event)
{
	struct ts_text value = ts_document_end(&response->document);
	const struct ts_buffer *raw = &response->document.text;

	if (value.data) {
		response->reading.streamed |= response->values.listed;
		if (tells_of_error(response, value))
			ts_reading_error(&response->reading, value);
		response->api->read(&response->reading, event, value);
	} else if (raw->bytes == strlen(STREAM_END) && !memcmp(raw->data, STREAM_END, raw->bytes)) {
		response->reading.ended = true;
	}
	ts_document_reset(&response->document);
}

static void add_data(void *user, const char *data, size_t bytes)
{
	struct ts_response *response = user;

	ts_document_add(&response->document, data, bytes);
}

static void end_value(void *user)
{
	read_value(user, "");
}

static void end_event(void *user, const char *name)
{
	read_value(user, name);
}

static void end_message(void *user, const struct ts_message_type *type, bool sound)
{
	struct ts_response *response = user;
	struct ts_text value;

	if (!sound) {
		ts_document_reset(&response->document);
		return;
	}
	if (strcmp(type->message, "exception") != 0 && strcmp(type->message, "error") != 0) {
		read_value(response, type->event);
		return;
	}
	value = ts_document_end(&response->document);
	ts_reading_fail(&response->reading, type->event,
			ts_node_characters(ts_node_at(value, "message")));
	ts_document_reset(&response->document);
}

/* --- framings -------------------------------------------------------------------------- */

static void add_values(struct ts_response *response, const char *data, size_t bytes)
{
	const struct ts_values_target target = {add_data, end_value, response};

	ts_json_values_add(&response->values, &target, data, bytes);
}

static void add_sse(struct ts_response *response, const char *data, size_t bytes)
{
	const struct ts_sse_target target = {add_data, end_event, response};
	size_t taken = ts_sse_add(&response->sse, &target, data, bytes);

	if (taken == bytes)
		return;
	ts_sse_end(&response->sse, &target);
	response->framing = TS_FRAMING_VALUES;
	add_values(response, data + taken, bytes - taken);
}

static void keep_begin(struct ts_response *response, const char *data, size_t bytes)
{
	size_t room = sizeof(response->begin) - response->begin_bytes;

	if (response->status < 400)
		return;
	memcpy(response->begin + response->begin_bytes, data, bytes < room ? bytes : room);
	response->begin_bytes += bytes < room ? bytes : room;
}

static void add_decoded(void *user, const char *data, size_t bytes)
{
	struct ts_response *response = user;
	const struct ts_eventstream_target target = {add_data, end_message, response};

	keep_begin(response, data, bytes);
	if (response->framing == TS_FRAMING_SSE)
		add_sse(response, data, bytes);
	else if (response->framing == TS_FRAMING_EVENTSTREAM)
		ts_eventstream_add(&response->eventstream, &target, data, bytes);
	else
		add_values(response, data, bytes);
}

static bool is_type(const char *type, const char *wanted)
{
	size_t bytes = strcspn(type, "; \t");

	return bytes == strlen(wanted) && !strncasecmp(type, wanted, bytes);
}

static void choose_framing(struct ts_response *response, const char *type)
{
	static const char *const lines[] = {"application/x-ndjson", "application/ndjson",
					    "application/jsonl", "application/stream+json", NULL};

	if (is_type(type, "text/event-stream"))
		response->framing = TS_FRAMING_SSE;
	else if (is_type(type, "application/vnd.amazon.eventstream"))
		response->framing = TS_FRAMING_EVENTSTREAM;
	response->reading.streamed = response->framing != TS_FRAMING_VALUES;
	for (const char *const *line = lines; *line; line++)
		response->reading.streamed |= is_type(type, *line);
}

/* --- */

void ts_response_init(struct ts_response *response, const struct ts_wire_api *api,
		      struct ts_memory *memory, size_t bound, int status, const char *type,
		      const char *encoding)
{
	*response = (struct ts_response){.api = api, .status = status};
	ts_document_init(&response->document, memory, 2 * bound, bound);
	ts_reading_init(&response->reading, memory, bound);
	ts_decoder_begin(&response->decoder, encoding);
	choose_framing(response, type ? type : "");
}

void ts_response_add(struct ts_response *response, const char *data, size_t bytes, uint64_t ticks)
{
	response->reading.now = ticks;
	ts_decoder_add(&response->decoder, data, bytes, add_decoded, response);
}

void ts_response_miss(struct ts_response *response)
{
	const struct ts_values_target target = {add_data, end_value, response};

	ts_decoder_miss(&response->decoder);
	if (response->framing != TS_FRAMING_SSE || ts_sse_miss(&response->sse))
		ts_document_miss(&response->document);
	if (response->framing == TS_FRAMING_VALUES)
		ts_json_values_miss(&response->values, &target);
	response->eventstream.lost = true;
}

/* An error that no JSON told of: its page is all there is to say. */
static void tell_begin(struct ts_response *response)
{
	struct ts_buffer escaped = {.memory = response->reading.error.memory};
	struct ts_text text = ts_node_of((struct ts_text){response->begin, response->begin_bytes});

	ts_text_trim_end(&text);
	ts_node_escape(&escaped, text);
	ts_reading_fail(&response->reading, NULL, (struct ts_text){escaped.data, escaped.bytes});
	ts_buffer_release(&escaped);
}

void ts_response_end(struct ts_response *response)
{
	const struct ts_sse_target target = {add_data, end_event, response};

	if (response->framing == TS_FRAMING_SSE)
		ts_sse_end(&response->sse, &target);
	if (response->status >= 400 && !response->reading.failed)
		tell_begin(response);
}

void ts_response_release(struct ts_response *response)
{
	ts_decoder_end(&response->decoder);
	ts_document_release(&response->document);
	ts_reading_release(&response->reading);
}
