// SPDX-License-Identifier: Apache-2.0
/*
 * Answers of any bytes, whole, cut, as values; price files of any bytes: counts that can be, rows that any store takes, faults
 * that lie in the file. And of documents that are JSON, as a reader of its own sees it: wherever they are cut, what is said
 * of their end is so.
 *
 * The first byte says which of these the others are, the second where it is cut.
 */

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rows.h"
#include "runtime/pool.h"
#include "runtime/pricelist.h"
#include "runtime/scan.h"
#include "runtime/usage/note.h"
#include "runtime/usage/usage.h"

#define MOST_TOKENS 1000000000000LL
#define DEPTH       60 /* of documents that are judged */

enum { TEXT, CUT, VALUE, INPUT, PRICES, END, N_MODES };

/* --- answers --------------------------------------------------------------------------- */

static int64_t value_of(struct ts_maybe maybe)
{
	MUST(maybe.known || !maybe.value);
	MUST(maybe.value >= 0);
	return maybe.value;
}

static void check_usage(const struct ts_usage *usage)
{
	int64_t input = value_of(usage->input), output = value_of(usage->output);

	MUST(input <= 4 * MOST_TOKENS && output <= 4 * MOST_TOKENS);
	MUST(usage->input.known || !usage->cache_read.known || !usage->cache_read.value);
	MUST(!usage->input.known ||
	     value_of(usage->cache_read) + value_of(usage->cache_write) <= input);
	MUST(value_of(usage->cache_write_5m) + value_of(usage->cache_write_1h) <=
	     value_of(usage->cache_write));
	MUST(!usage->output.known || value_of(usage->reasoning) <= output);
	MUST(value_of(usage->cost_nano_usd) == 0 || usage->api);
	MUST(usage->answered || !usage->api);
	MUST(usage->model.bytes <= TS_USAGE_NAME_BYTES);
}

/* As the row of a call that answered `output`. */
static void check_span(const struct ts_prices *prices, const char *output, const char *input)
{
	struct ts_pool pool = {0}, scratch = {0};
	struct ts_span span = {
		.tenant_id = "",
		.span_name = "llm:asked",
		.kind = "llm",
		.function = "ask",
		.provider = "asked",
		.input_data = input,
		.output_data = output,
		.attributes = "{\"errno\":2}",
		.started_us = 1700000000000000,
		.created_us = 1,
		.success = true,
	};
	struct ts_usage usage;

	ts_usage_read(&usage, output, input, &scratch);
	check_usage(&usage);
	ts_pool_reset(&scratch);
	ts_usage_note(prices, &scratch, &pool, &span);
	MUST(scratch.used == 0);
	check_row(&ts_span_table, (const char *)&span);
	MUST(!span.cost_nano_usd.known || span.cost_nano_usd.value >= 0);
	MUST(!ts_usage_reprice(prices, &pool, &span));
	ts_pool_release(&scratch);
	ts_pool_release(&pool);
}

/* {"result": value}, deleting it. */
static char *json_of(const char *key, cJSON *value)
{
	cJSON *top = cJSON_CreateObject();
	char *text;

	cJSON_AddItemToObject(top, key, value);
	text = cJSON_PrintUnformatted(top);
	cJSON_Delete(top);
	return text;
}

/* Captured text is UTF-8 without NUL: what is none is made so. */
static char *clean(const char *data, size_t bytes)
{
	struct ts_pool pool = {0};
	char *copy = strdup(ts_text_clean(&pool, (struct ts_text){data, bytes}, NULL));

	ts_pool_release(&pool);
	return copy;
}

static cJSON *cut_value(const char *data, size_t bytes, size_t at)
{
	size_t behind = at + at / 3 < bytes ? at + at / 3 : bytes;
	char *head = clean(data, at), *tail = clean(data + behind, bytes - behind);
	cJSON *cut = cJSON_CreateObject();

	cJSON_AddStringToObject(cut, "head", head);
	cJSON_AddStringToObject(cut, "tail", tail);
	cJSON_AddNumberToObject(cut, "truncated", (double)bytes);
	free(head);
	free(tail);
	return cut;
}

static void check_answer(const struct ts_prices *prices, int mode, const char *data, size_t bytes,
			 size_t at)
{
	char *text = clean(data, bytes), *json;
	cJSON *value = mode == CUT     ? cut_value(data, bytes, at)
		       : mode == VALUE ? cJSON_Parse(text)
				       : cJSON_CreateString(text);

	if (value) {
		json = json_of(mode == INPUT ? "body" : "result", value);
		check_span(prices, mode == INPUT ? NULL : json, mode == INPUT ? json : NULL);
		free(json);
	}
	free(text);
}

/* --- price files ----------------------------------------------------------------------- */

static void check_prices(const char *data, size_t bytes)
{
	struct ts_error err = {""};
	struct ts_price_list list;
	size_t lines = 1, line = 0, column = 0;

	for (size_t i = 0; i < bytes; i++)
		lines += data[i] == '\n';
	if (ts_price_list_read(&list, "f", (struct ts_text){data, bytes}, &err) < 0) {
		MUST(sscanf(err.text, "f:%zu:%zu: ", &line, &column) == 2);
		MUST(line >= 1 && line <= lines && column >= 1 && column <= bytes + 1);
		MUST(!list.n);
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		MUST(list.prices[i].model.bytes && list.prices[i].from_us < list.prices[i].to_us);
		for (int r = 0; r < TS_RATES; r++)
			MUST(list.prices[i].rates.pico_usd[r] >= -1);
	}
	ts_price_list_release(&list);
}

/* --- documents ------------------------------------------------------------------------- */

/* A strict reader of JSON, that notes where the outermost members end. */
struct judge {
	const char *at, *end;
	int depth;
	bool is_comma[65536]; /* of the outermost level, by where it stands */
	const char *start;
};

static void skip(struct judge *judge)
{
	while (judge->at < judge->end && strchr(" \t\r\n", *judge->at) && *judge->at)
		judge->at++;
}

static bool take(struct judge *judge, char c)
{
	skip(judge);
	if (judge->at == judge->end || *judge->at != c)
		return false;
	judge->at++;
	return true;
}

static bool judge_string(struct judge *judge)
{
	if (!take(judge, '"'))
		return false;
	for (; judge->at < judge->end; judge->at++) {
		if (*judge->at == '"') {
			judge->at++;
			return true;
		}
		if ((unsigned char)*judge->at < 0x20)
			return false;
		if (*judge->at != '\\')
			continue;
		judge->at++;
		if (judge->at == judge->end || !*judge->at || !strchr("\"\\/bfnrtu", *judge->at))
			return false;
		for (int i = 0; *judge->at == 'u' && i < 4; i++)
			if (judge->end - judge->at < 6 ||
			    !strchr("0123456789abcdefABCDEF", judge->at[1 + i]) ||
			    !judge->at[1 + i])
				return false;
	}
	return false;
}

static bool judge_value(struct judge *judge);

static bool judge_nested(struct judge *judge, char close)
{
	judge->at++;
	if (judge->depth++ == DEPTH)
		return false;
	if (take(judge, close)) {
		judge->depth--;
		return true;
	}
	for (;;) {
		if (close == '}' && (!judge_string(judge) || !take(judge, ':')))
			return false;
		if (!judge_value(judge))
			return false;
		if (take(judge, close))
			break;
		if (!take(judge, ','))
			return false;
		if (judge->depth == 1)
			judge->is_comma[judge->at - 1 - judge->start] = true;
	}
	judge->depth--;
	return true;
}

static bool judge_value(struct judge *judge)
{
	static const char *const words[] = {"null", "true", "false"};
	struct ts_scan scan = {judge->at, judge->end};
	struct ts_scanned value;

	skip(judge);
	if (judge->at == judge->end)
		return false;
	if (*judge->at == '{' || *judge->at == '[')
		return judge_nested(judge, *judge->at == '{' ? '}' : ']');
	if (*judge->at == '"')
		return judge_string(judge);
	for (int i = 0; i < 3; i++)
		if ((size_t)(judge->end - judge->at) >= strlen(words[i]) &&
		    !memcmp(judge->at, words[i], strlen(words[i]))) {
			judge->at += strlen(words[i]);
			return true;
		}
	/* what a number is, both agree on */
	if (!ts_scan_value(&scan, &value) || value.type != TS_SCAN_NUMBER)
		return false;
	judge->at = scan.at;
	return true;
}

static void check_end(const char *data, size_t bytes, size_t at)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	enum ts_scan_type type;
	struct ts_scan scan;

	judge->at = judge->start = data;
	judge->end = data + bytes;
	skip(judge);
	if (judge->at == judge->end || (*judge->at != '{' && *judge->at != '[') ||
	    bytes > sizeof(judge->is_comma))
		goto out;
	type = *judge->at == '{' ? TS_SCAN_OBJECT : TS_SCAN_ARRAY;
	if (judge_value(judge)) {
		const char *close = judge->at - 1;
		enum ts_scan_type found;

		skip(judge);
		/* cut anywhere inside: it is never taken for what it is not */
		if (judge->at == judge->end && at > 0 && data + at <= close &&
		    ts_scan_tail((struct ts_text){data + at, bytes - at}, &found, &scan)) {
			MUST(found == type);
			MUST(scan.at == scan.end || judge->is_comma[scan.at - data]);
		}
	}
out:
	free(judge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct ts_prices *prices;
	const char *text = (const char *)data + 2;
	size_t at;
	int mode;

	if (bytes < 2)
		return 0;
	if (!prices)
		MUST(ts_prices_open(&prices, "", NULL) == 0);
	bytes -= 2;
	mode = data[0] % N_MODES;
	at = bytes * data[1] / 256;
	if (mode == PRICES)
		check_prices(text, bytes);
	else if (mode == END)
		for (size_t i = 0; i < bytes; i++)
			check_end(text, bytes, i);
	else
		check_answer(prices, mode, text, bytes, at);
	return 0;
}
