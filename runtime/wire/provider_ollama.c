// SPDX-License-Identifier: Apache-2.0
/* Ollama, known by its port: its own API, and those of others that it speaks. */
#include <stddef.h>

#include "node.h"
#include "provider.h"
#include "reading.h"

static const struct ts_part_key text = {0, 0, TS_PART_TEXT};
static const struct ts_part_key thought = {0, 0, TS_PART_REASONING};

static void read_names(struct ts_reading *reading, struct ts_text value)
{
	static const char *const usage[] = {
		"prompt_eval_count", "eval_count",           "total_duration",
		"load_duration",     "prompt_eval_duration", "eval_duration",
		"remote_model",      "remote_host",          NULL};

	ts_reading_model(reading, ts_node_at(value, "model"));
	ts_reading_usage_of(reading, value, usage);
}

/* The last line of a stream, or the only one. */
static void read_end(struct ts_reading *reading, struct ts_text value)
{
	struct ts_text done = ts_node_at(value, "done");

	ts_answer_finish(&reading->answer, 0, ts_node_at(value, "done_reason"));
	reading->ended |= done.bytes && *done.data == 't';
}

static void read_chat(struct ts_reading *reading, const char *event, struct ts_text value)
{
	struct ts_text calls = ts_node_inside(ts_node_at(value, "message.tool_calls")), call;

	(void)event;
	read_names(reading, value);
	ts_reading_content(reading, thought, ts_node_at(value, "message.thinking"));
	ts_reading_content(reading, text, ts_node_at(value, "message.content"));
	while (ts_node_next(&calls, NULL, &call)) {
		const struct ts_part_key key = {0, reading->answer.tool_calls, TS_PART_TOOL};

		ts_answer_tool(&reading->answer, key, ts_node_at(call, "id"),
			       ts_node_at(call, "function.name"));
		ts_reading_content(reading, key, ts_node_at(call, "function.arguments"));
	}
	read_end(reading, value);
}

static void read_generated(struct ts_reading *reading, const char *event, struct ts_text value)
{
	(void)event;
	read_names(reading, value);
	ts_reading_content(reading, thought, ts_node_at(value, "thinking"));
	ts_reading_content(reading, text, ts_node_at(value, "response"));
	read_end(reading, value);
}

static void read_embedded(struct ts_reading *reading, const char *event, struct ts_text value)
{
	(void)event;
	read_names(reading, value);
}

static const char *const chat_input[] = {"messages", NULL};
static const char *const generate_input[] = {"system", "prompt", "suffix", "images", NULL};
static const char *const embed_input[] = {"input", "prompt", NULL};

static const struct ts_wire_api chat = {"chat", chat_input, read_chat};
static const struct ts_wire_api generate = {"generate", generate_input, read_generated};
static const struct ts_wire_api embed = {"embed", embed_input, read_embedded};

static const struct ts_provider_host hosts[] = {
	{"*:11434", "ollama"},
	{"ollama.com", "ollama"},
	{NULL, NULL},
};

static const struct ts_provider_path paths[] = {
	{"/api/chat", &chat, NULL},
	{"/api/generate", &generate, NULL},
	{"/api/embed", &embed, NULL},
	{"/api/embeddings", &embed, NULL},
	{"/v1/chat/completions", &ts_api_chat_completions, NULL},
	{"/v1/completions", &ts_api_completions, NULL},
	{"/v1/responses", &ts_api_responses, NULL},
	{"/v1/embeddings", &ts_api_embeddings, NULL},
	{"/v1/messages", &ts_api_messages, NULL},
	{NULL, NULL, NULL},
};

const struct ts_provider ts_provider_ollama = {hosts, paths};
