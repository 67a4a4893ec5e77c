// SPDX-License-Identifier: Apache-2.0
/* Google's Gemini, by its own API and Vertex AI's. */
#include <stddef.h>

#include "node.h"
#include "provider.h"
#include "reading.h"

static bool is_true(struct ts_text node)
{
	return node.bytes && *node.data == 't';
}

/* Calls of functions come whole: each is a part of its own. */
static void read_call(struct ts_reading *reading, uint32_t choice, struct ts_text call)
{
	const struct ts_part_key key = {choice, reading->answer.tool_calls, TS_PART_TOOL};

	ts_answer_tool(&reading->answer, key, ts_node_at(call, "id"), ts_node_at(call, "name"));
	ts_reading_content(reading, key, ts_node_at(call, "args"));
}

static void read_candidate(struct ts_reading *reading, struct ts_text candidate)
{
	uint32_t choice = (uint32_t)ts_node_integer(ts_node_at(candidate, "index"), 0);
	struct ts_text parts = ts_node_inside(ts_node_at(candidate, "content.parts")), part;

	while (ts_node_next(&parts, NULL, &part)) {
		struct ts_text call = ts_node_at(part, "functionCall");
		struct ts_part_key key = {choice, 0,
					  is_true(ts_node_at(part, "thought")) ? TS_PART_REASONING
									       : TS_PART_TEXT};

		ts_reading_content(reading, key, ts_node_at(part, "text"));
		if (call.data)
			read_call(reading, choice, call);
	}
	ts_answer_finish(&reading->answer, choice, ts_node_at(candidate, "finishReason"));
}

static void read_generated(struct ts_reading *reading, const char *event, struct ts_text value)
{
	struct ts_text candidates = ts_node_inside(ts_node_at(value, "candidates")), candidate;

	(void)event;
	ts_reading_model(reading, ts_node_at(value, "modelVersion"));
	ts_reading_id(reading, ts_node_at(value, "responseId"));
	ts_reading_usage(reading, ts_node_at(value, "usageMetadata"));
	while (ts_node_next(&candidates, NULL, &candidate))
		read_candidate(reading, candidate);
	ts_answer_finish(&reading->answer, 0, ts_node_at(value, "promptFeedback.blockReason"));
}

static void read_embedded(struct ts_reading *reading, const char *event, struct ts_text value)
{
	(void)event;
	ts_reading_usage(reading, ts_node_at(value, "usageMetadata"));
}

static const char *const generate_input[] = {"systemInstruction", "system_instruction", "contents",
					     NULL};
static const char *const embed_input[] = {"content", "requests", NULL};

static const struct ts_wire_api generate = {"generate_content", generate_input, read_generated};
static const struct ts_wire_api embed = {"embed_content", embed_input, read_embedded};

static const struct ts_provider_host hosts[] = {
	{"generativelanguage.googleapis.com", "gcp.gemini"},
	{"*-aiplatform.googleapis.com", "gcp.vertex_ai"},
	{"aiplatform.googleapis.com", "gcp.vertex_ai"},
	{NULL, NULL},
};

static const struct ts_provider_path paths[] = {
	{":generateContent", &generate, "/models/"},
	{":streamGenerateContent", &generate, "/models/"},
	{":embedContent", &embed, "/models/"},
	{":batchEmbedContents", &embed, "/models/"},
	{":rawPredict", &ts_api_messages, "/models/"},
	{":streamRawPredict", &ts_api_messages, "/models/"},
	{"/chat/completions", &ts_api_chat_completions, NULL},
	{"/openai/embeddings", &ts_api_embeddings, NULL},
	{NULL, NULL, NULL},
};

const struct ts_provider ts_provider_gemini = {hosts, paths};
