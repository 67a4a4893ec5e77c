// SPDX-License-Identifier: Apache-2.0
/* AWS Bedrock: Converse, which is the same for all models, and invoke, where each vendor's own API shows. */
#include <stddef.h>

#include "base64.h"
#include "node.h"
#include "provider.h"
#include "reading.h"
#include "scan.h"

/* --- converse -------------------------------------------------------------------------- */

/* A block of content, or what is new of it. */
static void read_block(struct ts_reading *reading, uint32_t number, struct ts_text block)
{
	static const char *const thoughts[] = {"reasoningContent.text",
					       "reasoningContent.reasoningText.text", NULL};
	const struct ts_part_key tool = {0, number, TS_PART_TOOL};
	struct ts_text use = ts_node_at(block, "toolUse");

	ts_reading_content(reading, (struct ts_part_key){0, number, TS_PART_TEXT},
			   ts_node_at(block, "text"));
	for (const char *const *path = thoughts; *path; path++)
		ts_reading_content(reading, (struct ts_part_key){0, number, TS_PART_REASONING},
				   ts_node_at(block, *path));
	if (!use.data)
		return;
	ts_answer_tool(&reading->answer, tool, ts_node_at(use, "toolUseId"),
		       ts_node_at(use, "name"));
	ts_reading_content(reading, tool, ts_node_at(use, "input"));
}

static void read_converse(struct ts_reading *reading, const char *event, struct ts_text value)
{
	uint32_t number = (uint32_t)ts_node_integer(ts_node_at(value, "contentBlockIndex"), 0);
	struct ts_text blocks = ts_node_inside(ts_node_at(value, "output.message.content")), block;

	(void)event;
	ts_reading_usage(reading, ts_node_at(value, "usage"));
	for (uint32_t n = 0; ts_node_next(&blocks, NULL, &block); n++)
		read_block(reading, n, block);
	read_block(reading, number, ts_node_at(value, "start"));
	read_block(reading, number, ts_node_at(value, "delta"));
	ts_answer_finish(&reading->answer, 0, ts_node_at(value, "stopReason"));
}

/* --- invoke ---------------------------------------------------------------------------- */

/* Meta's models. */
static void read_llama(struct ts_reading *reading, struct ts_text value)
{
	static const char *const usage[] = {"prompt_token_count", "generation_token_count", NULL};

	ts_reading_content(reading, (struct ts_part_key){0, 0, TS_PART_TEXT},
			   ts_node_at(value, "generation"));
	ts_answer_finish(&reading->answer, 0, ts_node_at(value, "stop_reason"));
	ts_reading_usage_of(reading, value, usage);
}

static void read_vendor(struct ts_reading *reading, struct ts_text value)
{
	if (ts_node_at(value, "choices").data)
		ts_api_chat_completions.read(reading, "", value);
	else if (ts_node_at(value, "generation").data)
		read_llama(reading, value);
	else if (ts_node_is_string(ts_node_at(value, "type")))
		ts_api_messages.read(reading, "", value);
	else /* Amazon's own have the shape of Converse; in streams its events lie in members of their names */
		read_converse(reading, "", value);
	if (!reading->usage.bytes)
		ts_reading_usage(reading, ts_node_at(value, "amazon-bedrock-invocationMetrics"));
}

static void read_invoke(struct ts_reading *reading, const char *event, struct ts_text value)
{
	struct ts_buffer decoded = {.memory = reading->usage.memory};
	struct ts_text chunk = ts_node_characters(ts_node_at(value, "bytes"));

	(void)event;
	if (!chunk.data) {
		read_vendor(reading, value);
		return;
	}
	ts_base64_decode(&decoded, chunk);
	chunk = (struct ts_text){decoded.data, decoded.bytes};
	if (decoded.bytes && !decoded.failed && ts_scan_text(chunk))
		read_vendor(reading, ts_node_of(chunk));
	ts_buffer_release(&decoded);
}

static const char *const converse_input[] = {"system", "messages", NULL};
static const char *const invoke_input[] = {"system",    "messages", "prompt",
					   "inputText", "texts",    NULL};

static const struct ts_wire_api converse = {"converse", converse_input, read_converse};
static const struct ts_wire_api invoke = {"invoke", invoke_input, read_invoke};

static const struct ts_provider_host hosts[] = {
	{"bedrock-runtime.*.amazonaws.com", "aws.bedrock"},
	{"bedrock-runtime-fips.*.amazonaws.com", "aws.bedrock"},
	{NULL, NULL},
};

static const struct ts_provider_path paths[] = {
	{"/converse", &converse, "/model/"},
	{"/converse-stream", &converse, "/model/"},
	{"/invoke", &invoke, "/model/"},
	{"/invoke-with-response-stream", &invoke, "/model/"},
	{"/chat/completions", &ts_api_chat_completions, NULL},
	{NULL, NULL, NULL},
};

const struct ts_provider ts_provider_bedrock = {hosts, paths};
