// SPDX-License-Identifier: Apache-2.0
#include "members.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "../moment.h"
#include "../uuid.h"

void ts_member_integer(cJSON *to, const char *key, int64_t value)
{
	char text[24];

	/* cJSON's numbers are doubles, which round. */
	snprintf(text, sizeof(text), "%" PRId64, value);
	cJSON_AddRawToObject(to, key, text);
}

void ts_member_number(cJSON *to, const char *key, double value)
{
	if (isfinite(value))
		cJSON_AddNumberToObject(to, key, value);
	else
		cJSON_AddNullToObject(to, key);
}

void ts_member_text(cJSON *to, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(to, key, text);
	else
		cJSON_AddNullToObject(to, key);
}

void ts_member_moment(cJSON *to, const char *key, int64_t us)
{
	cJSON_AddStringToObject(to, key, ts_moment_format(us).text);
}

void ts_member_uuid(cJSON *to, const char *key, const struct ts_uuid *uuid)
{
	char text[TS_UUID_TEXT];

	ts_uuid_format(uuid, text);
	cJSON_AddStringToObject(to, key, text);
}

void ts_member_times(cJSON *to, struct ts_figures *figures)
{
	struct ts_samples *samples = &figures->durations_ms;

	ts_member_number(to, "p50_ms", ts_samples_percentile(samples, 50));
	ts_member_number(to, "p95_ms", ts_samples_percentile(samples, 95));
	ts_member_number(to, "p99_ms", ts_samples_percentile(samples, 99));
	ts_member_number(to, "max_ms", ts_samples_percentile(samples, 100));
	ts_member_number(to, "total_ms", figures->total_ms);
}

static void add_sum(cJSON *to, const char *key, const char *unknown_key, const struct ts_sum *sum,
		    uint64_t calls)
{
	if (!calls || ts_sum_is_unknown(sum, calls))
		cJSON_AddNullToObject(to, key);
	else
		ts_member_integer(to, key, sum->known);
	ts_member_integer(to, unknown_key, (int64_t)sum->unknown);
}

void ts_member_spend(cJSON *to, const struct ts_spend *spend)
{
	ts_member_integer(to, "model_calls", (int64_t)spend->calls);
	add_sum(to, "input_tokens", "input_tokens_unknown", &spend->input_tokens, spend->calls);
	add_sum(to, "output_tokens", "output_tokens_unknown", &spend->output_tokens, spend->calls);
	add_sum(to, "cost_nano_usd", "cost_unknown", &spend->cost_nano_usd, spend->calls);
}

void ts_member_texts(cJSON *to, const char *key, char *const *texts, size_t n)
{
	cJSON *array = cJSON_AddArrayToObject(to, key);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(texts[i]));
}

cJSON *ts_member_object(cJSON *array)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddItemToArray(array, object);
	return object;
}

char *ts_member_finish(cJSON *document)
{
	char *text = document ? cJSON_Print(document) : NULL;

	cJSON_Delete(document);
	return text;
}

char *ts_member_line(cJSON *document)
{
	char *text = document ? cJSON_PrintUnformatted(document) : NULL;

	cJSON_Delete(document);
	return text;
}
