// SPDX-License-Identifier: Apache-2.0
/* OpenAI, and those whose APIs are copies of its own. */
#include <string.h>

#include "node.h"
#include "provider.h"
#include "reading.h"

static uint32_t number_of(struct ts_text node, const char *key)
{
	return (uint32_t)ts_node_integer(ts_node_at(node, key), 0);
}

static void read_names(struct ts_reading *reading, struct ts_text value)
{
	ts_reading_model(reading, ts_node_at(value, "model"));
	ts_reading_id(reading, ts_node_at(value, "id"));
	ts_reading_tier(reading, ts_node_at(value, "service_tier"));
}

/* --- chat completions ------------------------------------------------------------------ */

static void read_tool(struct ts_reading *reading, uint32_t choice, uint32_t number,
		      struct ts_text call)
{
	struct ts_part_key key = {choice, number, TS_PART_TOOL};
	struct ts_text function = ts_node_at(call, "function");

	if (!function.data)
		function = ts_node_at(call, "custom");
	ts_answer_tool(&reading->answer, key, ts_node_at(call, "id"), ts_node_at(function, "name"));
	ts_reading_content(reading, key, ts_node_at(function, "arguments"));
	ts_reading_content(reading, key, ts_node_at(function, "input"));
}

/* A text, or a list of parts of which some are texts. */
static void read_content(struct ts_reading *reading, uint32_t choice, struct ts_text content)
{
	struct ts_text inside = ts_node_inside(content), part;

	if (ts_node_is_string(content) || ts_node_is_object(content)) {
		ts_reading_content(reading, (struct ts_part_key){choice, 0, TS_PART_TEXT}, content);
		return;
	}
	while (ts_node_next(&inside, NULL, &part))
		ts_reading_content(reading, (struct ts_part_key){choice, 0, TS_PART_TEXT},
				   ts_node_at(part, "text"));
}

/* A message, or what is new of it. */
static void read_message(struct ts_reading *reading, uint32_t choice, struct ts_text message)
{
	static const char *const thoughts[] = {"reasoning_content", "reasoning", NULL};
	const struct ts_part_key thought = {choice, 0, TS_PART_REASONING};
	struct ts_text calls = ts_node_inside(ts_node_at(message, "tool_calls")), call;

	for (const char *const *name = thoughts; *name; name++) {
		struct ts_text node = ts_node_at(message, *name);

		ts_reading_content(reading, thought, node);
		if (node.bytes > 2 && ts_node_is_string(node))
			break; /* some send both, which say the same */
	}
	read_content(reading, choice, ts_node_at(message, "content"));
	read_content(reading, choice, ts_node_at(message, "refusal"));
	for (uint32_t n = 0; ts_node_next(&calls, NULL, &call); n++)
		read_tool(reading, choice, (uint32_t)ts_node_integer(ts_node_at(call, "index"), n),
			  call);
	call = ts_node_at(message, "function_call");
	if (ts_node_is_object(call)) {
		const struct ts_part_key key = {choice, 0, TS_PART_TOOL};

		ts_answer_tool(&reading->answer, key, (struct ts_text){0},
			       ts_node_at(call, "name"));
		ts_reading_content(reading, key, ts_node_at(call, "arguments"));
	}
}

static void read_chat(struct ts_reading *reading, const char *event, struct ts_text value)
{
	struct ts_text choices = ts_node_inside(ts_node_at(value, "choices")), choice;

	(void)event;
	read_names(reading, value);
	ts_reading_usage(reading, ts_node_at(value, "usage"));
	ts_reading_usage(reading, ts_node_at(value, "x_groq.usage"));
	while (ts_node_next(&choices, NULL, &choice)) {
		uint32_t number = number_of(choice, "index");

		read_message(reading, number, ts_node_at(choice, "delta"));
		read_message(reading, number, ts_node_at(choice, "message"));
		ts_answer_finish(&reading->answer, number, ts_node_at(choice, "finish_reason"));
		ts_reading_usage(reading, ts_node_at(choice, "usage"));
	}
}

static const char *const chat_input[] = {"messages", NULL};

const struct ts_wire_api ts_api_chat_completions = {"chat_completions", chat_input, read_chat};

/* --- completions ----------------------------------------------------------------------- */

static void read_completion(struct ts_reading *reading, const char *event, struct ts_text value)
{
	struct ts_text choices = ts_node_inside(ts_node_at(value, "choices")), choice;

	(void)event;
	read_names(reading, value);
	ts_reading_usage(reading, ts_node_at(value, "usage"));
	while (ts_node_next(&choices, NULL, &choice)) {
		uint32_t number = number_of(choice, "index");

		ts_reading_content(reading, (struct ts_part_key){number, 0, TS_PART_TEXT},
				   ts_node_at(choice, "text"));
		ts_answer_finish(&reading->answer, number, ts_node_at(choice, "finish_reason"));
	}
}

static const char *const completion_input[] = {"prompt", "suffix", NULL};

const struct ts_wire_api ts_api_completions = {"completions", completion_input, read_completion};

/* --- responses ------------------------------------------------------------------------- */

static void read_texts(struct ts_reading *reading, struct ts_part_key key, struct ts_text list)
{
	struct ts_text inside = ts_node_inside(list), part;

	for (; ts_node_next(&inside, NULL, &part); key.number++) {
		ts_reading_content(reading, key, ts_node_at(part, "text"));
		ts_reading_content(reading, key, ts_node_at(part, "refusal"));
	}
}

/* So that parts of items have numbers of their own. */
static uint32_t part_number(uint32_t item, uint32_t part)
{
	return item << 8 | (part & 255);
}

static bool is_tool(struct ts_text item)
{
	return ts_node_equals(ts_node_at(item, "type"), "function_call") ||
	       ts_node_equals(ts_node_at(item, "type"), "custom_tool_call") ||
	       ts_node_equals(ts_node_at(item, "type"), "mcp_call");
}

static void name_tool(struct ts_reading *reading, struct ts_part_key key, struct ts_text item)
{
	struct ts_text id = ts_node_at(item, "call_id");

	ts_answer_tool(&reading->answer, key, id.data ? id : ts_node_at(item, "id"),
		       ts_node_at(item, "name"));
}

/* A finished item of the output. */
static void read_item(struct ts_reading *reading, uint32_t number, struct ts_text item)
{
	const struct ts_part_key tool = {0, part_number(number, 0), TS_PART_TOOL};
	const struct ts_part_key thought = {0, part_number(number, 0), TS_PART_REASONING};

	if (ts_node_equals(ts_node_at(item, "type"), "message")) {
		read_texts(reading, (struct ts_part_key){0, part_number(number, 0), TS_PART_TEXT},
			   ts_node_at(item, "content"));
	} else if (ts_node_equals(ts_node_at(item, "type"), "reasoning")) {
		read_texts(reading, thought, ts_node_at(item, "summary"));
	} else if (is_tool(item)) {
		name_tool(reading, tool, item);
		ts_reading_content(reading, tool, ts_node_at(item, "arguments"));
		ts_reading_content(reading, tool, ts_node_at(item, "input"));
	}
}

/* The response as a whole: at the end of a stream, or all there is. */
static void read_response(struct ts_reading *reading, struct ts_text response)
{
	bool known = !ts_answer_is_empty(&reading->answer);
	struct ts_text items = ts_node_inside(ts_node_at(response, "output")), item;
	struct ts_text reason = ts_node_at(response, "incomplete_details.reason");

	read_names(reading, response);
	ts_reading_usage(reading, ts_node_at(response, "usage"));
	for (uint32_t n = 0; !known && ts_node_next(&items, NULL, &item); n++)
		read_item(reading, n, item);
	ts_answer_finish(&reading->answer, 0,
			 reason.data ? reason : ts_node_at(response, "status"));
	if (ts_node_equals(ts_node_at(response, "status"), "failed"))
		ts_reading_error(reading, response);
}

static void read_delta(struct ts_reading *reading, struct ts_text type, struct ts_text value)
{
	static const struct {
		const char *type;
		enum ts_part_kind kind;
		const char *part; /* the member that numbers the parts of an item */
	} deltas[] = {
		{"response.output_text.delta", TS_PART_TEXT, "content_index"},
		{"response.refusal.delta", TS_PART_TEXT, "content_index"},
		{"response.reasoning_summary_text.delta", TS_PART_REASONING, "summary_index"},
		{"response.reasoning_text.delta", TS_PART_REASONING, "content_index"},
		{"response.function_call_arguments.delta", TS_PART_TOOL, "-"},
		{"response.custom_tool_call_input.delta", TS_PART_TOOL, "-"},
		{"response.mcp_call_arguments.delta", TS_PART_TOOL, "-"},
	};

	for (size_t i = 0; i < sizeof(deltas) / sizeof(*deltas); i++) {
		struct ts_part_key key = {0, 0, deltas[i].kind};

		if (!ts_node_equals(type, deltas[i].type))
			continue;
		key.number = part_number(number_of(value, "output_index"),
					 number_of(value, deltas[i].part));
		ts_reading_content(reading, key, ts_node_at(value, "delta"));
	}
}

static void read_responses(struct ts_reading *reading, const char *event, struct ts_text value)
{
	static const char *const last[] = {"response.completed", "response.incomplete",
					   "response.failed", "response.cancelled", NULL};
	struct ts_text type = ts_node_at(value, "type"), item = ts_node_at(value, "item");

	(void)event;
	if (!ts_node_is_string(type)) {
		read_response(reading, value);
		return;
	}
	for (const char *const *end = last; *end; end++) {
		if (!ts_node_equals(type, *end))
			continue;
		reading->ended = true;
		read_response(reading, ts_node_at(value, "response"));
	}
	if (ts_node_equals(type, "response.created"))
		read_names(reading, ts_node_at(value, "response"));
	if (ts_node_equals(type, "response.output_item.added") && is_tool(item))
		name_tool(reading,
			  (struct ts_part_key){0, part_number(number_of(value, "output_index"), 0),
					       TS_PART_TOOL},
			  item);
	read_delta(reading, type, value);
}

static const char *const responses_input[] = {"instructions", "input", "prompt", NULL};

const struct ts_wire_api ts_api_responses = {"responses", responses_input, read_responses};

/* --- embeddings ------------------------------------------------------------------------ */

static void read_embeddings(struct ts_reading *reading, const char *event, struct ts_text value)
{
	(void)event;
	read_names(reading, value);
	ts_reading_usage(reading, ts_node_at(value, "usage"));
}

static const char *const embeddings_input[] = {"input", NULL};

const struct ts_wire_api ts_api_embeddings = {"embeddings", embeddings_input, read_embeddings};

/* --- who and where --------------------------------------------------------------------- */

static const struct ts_provider_host hosts[] = {
	{"api.openai.com", "openai"},
	{"*.api.openai.com", "openai"},
	{"chatgpt.com", "openai"},
	{"*.openai.azure.com", "azure.ai.openai"},
	{"*.cognitiveservices.azure.com", "azure.ai.openai"},
	{"*.services.ai.azure.com", "azure.ai.inference"},
	{"models.inference.ai.azure.com", "azure.ai.inference"},
	{"api.deepseek.com", "deepseek"},
	{"api.groq.com", "groq"},
	{"api.mistral.ai", "mistral_ai"},
	{"api.moonshot.ai", "moonshot_ai"},
	{"api.moonshot.cn", "moonshot_ai"},
	{"api.perplexity.ai", "perplexity"},
	{"api.together.xyz", "together_ai"},
	{"api.x.ai", "x_ai"},
	{NULL, NULL},
};

static const struct ts_provider_path paths[] = {
	{"/chat/completions", &ts_api_chat_completions, "/deployments/"},
	{"/completions", &ts_api_completions, "/deployments/"},
	{"/embeddings", &ts_api_embeddings, "/deployments/"},
	{"/responses", &ts_api_responses, NULL},
	{NULL, NULL, NULL},
};

const struct ts_provider ts_provider_openai = {hosts, paths};
