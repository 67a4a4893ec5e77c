// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "node.h"
#include "provider.h"
#include "reading.h"

/* A block of content, as it begins or as it is. */
static void read_block(struct ts_reading *reading, uint32_t number, struct ts_text block,
		       bool whole)
{
	struct ts_part_key key = {0, number, TS_PART_TOOL};
	struct ts_text type = ts_node_at(block, "type");

	ts_reading_content(reading, (struct ts_part_key){0, number, TS_PART_TEXT},
			   ts_node_at(block, "text"));
	ts_reading_content(reading, (struct ts_part_key){0, number, TS_PART_REASONING},
			   ts_node_at(block, "thinking"));
	if (!ts_node_equals(type, "tool_use"))
		return;
	ts_answer_tool(&reading->answer, key, ts_node_at(block, "id"), ts_node_at(block, "name"));
	if (whole) /* in a stream it is {}, and the pieces follow */
		ts_reading_content(reading, key, ts_node_at(block, "input"));
}

static void read_delta(struct ts_reading *reading, uint32_t number, struct ts_text delta)
{
	static const struct {
		const char *member;
		enum ts_part_kind kind;
	} pieces[] = {{"text", TS_PART_TEXT},
		      {"thinking", TS_PART_REASONING},
		      {"partial_json", TS_PART_TOOL}};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct ts_text piece = ts_node_at(delta, pieces[i].member);

		if (ts_node_is_string(piece) || ts_node_is_object(piece))
			ts_reading_content(reading, (struct ts_part_key){0, number, pieces[i].kind},
					   piece);
	}
}

static void read_message(struct ts_reading *reading, struct ts_text message)
{
	struct ts_text blocks = ts_node_inside(ts_node_at(message, "content")), block;

	ts_reading_model(reading, ts_node_at(message, "model"));
	ts_reading_id(reading, ts_node_at(message, "id"));
	ts_reading_tier(reading, ts_node_at(message, "usage.service_tier"));
	ts_reading_usage(reading, ts_node_at(message, "usage"));
	for (uint32_t n = 0; ts_node_next(&blocks, NULL, &block); n++)
		read_block(reading, n, block, true);
	ts_answer_finish(&reading->answer, 0, ts_node_at(message, "stop_reason"));
}

static void read_messages(struct ts_reading *reading, const char *event, struct ts_text value)
{
	struct ts_text type = ts_node_at(value, "type");
	uint32_t number = (uint32_t)ts_node_integer(ts_node_at(value, "index"), 0);

	(void)event;
	if (ts_node_equals(type, "message")) {
		read_message(reading, value);
	} else if (ts_node_equals(type, "message_start")) {
		read_message(reading, ts_node_at(value, "message"));
	} else if (ts_node_equals(type, "content_block_start")) {
		read_block(reading, number, ts_node_at(value, "content_block"), false);
	} else if (ts_node_equals(type, "content_block_delta")) {
		read_delta(reading, number, ts_node_at(value, "delta"));
	} else if (ts_node_equals(type, "message_delta")) {
		ts_answer_finish(&reading->answer, 0, ts_node_at(value, "delta.stop_reason"));
		/* counts so far, of all: they replace those before */
		ts_reading_usage_more(reading, ts_node_at(value, "usage"));
	} else if (ts_node_equals(type, "message_stop")) {
		reading->ended = true;
	}
}

static const char *const input[] = {"system", "messages", NULL};

const struct ts_wire_api ts_api_messages = {"messages", input, read_messages};

static const struct ts_provider_host hosts[] = {
	{"api.anthropic.com", "anthropic"},
	{NULL, NULL},
};

static const struct ts_provider_path paths[] = {
	{"/v1/messages", &ts_api_messages, NULL},
	{"/chat/completions", &ts_api_chat_completions, NULL},
	{NULL, NULL, NULL},
};

const struct ts_provider ts_provider_anthropic = {hosts, paths};
