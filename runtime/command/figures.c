// SPDX-License-Identifier: Apache-2.0
#include "figures.h"

#include <cjson/cJSON.h>

#include "../jsonmember.h"

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
