// SPDX-License-Identifier: Apache-2.0
/* What calls cost, against sums worked out by hand; price files, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <cjson/cJSON.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prices.h"
#include "runtime/modelname.h"
#include "runtime/moment.h"
#include "runtime/price.h"
#include "runtime/pricelist.h"
#include "runtime/scan.h"
#include "runtime/sha256.h"
#include "runtime/usage/usage.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE         (-1)
#define AT           1760000000000000LL /* 2025-10-09 */

static struct ts_text text_of(const char *text)
{
	return (struct ts_text){text, strlen(text)};
}

static struct ts_maybe maybe_of(int64_t value)
{
	return (struct ts_maybe){value != NONE, value != NONE ? value : 0};
}

/* A call of `model` that used so much. */
static struct ts_usage usage_of(const char *model, int64_t input, int64_t output)
{
	return (struct ts_usage){
		.answered = true,
		.api = "openai.chat",
		.model = text_of(model),
		.input = maybe_of(input),
		.output = maybe_of(output),
		.service_tier = {"", 0},
	};
}

struct asked {
	const char *own; /* the text of a price file, or NULL */
	const char *requested;
	const char *provider;
	int64_t at_us; /* 0: AT */
};

static struct ts_cost price_of(const struct ts_usage *usage, const struct asked *asked)
{
	char path[] = "/tmp/test_price.XXXXXX";
	struct ts_prices *prices;
	struct ts_error err = {""};
	struct ts_cost cost;
	static char price[64];
	int fd = -1, result;

	if (asked->own) {
		fd = mkstemp(path);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, asked->own, strlen(asked->own)), strlen(asked->own));
		close(fd);
	}
	result = ts_prices_open(&prices, asked->own ? path : "", &err);
	if (asked->own)
		unlink(path);
	if (result)
		print_error("%s\n", err.text);
	assert_int_equal(result, 0);
	ts_price_call(prices,
		      &(struct ts_priced_call){
			      .usage = usage,
			      .requested_model = text_of(asked->requested ? asked->requested : ""),
			      .provider = asked->provider,
			      .at_us = asked->at_us ? asked->at_us : AT,
		      },
		      &cost);
	snprintf(price, sizeof(price), "%.*s", (int)cost.price.bytes, cost.price.data);
	cost.price.data = price;
	ts_prices_close(prices);
	return cost;
}

static void expect(const struct ts_usage *usage, const struct asked *asked, const char *status,
		   int64_t nano_usd)
{
	struct ts_cost cost = price_of(usage, asked);

	assert_string_equal(ts_cost_status_name(cost.status), status);
	assert_int_equal(cost.nano_usd.known, nano_usd != NONE);
	if (nano_usd != NONE)
		assert_int_equal(cost.nano_usd.value, nano_usd);
}

static const struct asked built_in = {.own = NULL};

/* --- sums ------------------------------------------------------------------------------ */

static void test_input_and_output(void **state)
{
	struct ts_usage usage;

	(void)state;
	/* 1,000 x 2.50 + 300 x 10 USD / 1,000,000 */
	usage = usage_of("gpt-4o", 1000, 300);
	expect(&usage, &built_in, "estimated", 5500000);
	/* 1 token at 0.02 USD the million: 20 billionths */
	usage = usage_of("text-embedding-3-small", 1, 0);
	expect(&usage, &built_in, "estimated", 20);
	usage = usage_of("gpt-4o", 0, 0);
	expect(&usage, &built_in, "estimated", 0);
}

static void test_the_cache(void **state)
{
	struct ts_usage usage = usage_of("claude-sonnet-4-5", 3210, 40);

	(void)state;
	usage.cache_read = maybe_of(3000);
	usage.cache_write = maybe_of(200);
	/* 10 x 3 + 3,000 x 0.30 + 200 x 3.75 + 40 x 15 = 30 + 900 + 750 + 600 */
	expect(&usage, &built_in, "estimated", 2280000);
	usage.cache_write_5m = maybe_of(150);
	usage.cache_write_1h = maybe_of(50);
	/* 30 + 900 + 150 x 3.75 + 50 x 6 + 600 = 30 + 900 + 562.5 + 300 + 600 */
	expect(&usage, &built_in, "estimated", 2392500);
	/* half told: the rest stays five minutes */
	usage.cache_write_5m = maybe_of(NONE);
	expect(&usage, &built_in, "estimated", 2392500);
}

static void test_steps_hold_for_the_whole_call(void **state)
{
	struct ts_usage usage;

	(void)state;
	usage = usage_of("claude-sonnet-4-5", 200000, 10);
	/* 200,000 x 3 + 10 x 15 */
	expect(&usage, &built_in, "estimated", 600150000);
	usage = usage_of("claude-sonnet-4-5", 200001, 10);
	/* 200,001 x 6 + 10 x 22.50 */
	expect(&usage, &built_in, "estimated", 1200231000);
	/* what the cache served counts for the step: 1 x 6 + 200,000 x 0.60 + 10 x 22.50 */
	usage.cache_read = maybe_of(200000);
	expect(&usage, &built_in, "estimated", 120231000);
	usage = usage_of("gpt-5.4", 272000, 0);
	expect(&usage, &built_in, "estimated", 680000000);
	usage = usage_of("gpt-5.4", 272001, 0);
	expect(&usage, &built_in, "estimated", 1360005000);
	/* what such a call pays for cached tokens nobody told: 1 x 5 is the least */
	usage.cache_read = maybe_of(272000);
	expect(&usage, &built_in, "lower_bound", 5000);
}

static void test_service_tiers(void **state)
{
	static const struct {
		const char *tier, *status;
		int64_t nano_usd;
	} tiers[] = {
		{"default", "estimated", 17500000},   {"standard", "estimated", 17500000},
		{"ON_DEMAND", "estimated", 17500000}, {"priority", "estimated", 35000000},
		{"flex", "estimated", 8750000},       {"scale", "unpriced", NONE},
		{"provisioned", "unpriced", NONE},
	};
	struct ts_usage usage = usage_of("gpt-5.4", 1000, 1000);

	(void)state;
	for (size_t i = 0; i < COUNT(tiers); i++) {
		usage.service_tier = text_of(tiers[i].tier);
		expect(&usage, &built_in, tiers[i].status, tiers[i].nano_usd);
	}
	/* of both at once nothing is known */
	usage = usage_of("gpt-5.4", 300000, 1000);
	usage.service_tier = text_of("priority");
	expect(&usage, &built_in, "unpriced", NONE);
}

static void test_reasoning_at_its_own_rate(void **state)
{
	static const struct asked own = {
		.own = "{\"prices\":[{\"model\":\"deep\",\"input\":2,\"output\":8,\"reasoning\":3}]"
		       "}",
	};
	struct ts_usage usage = usage_of("deep", 100, 50);

	(void)state;
	expect(&usage, &own, "estimated", 600000);
	usage.reasoning = maybe_of(40);
	/* 100 x 2 + 10 x 8 + 40 x 3 */
	expect(&usage, &own, "estimated", 400000);
}

static void test_lower_bounds(void **state)
{
	struct ts_usage usage;

	(void)state;
	usage = usage_of("gpt-4o", 1000, NONE);
	expect(&usage, &built_in, "lower_bound", 2500000);
	usage = usage_of("gpt-4o", NONE, 300);
	expect(&usage, &built_in, "lower_bound", 3000000);
	/* what its cache took has no price */
	usage = usage_of("gpt-4o", 1000, 300);
	usage.cache_write = maybe_of(600);
	expect(&usage, &built_in, "lower_bound", 4000000);
	/* what the web was searched for does not stand in the counts */
	usage = usage_of("gpt-4o", 1000, 300);
	usage.more = true;
	expect(&usage, &built_in, "lower_bound", 5500000);
	/* that it cost something is no number */
	usage = usage_of("text-embedding-3-small", NONE, 5);
	expect(&usage, &built_in, "unpriced", NONE);
}

static void test_halves_are_rounded_once(void **state)
{
	static const struct asked own = {
		.own = "{\"prices\":[{\"model\":\"a\",\"input\":0.0005,\"output\":0.0005},"
		       "{\"model\":\"b\",\"input\":0.000499,\"output\":0}]}",
	};
	struct ts_usage usage;

	(void)state;
	/* half a billionth each: together one */
	usage = usage_of("a", 1, 1);
	expect(&usage, &own, "estimated", 1);
	usage = usage_of("a", 1, 0);
	expect(&usage, &own, "estimated", 1);
	usage = usage_of("b", 1, 0);
	expect(&usage, &own, "estimated", 0);
	usage = usage_of("a", 3, 0);
	expect(&usage, &own, "estimated", 2);
}

static void test_sums_that_no_column_holds(void **state)
{
	static const struct asked own = {
		.own = "{\"prices\":[{\"model\":\"a\",\"input\":1000000,\"output\":1000000}]}",
	};
	struct ts_usage usage;

	(void)state;
	/* 9,223,372,036 tokens at a dollar each */
	usage = usage_of("a", 9223372036, 0);
	expect(&usage, &own, "estimated", 9223372036000000000);
	usage = usage_of("a", 9223372037, 0);
	expect(&usage, &own, "unpriced", NONE);
	usage = usage_of("a", 1000000000000, 1000000000000);
	expect(&usage, &own, "unpriced", NONE);
}

static void test_what_the_provider_tells(void **state)
{
	struct ts_usage usage = usage_of("anthropic/claude-sonnet-4.5", 9, 12);
	struct ts_cost cost;

	(void)state;
	usage.cost_nano_usd = maybe_of(210000);
	cost = price_of(&usage, &built_in);
	assert_int_equal(cost.status, TS_COST_PROVIDER);
	assert_int_equal(cost.nano_usd.value, 210000);
	/* 9 x 3 + 12 x 15 */
	assert_int_equal(cost.estimate_nano_usd.value, 207000);
	assert_string_equal(cost.price.data, "claude-sonnet-4-5");
	/* the same is no news */
	usage.cost_nano_usd = maybe_of(207000);
	cost = price_of(&usage, &built_in);
	assert_false(cost.estimate_nano_usd.known);
	assert_null(cost.hash);
	usage = usage_of("nobody-knows", NONE, NONE);
	usage.cost_nano_usd = maybe_of(0);
	expect(&usage, &built_in, "provider", 0);
}

static void test_unknown_is_not_nothing(void **state)
{
	struct ts_usage usage = usage_of("nobody-knows", 10, 10);

	(void)state;
	expect(&usage, &built_in, "unpriced", NONE);
	usage = usage_of("", 10, 10);
	expect(&usage, &built_in, "unpriced", NONE);
	usage = usage_of("gpt-4o", NONE, NONE);
	expect(&usage, &built_in, "no_usage", NONE);
	usage = usage_of("llama3.2", 10, 10);
	usage.local = true;
	expect(&usage, &built_in, "free", 0);
	usage = usage_of("deepseek/deepseek-r1:free", 10, 10);
	expect(&usage, &built_in, "free", 0);
	/* unless somebody put a price on it */
	usage = usage_of("llama3.2", 10, 10);
	usage.local = true;
	expect(&usage,
	       &(struct asked){
		       .own = "{\"prices\":[{\"model\":\"llama*\",\"input\":1,\"output\":1}]}"},
	       "estimated", 20000);
}

/* --- names ----------------------------------------------------------------------------- */

static void test_names_of_models(void **state)
{
	static const struct {
		const char *name;
		const char *shorter[4];
	} names[] = {
		{"gpt-4o", {NULL}},
		{"gpt-4o-2024-08-06", {"gpt-4o"}},
		{"claude-sonnet-4-5-20250929", {"claude-sonnet-4-5"}},
		{"anthropic/claude-sonnet-4.5", {"claude-sonnet-4.5"}},
		{"us.anthropic.claude-sonnet-4-5-20250929-v1:0",
		 {"claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929",
		  "claude-sonnet-4-5"}},
		{"claude-3-5-haiku@20241022", {"claude-3-5-haiku"}},
		{"models/gemini-2.5-pro", {"gemini-2.5-pro"}},
		{"deepseek/deepseek-r1:free", {"deepseek-r1:free", "deepseek-r1"}},
		{"a/b:thinking", {"b:thinking", "b"}},
		{"ft:gpt-4o-2024-08-06:acme::id", {NULL}},
		{"gpt-4.1-mini", {NULL}},
		{"gpt-oss:20b", {NULL}},
		{"-20250929", {NULL}},
		{"x.", {NULL}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ts_model_names found;
		size_t n = 0;

		ts_model_names(text_of(names[i].name), &found);
		assert_true(ts_scan_is(found.names[0], names[i].name));
		for (; names[i].shorter[n]; n++)
			assert_true(ts_scan_is(found.names[n + 1], names[i].shorter[n]));
		assert_int_equal(found.n, n + 1);
	}
}

static void test_names_are_never_parts_of_others(void **state)
{
	static const char *const unknown[] = {
		"gpt-4o-mini-audio",      "gpt-4o-", "xgpt-4o",
		"ft:gpt-4o:acme",         "gpt-4",   "gpt-4o:online",
		"claude-sonnet-4-5-fast",
	};
	struct ts_usage usage = usage_of("gpt-4o-mini", 1000, 0);

	(void)state;
	expect(&usage, &built_in, "estimated", 150000);
	usage = usage_of("GPT-4o-Mini", 1000, 0);
	expect(&usage, &built_in, "estimated", 150000);
	for (size_t i = 0; i < COUNT(unknown); i++) {
		usage = usage_of(unknown[i], 1000, 0);
		expect(&usage, &built_in, "unpriced", NONE);
	}
}

static void test_the_model_that_was_asked_for(void **state)
{
	struct ts_usage usage = usage_of("served-under-another-name", 1000, 0);

	(void)state;
	expect(&usage, &(struct asked){.requested = "gpt-4o"}, "estimated", 2500000);
	usage = usage_of("gpt-4o-mini", 1000, 0);
	expect(&usage, &(struct asked){.requested = "gpt-4o"}, "estimated", 150000);
	/* one's own prices know one's own names */
	expect(&usage,
	       &(struct asked){.own = "{\"prices\":[{\"model\":\"my-deployment\",\"input\":7}]}",
			       .requested = "my-deployment"},
	       "estimated", 7000000);
}

static void test_the_pattern_that_says_most(void **state)
{
	static const struct asked own = {
		.own = "{\"prices\":[{\"model\":\"qwen*\",\"input\":1},{\"model\":\"qwen3-*\","
		       "\"input\":2},"
		       "{\"model\":\"qwen3-*b\",\"input\":3},{\"model\":\"qwen3-8b\",\"input\":4}]"
		       "}",
	};
	static const struct {
		const char *model;
		int64_t nano_usd;
	} models[] = {{"qwen2", 1000},    {"qwen3-max", 2000},        {"qwen3-32b", 3000},
		      {"qwen3-8b", 4000}, {"alibaba/qwen3-8b", 4000}, {"qwen3-8b-20250101", 4000}};

	(void)state;
	for (size_t i = 0; i < COUNT(models); i++) {
		struct ts_usage usage = usage_of(models[i].model, 1, 0);

		expect(&usage, &own, "estimated", models[i].nano_usd);
	}
}

static void test_prices_of_one_provider(void **state)
{
	static const char own[] =
		"{\"prices\":[{\"model\":\"gpt-4o\",\"provider\":\"gateway\",\"input\":1},"
		"{\"model\":\"gpt-4.1\",\"provider\":\"gateway\",\"input\":1},"
		"{\"model\":\"gpt-4.1\",\"input\":9},{\"model\":\"odd\",\"provider\":\"gateway\","
		"\"input\":5}]}";
	static const struct {
		const char *model, *provider;
		int64_t nano_usd;
	} calls[] = {
		{"gpt-4o", "gateway", 1000}, {"gpt-4o", "openai", 2500},
		{"gpt-4o", "claude", 1000},  {"gpt-4.1", "gateway", 1000},
		{"gpt-4.1", "openai", 9000}, {"odd", "other", 5000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		struct ts_usage usage = usage_of(calls[i].model, 1, 0);

		expect(&usage, &(struct asked){.own = own, .provider = calls[i].provider},
		       "estimated", calls[i].nano_usd);
	}
}

static void test_prices_of_a_time(void **state)
{
	static const char own[] =
		"{\"prices\":[{\"model\":\"m\",\"input\":1,\"to\":\"2025-06-10\"},"
		"{\"model\":\"m\",\"input\":2,\"from\":\"2025-06-10\",\"to\":\"2026-01-01\"}]}";
	static const struct {
		const char *at, *status;
		int64_t nano_usd;
	} moments[] = {
		{"2020-01-01T00:00:00Z", "estimated", 1000},
		{"2025-06-09T23:59:59.999999Z", "estimated", 1000},
		{"2025-06-10T00:00:00Z", "estimated", 2000},
		{"2025-12-31T23:59:59.999999Z", "estimated", 2000},
		{"2026-01-01T00:00:00Z", "unpriced", NONE},
	};
	struct ts_usage usage = usage_of("m", 1, 0);

	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		struct asked asked = {.own = own};

		assert_int_equal(ts_moment_parse(moments[i].at, &asked.at_us), 0);
		expect(&usage, &asked, moments[i].status, moments[i].nano_usd);
	}
}

static void test_own_prices_entry_by_entry(void **state)
{
	static const struct asked own = {.own = "{\"note\":\"ours\",\"prices\":[{\"model\":\"gpt-"
						"4o\",\"input\":1,\"output\":1}]}"};
	char hash[TS_SHA256_TEXT];
	struct ts_usage usage;
	struct ts_cost cost;

	(void)state;
	usage = usage_of("gpt-4o-2024-08-06", 1, 1);
	cost = price_of(&usage, &own);
	assert_int_equal(cost.nano_usd.value, 2000);
	assert_string_equal(cost.price.data, "gpt-4o");
	/* all others are as they were, and say of which file they are */
	usage = usage_of("gpt-4o-mini", 1000, 0);
	cost = price_of(&usage, &own);
	assert_int_equal(cost.nano_usd.value, 150000);
	ts_sha256(prices_json, strlen(prices_json), hash);
	assert_memory_equal(cost.hash, hash, TS_PRICE_HASH_BYTES - 1);
	assert_int_equal(strlen(cost.hash), TS_PRICE_HASH_BYTES - 1);
}

/* Dearer in words than in tokens read again, and each says where it is from. */
static void test_built_in_prices_make_sense(void **state)
{
	cJSON *document = cJSON_Parse(prices_json), *entry;

	(void)state;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(document, "prices"))
	{
		const char *source = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "source"));
		double input = cJSON_GetNumberValue(cJSON_GetObjectItem(entry, "input"));
		cJSON *output = cJSON_GetObjectItem(entry, "output");
		cJSON *cached = cJSON_GetObjectItem(entry, "cache_read");

		assert_true(strncmp(source, "https://", 8) == 0 ||
			    strncmp(source, "secondary: ", 11) == 0);
		assert_true(input > 0);
		assert_true(!output || output->valuedouble > input);
		assert_true(!cached || cached->valuedouble < input);
	}
	cJSON_Delete(document);
}

/* --- files ----------------------------------------------------------------------------- */

static void test_faults_have_a_place(void **state)
{
	static const struct {
		const char *text, *sentence;
	} faults[] = {
		{"", "f:1:1: expected '{', found the end"},
		{"[]", "f:1:1: expected '{', found '['"},
		{"{\"prices\": 3}", "f:1:12: expected '[', found '3'"},
		{"{\"price\": []}", "f:1:2: unknown key 'price'; there are note, prices"},
		{"{\"prices\": []", "f:1:14: expected ',' or '}', found the end"},
		{"{\"prices\": []} x", "f:1:16: expected the end, found 'x'"},
		{"{\"prices\": [\n\t{\"model\": \"m\", \"inptu\": 3}\n]}",
		 "f:2:17: unknown key 'inptu'; there are model, aliases, provider, input, output, "
		 "cache_read, cache_write_5m, cache_write_1h, reasoning, above, service_tiers, "
		 "from, "
		 "to, source"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": \"3\"}]}",
		 "f:1:37: expected USD per million tokens, as 3 or 0.075, found '\"3\"'"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": -1}]}",
		 "f:1:37: expected USD per million tokens, as 3 or 0.075, found '-1'"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": 0.0000001}]}",
		 "f:1:37: expected USD per million tokens, as 3 or 0.075, found '0.0000001'"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": 1000001}]}",
		 "f:1:37: expected USD per million tokens, as 3 or 0.075, found '1000001'"},
		{"{\"prices\": [{\"model\": \"m\"}]}", "f:1:13: this price of 'm' has no rates"},
		{"{\"prices\": [{\"input\": 1}]}", "f:1:13: this price names no model"},
		{"{\"prices\": [{\"model\": 5}]}", "f:1:23: expected a model's name, found '5'"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": 1, \"from\": \"soon\"}]}",
		 "f:1:48: expected a date such as \"2026-01-31\", found 'soon'"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": 1, \"from\": \"2026-02-01\", \"to\": "
		 "\"2026-02-01\"}]}",
		 "f:1:13: this price of 'm' ends before it begins"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": 1, \"above\": [{\"input\": 2}]}]}",
		 "f:1:50: expected input_tokens, above which these rates hold, in rising order"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": 1, \"above\": [{\"input_tokens\": "
		 "9}, "
		 "{\"input_tokens\": 8}]}]}",
		 "f:1:71: expected input_tokens, above which these rates hold, in rising order"},
		{"{\"prices\": [{\"model\": \"m\", \"input\": 1, \"service_tiers\": {\"flex\": "
		 "{\"in\": 2}}}]}",
		 "f:1:67: unknown key 'in'; there are input, output, cache_read, cache_write_5m, "
		 "cache_write_1h, reasoning"},
		{"{\"prices\": [{\"model\": \"m\" \"input\": 1}]}",
		 "f:1:27: expected ',' or '}', found '\"input\"'"},
		{"{\"prices\": [{\"model\": \"m\",}]}", "f:1:27: expected a key, found '}'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct ts_price_list list;
		struct ts_error err = {""};

		assert_int_equal(ts_price_list_read(&list, "f", text_of(faults[i].text), &err),
				 -EINVAL);
		assert_string_equal(err.text, faults[i].sentence);
		assert_int_equal(list.n, 0);
		assert_null(list.pool.chunks);
	}
}

static void test_a_wrong_file_leaves_what_is_built_in(void **state)
{
	struct ts_usage usage = usage_of("gpt-4o", 1000, 0);
	const struct ts_priced_call call = {
		.usage = &usage, .requested_model = {"", 0}, .at_us = AT};
	static const char *const paths[] = {"/nonexistent/prices.json", "/tmp", "/dev/null"};
	struct ts_prices *prices;
	struct ts_cost cost;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct ts_error err = {""};

		assert_true(ts_prices_open(&prices, paths[i], &err) < 0);
		assert_non_null(strstr(err.text, paths[i]));
		ts_price_call(prices, &call, &cost);
		assert_int_equal(cost.nano_usd.value, 2500000);
		ts_prices_close(prices);
	}
	ts_prices_close(NULL);
}

static void test_what_is_built_in(void **state)
{
	struct ts_price_list list;
	struct ts_error err = {""};

	(void)state;
	assert_int_equal(ts_price_list_read(&list, "prices.json", text_of(prices_json), &err), 0);
	assert_true(list.n > 20);
	for (size_t i = 0; i < list.n; i++) {
		const struct ts_price *price = &list.prices[i];
		struct ts_model_names names;

		/* under a name that other names are cut down to, and never twice */
		ts_model_names(price->model, &names);
		assert_int_equal(names.n, 1);
		assert_true(price->provider.bytes && price->rates.pico_usd[TS_RATE_INPUT] > 0);
		for (size_t j = 0; j < i; j++)
			assert_false(ts_scan_is(price->model, list.prices[j].model.data));
	}
	ts_price_list_release(&list);
}

static void test_hashes(void **state)
{
	char hash[TS_SHA256_TEXT], *million = malloc(1000000);

	(void)state;
	ts_sha256("", 0, hash);
	assert_string_equal(hash,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ts_sha256("abc", 3, hash);
	assert_string_equal(hash,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ts_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hash);
	assert_string_equal(hash,
			    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', 1000000);
	ts_sha256(million, 1000000, hash);
	assert_string_equal(hash,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input_and_output),
		cmocka_unit_test(test_the_cache),
		cmocka_unit_test(test_steps_hold_for_the_whole_call),
		cmocka_unit_test(test_service_tiers),
		cmocka_unit_test(test_reasoning_at_its_own_rate),
		cmocka_unit_test(test_lower_bounds),
		cmocka_unit_test(test_halves_are_rounded_once),
		cmocka_unit_test(test_sums_that_no_column_holds),
		cmocka_unit_test(test_what_the_provider_tells),
		cmocka_unit_test(test_unknown_is_not_nothing),
		cmocka_unit_test(test_names_of_models),
		cmocka_unit_test(test_names_are_never_parts_of_others),
		cmocka_unit_test(test_the_model_that_was_asked_for),
		cmocka_unit_test(test_the_pattern_that_says_most),
		cmocka_unit_test(test_prices_of_one_provider),
		cmocka_unit_test(test_prices_of_a_time),
		cmocka_unit_test(test_own_prices_entry_by_entry),
		cmocka_unit_test(test_built_in_prices_make_sense),
		cmocka_unit_test(test_faults_have_a_place),
		cmocka_unit_test(test_a_wrong_file_leaves_what_is_built_in),
		cmocka_unit_test(test_what_is_built_in),
		cmocka_unit_test(test_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
