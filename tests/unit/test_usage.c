// SPDX-License-Identifier: Apache-2.0
/* What answers of language models tell: each provider's, whole, in pieces and cut, right or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prices.h"
#include "runtime/pool.h"
#include "runtime/sha256.h"
#include "runtime/usage/attributes.h"
#include "runtime/usage/note.h"
#include "runtime/usage/usage.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE         (-1)

/* --- samples --------------------------------------------------------------------------- */

struct told {
	const char *api;
	const char *provider;
	const char *model;
	int64_t input, output, cache_read, cache_write, reasoning, nano_usd;
};

#define OPENAI_STREAM                                                                        \
	"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":"       \
	"\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"," \
	"\"content\":\"Hi \\\"you\\\"\"},\"finish_reason\":null}],\"usage\":null}\n\n"       \
	"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":"       \
	"\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"    \
	"\"stop\"}],\"usage\":null}\n\n"                                                     \
	"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":"       \
	"\"gpt-4o-2024-08-06\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"               \
	"\"completion_tokens\":12,\"total_tokens\":21,\"prompt_tokens_details\":"            \
	"{\"cached_tokens\":0}}}\n\n"                                                        \
	"data: [DONE]\n\n"

#define RESPONSES_STREAM                                                                          \
	"event: response.created\n"                                                               \
	"data: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":"        \
	"\"resp_1\",\"status\":\"in_progress\",\"model\":\"gpt-4o-2024-08-06\",\"usage\":null}}"  \
	"\n\n"                                                                                    \
	"event: response.completed\n"                                                             \
	"data: {\"type\":\"response.completed\",\"sequence_number\":41,\"response\":{\"id\":"     \
	"\"resp_1\",\"status\":\"completed\",\"model\":\"gpt-4o-2024-08-06\",\"usage\":{"         \
	"\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":12," \
	"\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":21}}}\n\n"

#define ANTHROPIC_STREAM                                                                          \
	"event: message_start\n"                                                                  \
	"data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":"              \
	"\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,"                          \
	"\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":100,\"output_tokens\":1}}" \
	"}\n\n"                                                                                   \
	"event: content_block_delta\n"                                                            \
	"data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\"," \
	"\"text\":\"\\\"usage\\\":{\\\"output_tokens\\\":99}\"}}\n\n"                             \
	"event: message_delta\n"                                                                  \
	"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","              \
	"\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}}\n\n"                           \
	"event: message_stop\n"                                                                   \
	"data: {\"type\":\"message_stop\"}\n\n"

#define GEMINI_STREAM                                                                              \
	"data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"h\"}]}}]," \
	"\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":1,"                    \
	"\"totalTokenCount\":10},\"modelVersion\":\"gemini-2.5-pro\",\"responseId\":\"r1\"}"       \
	"\r\n\r\n"                                                                                 \
	"data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"hi\"}]},"  \
	"\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":9,"                   \
	"\"candidatesTokenCount\":12,\"thoughtsTokenCount\":30,\"totalTokenCount\":51},"           \
	"\"modelVersion\":\"gemini-2.5-pro\",\"responseId\":\"r1\"}\r\n\r\n"

#define OLLAMA_STREAM                                                                            \
	"{\"model\":\"llama3.2\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":" \
	"\"assistant\",\"content\":\"H\"},\"done\":false}\n"                                     \
	"{\"model\":\"llama3.2\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":" \
	"\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\","                \
	"\"total_duration\":174560334,\"load_duration\":1,\"prompt_eval_count\":11,"             \
	"\"prompt_eval_duration\":1,\"eval_count\":18,\"eval_duration\":1}\n"

#define OPENROUTER_STREAM                                                                       \
	": OPENROUTER PROCESSING\n\n"                                                           \
	"data: {\"id\":\"gen-1\",\"object\":\"chat.completion.chunk\",\"model\":"               \
	"\"anthropic/claude-sonnet-4.5\",\"choices\":[{\"index\":0,\"delta\":{},"               \
	"\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12," \
	"\"total_tokens\":21,\"cost\":0.00021,\"cost_details\":{\"upstream_inference_cost\":"   \
	"null}}}\n\n"

#define OPENAI_ANSWER                                                                           \
	"{\n  \"id\": \"chatcmpl-9\",\n  \"object\": \"chat.completion\",\n  \"model\": "       \
	"\"gpt-4o-2024-08-06\",\n  \"choices\": [{\"index\": 0, \"message\": {\"role\": "       \
	"\"assistant\", \"content\": \"say \\\"usage\\\": {\\\"prompt_tokens\\\": 7}\\n\"}, "   \
	"\"finish_reason\": \"stop\"}],\n  \"usage\": {\"prompt_tokens\": 1000, "               \
	"\"completion_tokens\": 300, \"total_tokens\": 1300, \"prompt_tokens_details\": "       \
	"{\"cached_tokens\": 400}, \"completion_tokens_details\": {\"reasoning_tokens\": 64}}," \
	"\n  \"service_tier\": \"default\",\n  \"system_fingerprint\": \"fp_1\"\n}\n"

#define ANTHROPIC_ANSWER                                                                           \
	"{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"                 \
	"\"claude-sonnet-4-5-20250929\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}],"     \
	"\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,"      \
	"\"cache_creation_input_tokens\":200,\"cache_read_input_tokens\":3000,\"cache_creation\":" \
	"{\"ephemeral_5m_input_tokens\":150,\"ephemeral_1h_input_tokens\":50},\"output_tokens\":"  \
	"40,\"service_tier\":\"standard\"}}"

#define RESPONSES_ANSWER                                                                           \
	"{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"o3-2025-" \
	"04-16\","                                                                                 \
	"\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"x\"}" \
	"]"                                                                                        \
	"}],\"usage\":{\"input_tokens\":75,\"input_tokens_details\":{\"cached_tokens\":50},"       \
	"\"output_tokens\":1186,\"output_tokens_details\":{\"reasoning_tokens\":1024},"            \
	"\"total_tokens\":1261}}"

#define EMBEDDINGS                                                                            \
	"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":" \
	"[0.1,-2e-3]}],\"model\":\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":8,"  \
	"\"total_tokens\":8}}"

#define GEMINI_ARRAY                                                                              \
	"[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a, ]\"}]}}],\"usageMetadata\":"   \
	"{\"promptTokenCount\":4,\"totalTokenCount\":4},\"modelVersion\":\"gemini-2.5-flash\"}\n" \
	",\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"finishReason\":"       \
	"\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":6,"        \
	"\"cachedContentTokenCount\":2,\"toolUsePromptTokenCount\":3,\"totalTokenCount\":13},"    \
	"\"modelVersion\":\"gemini-2.5-flash\"}]\n"

#define BEDROCK_ANSWER                                                                       \
	"{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"x\"}]}}," \
	"\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":30,\"outputTokens\":628,"    \
	"\"totalTokens\":758,\"cacheReadInputTokens\":100,\"cacheWriteInputTokens\":0},"     \
	"\"metrics\":{\"latencyMs\":1275}}"

/* As a function hands it to its caller: a text. */
static const struct sample {
	enum { EVENTS, LINES, ARRAY, OBJECT } form;
	const char *text;
	struct told told;
} samples[] = {
	{EVENTS,
	 OPENAI_STREAM,
	 {"openai.chat", "openai", "gpt-4o-2024-08-06", 9, 12, 0, NONE, NONE, NONE}},
	{EVENTS,
	 RESPONSES_STREAM,
	 {"openai.responses", "openai", "gpt-4o-2024-08-06", 9, 12, 0, NONE, 0, NONE}},
	{EVENTS,
	 ANTHROPIC_STREAM,
	 {"anthropic.messages", "anthropic", "claude-sonnet-4-5-20250929", 125, 15, 100, 0, NONE,
	  NONE}},
	{EVENTS,
	 GEMINI_STREAM,
	 {"gemini", "gcp.gen_ai", "gemini-2.5-pro", 9, 42, NONE, NONE, 30, NONE}},
	{LINES, OLLAMA_STREAM, {"ollama", "ollama", "llama3.2", 11, 18, NONE, NONE, NONE, NONE}},
	{EVENTS,
	 OPENROUTER_STREAM,
	 {"openai.chat", "openrouter", "anthropic/claude-sonnet-4.5", 9, 12, NONE, NONE, NONE,
	  210000}},
	{OBJECT,
	 OPENAI_ANSWER,
	 {"openai.chat", "openai", "gpt-4o-2024-08-06", 1000, 300, 400, NONE, 64, NONE}},
	{OBJECT,
	 ANTHROPIC_ANSWER,
	 {"anthropic.messages", "anthropic", "claude-sonnet-4-5-20250929", 3210, 40, 3000, 200,
	  NONE, NONE}},
	{OBJECT,
	 RESPONSES_ANSWER,
	 {"openai.responses", "openai", "o3-2025-04-16", 75, 1186, 50, NONE, 1024, NONE}},
	{OBJECT,
	 EMBEDDINGS,
	 {"openai.chat", "openai", "text-embedding-3-small", 8, 0, NONE, NONE, NONE, NONE}},
	{ARRAY,
	 GEMINI_ARRAY,
	 {"gemini", "gcp.gen_ai", "gemini-2.5-flash", 7, 6, 2, NONE, NONE, NONE}},
	{OBJECT,
	 BEDROCK_ANSWER,
	 {"bedrock.converse", "aws.bedrock", "", 130, 628, 100, 0, NONE, NONE}},
};

/* --- helpers --------------------------------------------------------------------------- */

static struct ts_pool pool;

static int release(void **state)
{
	(void)state;
	ts_pool_release(&pool);
	return 0;
}

/* {"result": value}, which `made` becomes the value of; to be freed. */
static char *output_of(cJSON *made)
{
	cJSON *top = cJSON_CreateObject();
	char *text;

	assert_non_null(made);
	cJSON_AddItemToObject(top, "result", made);
	text = cJSON_PrintUnformatted(top);
	cJSON_Delete(top);
	return text;
}

static struct ts_usage read_made(cJSON *made)
{
	char *output = output_of(made);
	struct ts_usage usage;

	ts_usage_read(&usage, output, NULL, &pool);
	/* its texts may lie in it */
	usage.raw[0] = usage.raw[1] = (struct ts_scanned){.type = TS_SCAN_NONE};
	free(output);
	return usage;
}

static struct ts_usage read_text(const char *text)
{
	return read_made(cJSON_CreateString(text));
}

static struct ts_usage read_json(const char *json)
{
	return read_made(cJSON_Parse(json));
}

/* As a captured string is that did not fit. */
static struct ts_usage read_cut(const char *head, size_t head_bytes, const char *tail)
{
	cJSON *cut = cJSON_CreateObject();
	char *copy = strndup(head, head_bytes);

	cJSON_AddStringToObject(cut, "head", copy);
	cJSON_AddStringToObject(cut, "tail", tail);
	cJSON_AddNumberToObject(cut, "truncated", 99999);
	free(copy);
	return read_made(cut);
}

static void expect_maybe(struct ts_maybe found, int64_t wanted)
{
	assert_int_equal(found.known, wanted != NONE);
	if (found.known)
		assert_int_equal(found.value, wanted);
}

static void expect_told(const struct ts_usage *usage, const struct told *told)
{
	assert_true(usage->answered);
	assert_string_equal(usage->api, told->api);
	if (told->provider)
		assert_string_equal(usage->provider, told->provider);
	else
		assert_null(usage->provider);
	assert_int_equal(usage->model.bytes, strlen(told->model));
	assert_memory_equal(usage->model.data ? usage->model.data : "", told->model,
			    usage->model.bytes);
	expect_maybe(usage->input, told->input);
	expect_maybe(usage->output, told->output);
	expect_maybe(usage->cache_read, told->cache_read);
	expect_maybe(usage->cache_write, told->cache_write);
	expect_maybe(usage->reasoning, told->reasoning);
	expect_maybe(usage->cost_nano_usd, told->nano_usd);
}

static bool is_right(struct ts_maybe found, int64_t wanted)
{
	return !found.known || found.value == wanted;
}

/* Right, as far as it is told; answers whether both sums are. */
static bool expect_nothing_wrong(const struct ts_usage *usage, const struct told *told)
{
	bool right = is_right(usage->input, told->input) && is_right(usage->output, told->output) &&
		     is_right(usage->cache_read, told->cache_read) &&
		     is_right(usage->cache_write, told->cache_write) &&
		     is_right(usage->reasoning, told->reasoning) &&
		     is_right(usage->cost_nano_usd, told->nano_usd);

	if (!right)
		print_error("in %lld of %lld, out %lld of %lld\n", (long long)usage->input.value,
			    (long long)told->input, (long long)usage->output.value,
			    (long long)told->output);
	assert_true(right);
	if (usage->model.bytes)
		assert_memory_equal(usage->model.data, told->model, usage->model.bytes);
	if (usage->provider)
		assert_string_equal(usage->provider, told->provider);
	return usage->input.known && usage->output.known;
}

/* A copy of `text` with every `from` made `to`; to be freed. */
static char *replaced(const char *text, const char *from, const char *to)
{
	char *made = NULL;
	size_t bytes;
	FILE *out = open_memstream(&made, &bytes);

	while (*text) {
		bool here = strncmp(text, from, strlen(from)) == 0;

		fputs(here ? to : (char[2]){*text, 0}, out);
		text += here ? strlen(from) : 1;
	}
	fclose(out);
	return made;
}

/* Every whole number behind a key between `before` and `behind`; to be freed. */
static char *with_numbers_as(const char *text, const char *before, const char *behind)
{
	char *made = NULL;
	size_t bytes;
	FILE *out = open_memstream(&made, &bytes);

	while (*text) {
		size_t key = strncmp(text, "\":", 2) != 0 ? 0 : text[2] == ' ' ? 3 : 2;
		size_t n = key ? strspn(text + key, "0123456789") : 0;

		if (*text == '\\')
			fputc(*text++, out); /* what is escaped is no key's quote */
		if (!n || text[key + n] == '.' || text[-1] == '\\') {
			fputc(*text++, out);
			continue;
		}
		fprintf(out, "%.*s%s%.*s%s", (int)key, text, before, (int)n, text + key, behind);
		text += key + n;
	}
	fclose(out);
	return made;
}

/* --- whole ----------------------------------------------------------------------------- */

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct ts_usage usage = read_text(samples[i].text);

		expect_told(&usage, &samples[i].told);
	}
}

static void test_anthropic_tells_how_long_its_cache_stays(void **state)
{
	struct ts_usage usage = read_text(ANTHROPIC_ANSWER);

	(void)state;
	expect_maybe(usage.cache_write_5m, 150);
	expect_maybe(usage.cache_write_1h, 50);
	assert_true(ts_scan_is(usage.service_tier, "standard"));
	assert_false(usage.local || usage.more);
	assert_true(read_text(OLLAMA_STREAM).local);
}

/* As languages with values of their own hand answers on: objects, and lists of the pieces of a stream. */
static void test_values_instead_of_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct ts_usage usage;
		cJSON *list;

		if (samples[i].form != ARRAY && samples[i].form != OBJECT)
			continue;
		usage = read_json(samples[i].text);
		expect_told(&usage, &samples[i].told);
		/* a list of one piece is not known to be all */
		list = cJSON_CreateArray();
		cJSON_AddItemToArray(list, cJSON_Parse(samples[i].text));
		usage = read_made(list);
		expect_nothing_wrong(&usage, &samples[i].told);
	}
}

/* The JSON of a line, or NULL; of events what is behind "data:". */
static const char *json_of(const struct sample *sample, const char *line)
{
	if (sample->form == LINES)
		return *line ? line : NULL;
	return strncmp(line, "data: {", 7) == 0 ? line + strlen("data: ") : NULL;
}

/* A stream as the list of what an SDK makes of its lines, and as the list of the lines themselves. */
static void test_pieces_of_streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		cJSON *objects = cJSON_CreateArray(), *lines = cJSON_CreateArray();
		char *copy = strdup(samples[i].text), *rest = copy, *line;
		struct ts_usage usage;

		while (samples[i].form <= LINES && (line = strsep(&rest, "\r\n"))) {
			const char *json = json_of(&samples[i], line);

			if (json)
				cJSON_AddItemToArray(objects, cJSON_Parse(json));
			cJSON_AddItemToArray(lines, cJSON_CreateString(line));
		}
		free(copy);
		if (samples[i].form > LINES) {
			cJSON_Delete(objects);
			cJSON_Delete(lines);
			continue;
		}
		usage = read_made(objects);
		expect_told(&usage, &samples[i].told);
		usage = read_made(lines);
		expect_told(&usage, &samples[i].told);
	}
}

static void test_numbers_in_other_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		char *strings = with_numbers_as(samples[i].text, "\"", "\"");
		char *floats = with_numbers_as(samples[i].text, "", ".0");
		struct ts_usage usage = read_text(strings);

		assert_true(strlen(strings) > strlen(samples[i].text));
		expect_told(&usage, &samples[i].told);
		usage = read_text(floats);
		expect_told(&usage, &samples[i].told);
		free(strings);
		free(floats);
	}
}

static void test_unknown_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		char *more = replaced(
			samples[i].text, "{\"",
			"{\"new_key\":[{\"usage\":{\"prompt_tokens\":4}},\"x\\n\"],\"\":null,\"");
		struct ts_usage usage = read_text(more);

		expect_told(&usage, &samples[i].told);
		free(more);
	}
}

static void test_line_ends(void **state)
{
	static const char *const ends[] = {"\r\n", "\r", "\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		char *plain = replaced(samples[i].text, "\r\n", "\n");

		for (size_t e = 0; e < COUNT(ends); e++) {
			char *made = replaced(plain, "\n", ends[e]);
			struct ts_usage usage = read_text(made);

			expect_told(&usage, &samples[i].told);
			free(made);
		}
		free(plain);
	}
}

/* --- cut ------------------------------------------------------------------------------- */

static void test_cut_at_every_byte(void **state)
{
	static const size_t gaps[] = {0, 1, 60, 100000};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const char *text = samples[i].text;
		size_t bytes = strlen(text);

		for (size_t cut = 0; cut <= bytes; cut++) {
			for (size_t g = 0; g < COUNT(gaps); g++) {
				size_t behind = cut + gaps[g] < bytes ? cut + gaps[g] : bytes;
				struct ts_usage usage = read_cut(text, cut, text + behind);

				expect_nothing_wrong(&usage, &samples[i].told);
			}
			ts_pool_reset(&pool);
		}
	}
}

/* Usage stands at the end of most answers, and is found there although the middle is missing. */
static void test_the_end_of_a_cut_answer_tells(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const char *text = samples[i].text;
		size_t bytes = strlen(text), head = bytes / 8, found = 0;

		for (size_t missing = 1; missing < bytes / 4; missing++) {
			struct ts_usage usage = read_cut(text, head, text + head + missing);

			found += expect_nothing_wrong(&usage, &samples[i].told);
		}
		/* an event that begins in what is missing is missing, and of some the first tells the input */
		if (samples[i].form != EVENTS)
			assert_true(found > 0);
	}
}

static void test_text_that_ends_early(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		size_t bytes = strlen(samples[i].text);

		for (size_t cut = 0; cut < bytes; cut++) {
			char *part = strndup(samples[i].text, cut);
			struct ts_usage usage = read_text(part);

			expect_nothing_wrong(&usage, &samples[i].told);
			free(part);
			ts_pool_reset(&pool);
		}
	}
}

static void test_lists_whose_end_was_left_out(void **state)
{
	struct ts_usage usage;

	(void)state;
	usage = read_json("[{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":"
			  "\"claude-x\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}},"
			  "{\"truncated\":7}]");
	expect_maybe(usage.input, 25);
	expect_maybe(usage.output, NONE);
	/* cumulative usage, and no end */
	usage = read_json("[{\"choices\":[{\"delta\":{},\"finish_reason\":null}],\"usage\":"
			  "{\"prompt_tokens\":5,\"completion_tokens\":2}},{\"truncated\":7}]");
	expect_maybe(usage.input, 5);
	expect_maybe(usage.output, NONE);
	/* a usage object not all of which was recorded */
	usage = read_json("{\"type\":\"message\",\"id\":\"msg_1\",\"model\":\"claude-x\",\"usage\":"
			  "{\"input_tokens\":25,\"output_tokens\":3,\"truncated\":2}}");
	assert_null(usage.api);
	expect_maybe(usage.input, NONE);
}

/* --- what may go wrong ----------------------------------------------------------------- */

static void test_streams_that_nobody_read_to_their_end(void **state)
{
	struct ts_usage usage;

	(void)state;
	/* what tools bring in is told with the last piece */
	usage = read_json("[{\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":1,"
			  "\"totalTokenCount\":10},\"candidates\":[{}]}]");
	expect_maybe(usage.input, NONE);
	expect_maybe(usage.output, NONE);
	usage = read_text(
		"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"model\":\"m\"}\n\n");
	assert_true(usage.answered);
	assert_null(usage.api);
	/* told behind the end, as OpenRouter does */
	usage = read_json(
		"[{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]},{\"choices\":[{"
		"\"delta\":{\"content\":\"\"},\"finish_reason\":null}],\"usage\":{"
		"\"prompt_tokens\":5,\"completion_tokens\":2}}]");
	expect_maybe(usage.output, 2);
	/* before an end that says nothing, but that all was said */
	usage = read_text("data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":5,"
			  "\"completion_tokens\":2}}\n\ndata: [DONE]\n\n");
	expect_maybe(usage.output, 2);
}

static void test_what_is_no_count(void **state)
{
	static const char *const wrong[] = {
		"-1",
		"1e30",
		"1000000000001",
		"12.5",
		"true",
		"\"\"",
		"\"many\"",
		"[12]",
		"{}",
		"\"[redacted]\"",
		"99999999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char json[512];
		struct ts_usage usage;

		snprintf(
			json, sizeof(json),
			"{\"choices\":[],\"usage\":{\"prompt_tokens\":%s,\"completion_tokens\":3}}",
			wrong[i]);
		usage = read_text(json);
		expect_maybe(usage.input, NONE);
		expect_maybe(usage.output, 3);
		/* a part of the sum that is none makes the sum none */
		snprintf(json, sizeof(json),
			 "{\"type\":\"message\",\"usage\":{\"input_tokens\":10,\"output_tokens\":3,"
			 "\"cache_read_input_tokens\":%s}}",
			 wrong[i]);
		usage = read_text(json);
		expect_maybe(usage.input, NONE);
		expect_maybe(usage.cache_read, NONE);
		expect_maybe(usage.output, 3);
	}
}

static void test_null_is_absent(void **state)
{
	struct ts_usage usage;

	(void)state;
	usage = read_text(
		"{\"type\":\"message\",\"usage\":{\"input_tokens\":10,\"output_tokens\":3,"
		"\"cache_read_input_tokens\":null,\"cache_creation_input_tokens\":null}}");
	expect_maybe(usage.input, 10);
	expect_maybe(usage.cache_read, NONE);
	usage = read_text(
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":null}}");
	expect_maybe(usage.input, 4);
	expect_maybe(usage.output, NONE);
	assert_true(read_text("{\"choices\":[{}],\"usage\":null}").answered);
}

static void test_parts_that_are_more_than_the_whole(void **state)
{
	struct ts_usage usage;

	(void)state;
	usage = read_text("{\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3,"
			  "\"prompt_tokens_details\":{\"cached_tokens\":11}}}");
	expect_maybe(usage.input, NONE);
	expect_maybe(usage.cache_read, NONE);
	expect_maybe(usage.output, 3);
	usage = read_text("{\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3,"
			  "\"completion_tokens_details\":{\"reasoning_tokens\":9}}}");
	expect_maybe(usage.output, 3);
	expect_maybe(usage.reasoning, NONE);
	/* counted apart, as the total shows */
	usage = read_text(
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3,"
		"\"total_tokens\":22,\"completion_tokens_details\":{\"reasoning_tokens\":9}}}");
	expect_maybe(usage.output, 12);
	expect_maybe(usage.reasoning, 9);
}

static void test_totals_that_tell_or_do_not(void **state)
{
	static const char bedrock[] =
		"{\"usage\":{\"inputTokens\":30,\"outputTokens\":10,\"totalTokens\":%d,"
		"\"cacheReadInputTokens\":%d}}";
	static const struct {
		int total, cached;
		int64_t input, output;
	} cases[] = {{40, 0, 30, 10},
		     {40, 20, 30, 10},
		     {60, 20, 50, 10},
		     {61, 20, NONE, NONE},
		     {0, 20, NONE, NONE}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ts_usage usage;
		char json[256];

		snprintf(json, sizeof(json), bedrock, cases[i].total, cases[i].cached);
		usage = read_text(json);
		expect_maybe(usage.input, cases[i].input);
		expect_maybe(usage.output, cases[i].output);
	}
}

static void test_own_keys_at_openrouter(void **state)
{
	struct ts_usage usage;

	(void)state;
	usage = read_text(
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":194,\"completion_tokens\":2,"
		"\"cost\":0.95,\"cost_details\":{\"upstream_inference_cost\":19}}}");
	expect_maybe(usage.cost_nano_usd, 19950000000);
	usage = read_text(
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":194,\"completion_tokens\":2,"
		"\"cost\":0.95,\"is_byok\":false,\"cost_details\":"
		"{\"upstream_inference_cost\":0.95}}}");
	expect_maybe(usage.cost_nano_usd, 950000000);
	usage = read_text(
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":194,\"completion_tokens\":2,"
		"\"cost\":\"free\"}}");
	expect_maybe(usage.cost_nano_usd, NONE);
	usage = read_text(
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":194,\"completion_tokens\":2,"
		"\"cost\":-1}}");
	expect_maybe(usage.cost_nano_usd, NONE);
}

static void test_whose_answer_is_certain(void **state)
{
	static const struct {
		const char *json, *provider;
	} answers[] = {
		{"{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o\",\"choices\":[]}", "openai"},
		{"{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o\",\"choices\":[],"
		 "\"prompt_filter_results\":[]}",
		 "azure.ai.openai"},
		{"{\"id\":\"chatcmpl-1\",\"model\":\"gpt-oss-20b\",\"choices\":[]}", NULL},
		{"{\"id\":\"chatcmpl-1\",\"model\":\"meta-llama/Llama-3\",\"choices\":[]}", NULL},
		{"{\"id\":\"chatcmpl-1\",\"model\":\"openai/gpt-4o\",\"choices\":[]}", NULL},
		{"{\"id\":\"gen-1\",\"provider\":\"Anthropic\",\"model\":\"a/b\",\"choices\":[]}",
		 "openrouter"},
		{"{\"type\":\"message\",\"id\":\"msg_01\",\"model\":\"claude-opus-4-5\"}",
		 "anthropic"},
		{"{\"type\":\"message\",\"id\":\"msg_bdrk_01\",\"model\":\"claude-opus-4-5\"}",
		 "aws.bedrock"},
		{"{\"type\":\"message\",\"id\":\"msg_vrtx_01\",\"model\":\"claude-opus-4-5\"}",
		 "gcp.vertex_ai"},
		{"{\"type\":\"message\",\"id\":\"msg_1\",\"model\":\"glm-4.6\"}", NULL},
		{"{\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":1,\"trafficType\":"
		 "\"ON_DEMAND\"},\"modelVersion\":\"gemini-2.5-pro\"}",
		 "gcp.vertex_ai"},
		{"{\"choices\":[],\"x_groq\":{\"id\":\"r\"},\"model\":\"llama\"}", "groq"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct ts_usage usage = read_text(answers[i].json);

		assert_true(usage.answered);
		if (answers[i].provider)
			assert_string_equal(usage.provider, answers[i].provider);
		else
			assert_null(usage.provider);
	}
}

static void test_libraries(void **state)
{
	struct ts_usage usage;

	(void)state;
	usage = read_json(
		"{\"content\":\"x\",\"type\":\"ai\",\"response_metadata\":{\"model_name\":"
		"\"gpt-4o\",\"finish_reason\":\"stop\",\"token_usage\":{\"prompt_tokens\":1,"
		"\"completion_tokens\":1}},\"usage_metadata\":{\"input_tokens\":20,"
		"\"output_tokens\":7,\"total_tokens\":27,\"input_token_details\":{\"cache_read\":5}"
		","
		"\"output_token_details\":{\"reasoning\":2}}}");
	expect_told(&usage, &(struct told){"langchain", NULL, "gpt-4o", 20, 7, 5, NONE, 2, NONE});
	/* their pieces add up */
	usage = read_json("[{\"usage_metadata\":{\"input_tokens\":20,\"output_tokens\":0}},"
			  "{\"usage_metadata\":{\"input_tokens\":0,\"output_tokens\":7},"
			  "\"response_metadata\":{\"stop_reason\":\"end_turn\"}}]");
	expect_maybe(usage.input, 20);
	expect_maybe(usage.output, 7);
	usage = read_json(
		"{\"generations\":[],\"llm_output\":{\"model_name\":\"gpt-4o\",\"token_usage\":"
		"{\"prompt_tokens\":3,\"completion_tokens\":4}}}");
	expect_told(&usage,
		    &(struct told){"langchain", NULL, "gpt-4o", 3, 4, NONE, NONE, NONE, NONE});
}

static void test_google_genai_of_python(void **state)
{
	struct ts_usage usage =
		read_json("{\"candidates\":[{\"finish_reason\":\"STOP\"}],\"model_version\":"
			  "\"gemini-2.5-pro\",\"usage_metadata\":{\"prompt_token_count\":9,"
			  "\"candidates_token_count\":12,\"thoughts_token_count\":30,"
			  "\"total_token_count\":51}}");

	(void)state;
	expect_told(&usage, &(struct told){"gemini", "gcp.gen_ai", "gemini-2.5-pro", 9, 42, NONE,
					   NONE, 30, NONE});
	/* an answer without candidates: blocked, or all thought */
	usage = read_json(
		"{\"usage_metadata\":{\"prompt_token_count\":9,\"total_token_count\":9}}");
	expect_maybe(usage.output, 0);
	usage = read_json(
		"{\"usage_metadata\":{\"prompt_token_count\":9,\"thoughts_token_count\":5,"
		"\"total_token_count\":14}}");
	expect_maybe(usage.output, 5);
}

static void test_what_is_no_answer(void **state)
{
	static const char *const texts[] = {
		"",
		"Let's take it step by step",
		"{}",
		"[]",
		"[1,2,3]",
		"{\"answer\":42,\"usage\":\"see the manual\"}",
		"data: nothing\n\n",
		"data: [DONE]\n\n",
		"{\"error\":{\"message\":\"overloaded\"}}",
		"\"{\\\"usage\\\":1}\"",
		"{\"usage\":{\"prompt\":1}}",
		"{\"messages\":[{\"usage\":{\"prompt_tokens\":1}}]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct ts_usage usage = read_text(texts[i]);

		assert_null(usage.api);
		assert_false(usage.answered || usage.provider || usage.input.known ||
			     usage.output.known || usage.cost_nano_usd.known);
	}
	assert_false(read_json("42").answered);
	assert_false(read_json("null").answered);
	assert_false(read_json("{\"unreadable\":\"0x2a\"}").answered);
}

static void test_input_tells_where_output_does_not(void **state)
{
	struct ts_usage usage;

	(void)state;
	ts_usage_read(
		&usage, "{\"result\":0}",
		"{\"fd\":3,\"body\":\"{\\\"choices\\\":[],\\\"usage\\\":{\\\"prompt_tokens\\\":5,"
		"\\\"completion_tokens\\\":6}}\"}",
		&pool);
	expect_maybe(usage.input, 5);
	expect_maybe(usage.output, 6);
	/* but for what is passed on to a model: earlier answers, lists of them, requests */
	ts_usage_read(&usage, NULL,
		      "{\"message\":{\"type\":\"ai\",\"usage_metadata\":{\"input_tokens\":1,"
		      "\"output_tokens\":2}},"
		      "\"history\":[{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_"
		      "tokens\":6}}],"
		      "\"request\":\"{\\\"messages\\\":[],\\\"usage\\\":{\\\"include\\\":true}}\"}",
		      &pool);
	assert_null(usage.api);
	assert_false(usage.answered);
	/* what the output tells is not made up for by the input */
	ts_usage_read(&usage, "{\"result\":{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}}",
		      "{\"body\":{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_"
		      "tokens\":6}}}",
		      &pool);
	expect_maybe(usage.input, 1);
	expect_maybe(usage.output, NONE);
}

static void test_requested_models(void **state)
{
	static const struct {
		const char *input, *model;
	} inputs[] = {
		{NULL, ""},
		{"{\"body\":\"{\\\"model\\\":\\\"gpt-4o\\\",\\\"messages\\\":[]}\"}", "gpt-4o"},
		{"{\"model\":\"claude\\/x\",\"messages\":[{}]}", "claude/x"},
		{"{\"request\":{\"model\":\"a\",\"contents\":[]}}", "a"},
		{"{\"car\":{\"model\":\"T\"}}", ""},
		{"{\"prompt\":\"say {\\\"model\\\": 1}\"}", ""},
		{"{\"model\":5,\"messages\":[]}", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(inputs); i++)
		assert_true(ts_scan_is(ts_usage_requested_model(inputs[i].input, &pool),
				       inputs[i].model));
}

/* --- spans ----------------------------------------------------------------------------- */

struct noted {
	struct ts_pool pool, scratch;
	struct ts_prices *prices;
	struct ts_span span;
	cJSON *attributes;
	char *output;
};

static void note_text(struct noted *noted, const char *text, const char *model,
		      const char *attributes)
{
	memset(noted, 0, sizeof(*noted));
	assert_int_equal(ts_prices_open(&noted->prices, "", NULL), 0);
	noted->output = output_of(cJSON_CreateString(text));
	noted->span = (struct ts_span){
		.kind = "llm",
		.provider = "claude",
		.model = model,
		.output_data = noted->output,
		.attributes = attributes,
		.started_us = 1700000000000000,
	};
	ts_usage_note(noted->prices, &noted->scratch, &noted->pool, &noted->span);
	assert_int_equal(noted->scratch.used, 0);
	noted->attributes = noted->span.attributes ? cJSON_Parse(noted->span.attributes) : NULL;
	assert_int_equal(noted->attributes != NULL, noted->span.attributes != NULL);
}

static void noted_release(struct noted *noted)
{
	ts_prices_close(noted->prices);
	ts_pool_release(&noted->pool);
	ts_pool_release(&noted->scratch);
	cJSON_Delete(noted->attributes);
	free(noted->output);
}

static void test_spans_are_filled(void **state)
{
	char hash[TS_SHA256_TEXT], wanted[1024];
	struct noted noted;

	(void)state;
	ts_sha256(prices_json, strlen(prices_json), hash);
	note_text(&noted, ANTHROPIC_STREAM, "claude-sonnet-4-5",
		  "{\"thread_name\":\"w\",\"errno\":2}");
	assert_string_equal(noted.span.provider, "anthropic");
	assert_string_equal(noted.span.model, "claude-sonnet-4-5-20250929");
	expect_maybe(noted.span.input_tokens, 125);
	expect_maybe(noted.span.output_tokens, 15);
	/* 25 x 3000 + 100 x 300 + 15 x 15000 */
	expect_maybe(noted.span.cost_nano_usd, 330000);
	snprintf(wanted, sizeof(wanted),
		 "{\"thread_name\":\"w\",\"errno\":2,\"usage\":{\"api\":\"anthropic.messages\","
		 "\"requested_model\":\"claude-sonnet-4-5\",\"cache_read_tokens\":100,"
		 "\"cache_write_tokens\":0,\"raw\":{\"input_tokens\":25,"
		 "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":100,"
		 "\"output_tokens\":15}},\"cost_status\":\"estimated\",\"prices\":{\"model\":"
		 "\"claude-sonnet-4-5\",\"sha256\":\"%.16s\"}}",
		 hash);
	assert_string_equal(noted.span.attributes, wanted);
	noted_release(&noted);
}

static void test_what_is_not_told_stays(void **state)
{
	static const char plain[] = "Gut gemacht — {weiter}";
	struct noted noted;

	(void)state;
	note_text(&noted, plain, "m", "{\"errno\":2}");
	assert_string_equal(noted.span.provider, "claude");
	assert_string_equal(noted.span.model, "m");
	assert_false(noted.span.input_tokens.known || noted.span.cost_nano_usd.known);
	assert_string_equal(noted.span.attributes, "{\"errno\":2}");
	noted_release(&noted);
	/* an answer without usage is known to be one */
	note_text(&noted, "{\"choices\":[],\"model\":\"gpt-4o\"}", NULL, NULL);
	assert_string_equal(noted.span.provider, "claude");
	assert_string_equal(noted.span.model, "gpt-4o");
	assert_string_equal(noted.span.attributes, "{\"cost_status\":\"no_usage\"}");
	noted_release(&noted);
}

static void test_other_kinds_are_left_alone(void **state)
{
	char *output = output_of(cJSON_CreateString(OPENAI_ANSWER));
	struct ts_pool strings = {0}, scratch = {0};
	struct ts_span span = {.kind = "tool", .output_data = output};

	(void)state;
	ts_usage_note(NULL, &scratch, &strings, &span);
	assert_null(span.model);
	assert_false(span.input_tokens.known);
	assert_null(span.attributes);
	/* without prices it costs one knows not what */
	span.kind = "llm";
	ts_usage_note(NULL, &scratch, &strings, &span);
	expect_maybe(span.input_tokens, 1000);
	assert_false(span.cost_nano_usd.known);
	assert_non_null(strstr(span.attributes, "\"cost_status\":\"unpriced\""));
	ts_pool_release(&strings);
	ts_pool_release(&scratch);
	free(output);
}

/* What a store would not take, or is too long, is left out; what is left is JSON. */
static void test_raw_usage_is_what_every_store_takes(void **state)
{
	static const char *const kept[] = {"prompt_tokens", "ok", "list", "deep"};
	struct noted noted;
	cJSON *raw;
	char *many = malloc(8000);
	size_t n;

	(void)state;
	note_text(&noted,
		  "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1e0,\"a\":"
		  "\"\\u0000\","
		  "\"b\\ud800\":1,\"c\":1e200000,\"ok\":true,\"list\":[1,\"x\",null,\"\\ud800\"],"
		  "\"deep\":{\"d\":[{\"e\":0.5}]}}}",
		  NULL, NULL);
	raw = cJSON_GetObjectItem(cJSON_GetObjectItem(noted.attributes, "usage"), "raw");
	assert_int_equal(cJSON_GetArraySize(raw), COUNT(kept));
	for (size_t i = 0; i < COUNT(kept); i++)
		assert_non_null(cJSON_GetObjectItem(raw, kept[i]));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(raw, "list")), 3);
	assert_null(strchr(noted.span.attributes, '\\'));
	noted_release(&noted);

	n = (size_t)sprintf(many, "{\"choices\":[],\"usage\":{\"prompt_tokens\":5");
	while (n < 6000)
		n += (size_t)sprintf(many + n, ",\"key_%zu\":%zu", n, n);
	strcpy(many + n, "}}");
	note_text(&noted, many, NULL, NULL);
	expect_maybe(noted.span.input_tokens, 5);
	assert_null(cJSON_GetObjectItem(cJSON_GetObjectItem(noted.attributes, "usage"), "raw"));
	noted_release(&noted);
	free(many);
}

static void test_repricing_changes_cost_alone(void **state)
{
	struct noted noted;
	struct ts_span before;

	(void)state;
	note_text(&noted, OPENAI_ANSWER, NULL, "{\"errno\":2}");
	/* 600 x 2500 + 400 x 1250 + 300 x 10000 */
	expect_maybe(noted.span.cost_nano_usd, 5000000);
	before = noted.span;
	assert_false(ts_usage_reprice(noted.prices, &noted.pool, &noted.span));
	/* as by other prices, and as nothing was known */
	noted.span.cost_nano_usd.value = 1;
	assert_true(ts_usage_reprice(noted.prices, &noted.pool, &noted.span));
	expect_maybe(noted.span.cost_nano_usd, 5000000);
	assert_string_equal(noted.span.attributes, before.attributes);
	noted.span.model = "nobody-knows";
	assert_true(ts_usage_reprice(noted.prices, &noted.pool, &noted.span));
	assert_false(noted.span.cost_nano_usd.known);
	assert_non_null(strstr(noted.span.attributes, "{\"errno\":2,\"usage\":{"));
	assert_non_null(strstr(noted.span.attributes, "},\"cost_status\":\"unpriced\"}"));
	assert_null(strstr(noted.span.attributes, "sha256"));
	noted_release(&noted);
	/* what the provider told, it told */
	note_text(&noted, OPENROUTER_STREAM, NULL, NULL);
	expect_maybe(noted.span.cost_nano_usd, 210000);
	/* 9 x 3000 + 12 x 15000 */
	assert_non_null(strstr(noted.span.attributes,
			       "\"cost_status\":\"provider\",\"cost_estimate_nano_usd\":207000,"));
	noted.span.model = "nobody-knows";
	assert_false(ts_usage_reprice(noted.prices, &noted.pool, &noted.span));
	expect_maybe(noted.span.cost_nano_usd, 210000);
	noted_release(&noted);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_samples),
		TEST(test_anthropic_tells_how_long_its_cache_stays),
		TEST(test_values_instead_of_text),
		TEST(test_pieces_of_streams),
		TEST(test_numbers_in_other_shapes),
		TEST(test_unknown_keys),
		TEST(test_line_ends),
		TEST(test_cut_at_every_byte),
		TEST(test_the_end_of_a_cut_answer_tells),
		TEST(test_text_that_ends_early),
		TEST(test_lists_whose_end_was_left_out),
		TEST(test_streams_that_nobody_read_to_their_end),
		TEST(test_what_is_no_count),
		TEST(test_null_is_absent),
		TEST(test_parts_that_are_more_than_the_whole),
		TEST(test_totals_that_tell_or_do_not),
		TEST(test_own_keys_at_openrouter),
		TEST(test_whose_answer_is_certain),
		TEST(test_libraries),
		TEST(test_google_genai_of_python),
		TEST(test_what_is_no_answer),
		TEST(test_input_tells_where_output_does_not),
		TEST(test_requested_models),
		TEST(test_spans_are_filled),
		TEST(test_what_is_not_told_stays),
		TEST(test_other_kinds_are_left_alone),
		TEST(test_raw_usage_is_what_every_store_takes),
		TEST(test_repricing_changes_cost_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
