// SPDX-License-Identifier: Apache-2.0
#include "reading.h"

#include <string.h>

#include "node.h"

#define NAME_BYTES  256
#define USAGE_BYTES 4096
#define ERROR_BYTES 1024

void ts_reading_init(struct ts_reading *reading, struct ts_memory *memory, size_t bound)
{
	const struct ts_buffer empty = {.memory = memory};

	*reading = (struct ts_reading){
		.usage = empty,
		.model = empty,
		.id = empty,
		.tier = empty,
		.error = empty,
		.error_type = empty,
	};
	ts_answer_init(&reading->answer, memory, bound);
}

void ts_reading_release(struct ts_reading *reading)
{
	ts_answer_release(&reading->answer);
	ts_buffer_release(&reading->usage);
	ts_buffer_release(&reading->model);
	ts_buffer_release(&reading->id);
	ts_buffer_release(&reading->tier);
	ts_buffer_release(&reading->error);
	ts_buffer_release(&reading->error_type);
}

/* --- content --------------------------------------------------------------------------- */

void ts_reading_content(struct ts_reading *reading, struct ts_part_key key, struct ts_text piece)
{
	uint64_t since = reading->now - reading->latest_ticks;

	if (!ts_answer_piece(&reading->answer, key, piece) || !reading->streamed)
		return;
	if (!reading->pieces)
		reading->first_ticks = reading->now;
	else if (reading->now > reading->latest_ticks && since > reading->longest_ticks)
		reading->longest_ticks = since;
	reading->latest_ticks = reading->now;
	reading->pieces++;
}

/* --- names ----------------------------------------------------------------------------- */

static void replace(struct ts_buffer *to, struct ts_text text, size_t most)
{
	if (!text.bytes)
		return;
	ts_buffer_reset(to);
	if (text.bytes > most) {
		size_t whole = 0, n;

		while (whole + (n = ts_node_character(text.data + whole, text.bytes - whole)) <=
		       most)
			whole += n;
		text.bytes = whole;
	}
	ts_buffer_add(to, text.data, text.bytes);
}

void ts_reading_model(struct ts_reading *reading, struct ts_text node)
{
	replace(&reading->model, ts_node_characters(node), NAME_BYTES);
}

void ts_reading_id(struct ts_reading *reading, struct ts_text node)
{
	replace(&reading->id, ts_node_characters(node), NAME_BYTES);
}

void ts_reading_tier(struct ts_reading *reading, struct ts_text node)
{
	replace(&reading->tier, ts_node_characters(node), NAME_BYTES);
}

/* --- usage ----------------------------------------------------------------------------- */

static bool is_usage(struct ts_text node)
{
	struct ts_text inside = ts_node_inside(node), value;

	return ts_node_is_object(node) && node.bytes <= USAGE_BYTES &&
	       ts_node_next(&inside, NULL, &value);
}

void ts_reading_usage(struct ts_reading *reading, struct ts_text node)
{
	if (is_usage(node))
		replace(&reading->usage, node, USAGE_BYTES);
}

static void add_member(struct ts_buffer *to, struct ts_text key, struct ts_text value)
{
	ts_buffer_text(to, to->bytes ? ",\"" : "{\"");
	ts_buffer_add(to, key.data, key.bytes);
	ts_buffer_text(to, "\":");
	ts_buffer_add(to, value.data, value.bytes);
}

static bool is_null(struct ts_text node)
{
	return *node.data == 'n';
}

/* Whether the object has a member of this name that is more than null. */
static bool tells(struct ts_text object, struct ts_text wanted)
{
	struct ts_text inside = ts_node_inside(object), key, value;

	while (ts_node_next(&inside, &key, &value)) {
		if (key.bytes == wanted.bytes && !memcmp(key.data, wanted.data, key.bytes))
			return !is_null(value);
	}
	return false;
}

void ts_reading_usage_more(struct ts_reading *reading, struct ts_text node)
{
	struct ts_buffer merged = {.memory = reading->usage.memory};
	struct ts_text inside =
		ts_node_inside((struct ts_text){reading->usage.data, reading->usage.bytes});
	struct ts_text key, value;

	if (!is_usage(node))
		return;
	while (reading->usage.bytes && ts_node_next(&inside, &key, &value)) {
		if (!tells(node, key))
			add_member(&merged, key, value);
	}
	for (inside = ts_node_inside(node); ts_node_next(&inside, &key, &value);) {
		if (!is_null(value))
			add_member(&merged, key, value);
	}
	ts_buffer_text(&merged, "}");
	if (merged.bytes < 2 || merged.failed || merged.bytes > USAGE_BYTES) {
		ts_buffer_release(&merged);
		return;
	}
	ts_buffer_release(&reading->usage);
	reading->usage = merged;
}

void ts_reading_usage_of(struct ts_reading *reading, struct ts_text node, const char *const *keys)
{
	struct ts_buffer usage = {.memory = reading->usage.memory};

	for (; *keys; keys++) {
		struct ts_text value = ts_node_at(node, *keys);

		if (value.bytes)
			add_member(&usage, (struct ts_text){*keys, strlen(*keys)}, value);
	}
	if (usage.bytes) {
		ts_buffer_text(&usage, "}");
		ts_reading_usage(reading, (struct ts_text){usage.data, usage.bytes});
	}
	ts_buffer_release(&usage);
}

/* --- errors ---------------------------------------------------------------------------- */

void ts_reading_fail(struct ts_reading *reading, const char *type, struct ts_text message)
{
	reading->failed = true;
	if (type)
		replace(&reading->error_type, (struct ts_text){type, strlen(type)}, NAME_BYTES);
	replace(&reading->error, message, ERROR_BYTES);
}

/* The API's word for what went wrong: a string, or the number that some have. */
static void set_type(struct ts_reading *reading, struct ts_text error)
{
	static const char *const keys[] = {"code", "type", "status", "__type", NULL};
	struct ts_text code = ts_node_at(error, "code");

	/* OpenAI's "type" is the class, its "code" the case; Google's "code" repeats the HTTP status */
	for (const char *const *key = keys; *key && !reading->error_type.bytes; key++)
		replace(&reading->error_type, ts_node_characters(ts_node_at(error, *key)),
			NAME_BYTES);
	if (!reading->error_type.bytes && ts_node_integer(code, -1) >= 0)
		replace(&reading->error_type, code, NAME_BYTES);
}

bool ts_reading_error(struct ts_reading *reading, struct ts_text node)
{
	struct ts_text error = ts_node_at(node, "error"), message;

	if (ts_node_is_string(error)) {
		ts_reading_fail(reading, NULL, ts_node_characters(error));
		return true;
	}
	if (!ts_node_is_object(error))
		error = node;
	message = ts_node_at(error, "message");
	if (!message.data)
		message = ts_node_at(error, "Message");
	if (!message.data)
		message = ts_node_at(error, "detail");
	if (!message.data && error.data == node.data)
		return false;
	if (!ts_node_is_string(message))
		message = ts_node_at(message, "head");
	reading->failed = true;
	set_type(reading, error);
	ts_reading_fail(reading, NULL, ts_node_characters(message));
	return true;
}
