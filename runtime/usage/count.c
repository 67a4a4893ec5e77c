// SPDX-License-Identifier: Apache-2.0
/* From the objects of an answer to what it used. */
#include "read.h"

#include <string.h>

#define MOST_TOKENS 1000000000000LL /* of one call; more is no count */
#define NANO_DIGITS 9

static struct ts_counted count_of(const struct ts_scanned *value)
{
	struct ts_counted count = {.state = TS_WRONG};

	if (ts_scan_decimal(value, 0, false, &count.value) && count.value >= 0 &&
	    count.value <= MOST_TOKENS)
		count.state = TS_COUNTED;
	return count;
}

/* What is counted or absent adds up, what is wrong makes the sum wrong. */
static struct ts_counted sum(struct ts_counted a, struct ts_counted b)
{
	if (a.state == TS_WRONG || b.state == TS_WRONG)
		return (struct ts_counted){.state = TS_WRONG};
	return (struct ts_counted){
		.state = a.state == TS_COUNTED || b.state == TS_COUNTED ? TS_COUNTED : TS_ABSENT,
		.value = a.value + b.value,
	};
}

/* --- one object ------------------------------------------------------------------------ */

static void take_provider(struct ts_usage *usage, const struct ts_answer *answer)
{
	const struct ts_usage_provider *provider = ts_usage_providers;

	while (provider->when && !ts_answer_is(answer, provider->when))
		provider++;
	if (provider->provider && !usage->provider)
		usage->provider = provider->provider;
}

/* A name; what is longer than any is none. */
static void take_name(struct ts_reading *reading, const struct ts_answer *answer, const char *paths,
		      struct ts_text *ret)
{
	struct ts_scanned value;
	size_t bytes;

	if (!ts_answer_find(answer, "", paths, &value))
		return;
	bytes = ts_scan_string(&value).bytes;
	if (bytes && bytes <= TS_USAGE_NAME_BYTES)
		ts_scan_unescape(&value, reading->pool, ret);
}

/*
 * What OpenRouter tells is its own fee alone where the call went by somebody's own key; what the provider then charges stands
 * beside it.
 */
static void take_cost(struct ts_usage *usage, const struct ts_answer *answer,
		      const struct ts_usage_api *api)
{
	struct ts_scanned value, own_key;
	int64_t cost, upstream = 0;
	bool known;

	if (!api->cost || !ts_answer_find(answer, api->usage, api->cost, &value))
		return;
	known = ts_scan_decimal(&value, NANO_DIGITS, true, &cost) && cost >= 0;
	if (ts_answer_find(answer, api->usage, "cost_details.upstream_inference_cost", &value) &&
	    (!ts_answer_find(answer, api->usage, "is_byok", &own_key) ||
	     own_key.type == TS_SCAN_TRUE))
		known = known && ts_scan_decimal(&value, NANO_DIGITS, true, &upstream) &&
			upstream >= 0 && upstream <= INT64_MAX - cost;
	usage->cost_nano_usd = (struct ts_maybe){known, known ? cost + upstream : 0};
}

static void take_raw(struct ts_usage *usage, const struct ts_answer *answer,
		     const struct ts_usage_api *api)
{
	struct ts_scanned *raw = &usage->raw[!(api->flags & TS_USAGE_EARLY)];

	if (*api->usage)
		ts_answer_find(answer, "", api->usage, raw);
}

static bool is_whole(const struct ts_answer *answer, const struct ts_usage_api *api)
{
	struct ts_scanned value;

	/* a captured object says so where members of it were left out */
	return !ts_answer_find(answer, api->usage, "truncated", &value);
}

static const struct ts_usage_api *find_api(const struct ts_reading *reading,
					   const struct ts_answer *answer)
{
	const struct ts_usage_api *api = ts_usage_apis;

	while (api->name && !ts_answer_is(answer, api->when))
		api++;
	if (!api->name || !is_whole(answer, api) ||
	    (reading->as_input && api->flags & TS_USAGE_LIBRARY))
		return NULL;
	return api;
}

static void take_counts(struct ts_reading *reading, const struct ts_answer *answer,
			const struct ts_usage_api *api)
{
	bool adds = reading->stream && api->flags & TS_USAGE_ADDS;

	for (int i = 0; i < TS_USAGE_COUNTS; i++) {
		struct ts_counted *count = &reading->counts[i];
		struct ts_scanned value;

		if (!api->counts[i] || !ts_answer_find(answer, api->usage, api->counts[i], &value))
			continue;
		*count = adds ? sum(*count, count_of(&value)) : count_of(&value);
		if (i == TS_COUNT_INPUT)
			reading->flags = api->flags;
	}
	if (api->flags & TS_USAGE_EARLY)
		reading->counts[TS_COUNT_OUTPUT] = (struct ts_counted){.state = TS_ABSENT};
}

/* What the first piece of a stream tells, and those that tell of usage: the others say the same, and are many. */
static void take_facts(struct ts_reading *reading, const struct ts_answer *answer)
{
	struct ts_usage *usage = &reading->usage;

	take_provider(usage, answer);
	take_name(reading, answer, ts_usage_service_tier, &usage->service_tier);
	usage->more |= ts_answer_is_any(answer, ts_usage_more);
	usage->local |= usage->provider && !strcmp(usage->provider, "ollama") &&
			!ts_answer_is_any(answer, ts_usage_remote);
}

static void take_usage(struct ts_reading *reading, const struct ts_answer *answer,
		       const struct ts_usage_api *api)
{
	reading->usage.api = api->name;
	take_counts(reading, answer, api);
	take_cost(&reading->usage, answer, api);
	take_raw(&reading->usage, answer, api);
	reading->late_input = api->counts[TS_COUNT_TOOLS] != NULL;
	reading->final = reading->ended;
}

void ts_reading_take(struct ts_reading *reading, const struct ts_answer *answer)
{
	const struct ts_usage_api *api = answer->n ? find_api(reading, answer) : NULL;
	struct ts_usage *usage = &reading->usage;
	bool first = !usage->answered, ends;

	if (!answer->n || (!api && first && !ts_answer_is_any(answer, ts_usage_answers)))
		return;
	ends = !reading->stream || ts_answer_is_any(answer, ts_usage_ends);
	reading->ended |= ends;
	usage->answered = true;
	if (api || first)
		take_facts(reading, answer);
	if (api || !usage->model.bytes)
		take_name(reading, answer, ts_usage_model, &usage->model);
	if (api)
		take_usage(reading, answer, api);
}

void ts_reading_gap(struct ts_reading *reading)
{
	if (reading->final)
		return;
	for (int i = 0; i < TS_USAGE_COUNTS; i++)
		if (i >= TS_COUNT_OUTPUT || reading->late_input)
			reading->counts[i] = (struct ts_counted){.state = TS_ABSENT};
	reading->usage.cost_nano_usd = (struct ts_maybe){.known = false};
}

void ts_reading_done(struct ts_reading *reading)
{
	reading->ended = reading->final = true;
}

/* --- all of them ----------------------------------------------------------------------- */

static struct ts_maybe known(struct ts_counted count)
{
	return (struct ts_maybe){count.state == TS_COUNTED,
				 count.state == TS_COUNTED ? count.value : 0};
}

static bool is_counted(const struct ts_counted *counts, enum ts_usage_count which)
{
	return counts[which].state == TS_COUNTED;
}

/* What input and output may leave out, and the flags that say so. */
#define N_APART 3

struct apart {
	struct ts_counted count;
	unsigned flag;
};

/* The one way of adding some of them that comes to the total, a bit each; -1: none does, or several do. */
static int find_way(const struct ts_counted *c, const struct apart *apart)
{
	int way = -1;

	for (int w = 0; w < 1 << N_APART; w++) {
		int64_t total = c[TS_COUNT_INPUT].value + c[TS_COUNT_OUTPUT].value;
		bool real = true;

		for (int i = 0; i < N_APART; i++) {
			real &= !(w >> i & 1) || apart[i].count.value > 0;
			total += w >> i & 1 ? apart[i].count.value : 0;
		}
		if (!real || total != c[TS_COUNT_TOTAL].value)
			continue;
		if (way >= 0)
			return -1;
		way = w;
	}
	return way;
}

static void let_total_tell(struct ts_reading *reading)
{
	struct ts_counted *c = reading->counts;
	const struct apart apart[N_APART] = {
		{sum(c[TS_COUNT_CACHE_READ], c[TS_COUNT_CACHE_WRITE]), TS_USAGE_CACHE_APART},
		{c[TS_COUNT_REASONING], TS_USAGE_REASONING_APART},
		{c[TS_COUNT_TOOLS], 0},
	};
	int way = find_way(c, apart);
	bool any = false;

	for (int i = 0; i < N_APART; i++) {
		any |= apart[i].count.state == TS_WRONG || apart[i].count.value > 0;
		reading->flags |= way > 0 && way >> i & 1 ? apart[i].flag : 0;
	}
	if (way < 0 && (any || c[TS_COUNT_TOTAL].state == TS_COUNTED))
		c[TS_COUNT_INPUT].state = c[TS_COUNT_OUTPUT].state = TS_WRONG;
	if (way < 0 || !(way >> 2 & 1))
		c[TS_COUNT_TOOLS] = (struct ts_counted){.state = TS_ABSENT};
}

/* Nothing but the total says what an answer without text, or an embedding, put out. */
static void fill_output(struct ts_reading *reading)
{
	struct ts_counted *c = reading->counts;
	struct ts_counted input = sum(c[TS_COUNT_INPUT], c[TS_COUNT_TOOLS]);
	int64_t rest = c[TS_COUNT_TOTAL].value - input.value;

	if (c[TS_COUNT_OUTPUT].state != TS_ABSENT || !is_counted(c, TS_COUNT_TOTAL) ||
	    input.state != TS_COUNTED || rest < 0)
		return;
	if (reading->flags & TS_USAGE_REASONING_APART) {
		rest -= c[TS_COUNT_REASONING].value;
		if (rest < 0 || c[TS_COUNT_REASONING].state == TS_WRONG)
			return;
	} else if (rest > 0) {
		return;
	}
	c[TS_COUNT_OUTPUT] = (struct ts_counted){TS_COUNTED, rest};
}

/* xAI counts reasoning apart under OpenAI's names, as the total then shows. */
static bool is_reasoning_apart(const struct ts_reading *reading)
{
	const struct ts_counted *c = reading->counts;

	if (reading->flags & TS_USAGE_REASONING_APART)
		return true;
	return is_counted(c, TS_COUNT_TOTAL) && is_counted(c, TS_COUNT_INPUT) &&
	       is_counted(c, TS_COUNT_OUTPUT) && is_counted(c, TS_COUNT_REASONING) &&
	       c[TS_COUNT_REASONING].value > 0 &&
	       c[TS_COUNT_TOTAL].value == c[TS_COUNT_INPUT].value + c[TS_COUNT_OUTPUT].value +
						  c[TS_COUNT_REASONING].value;
}

/* Parts that are more than the whole: then nobody knows what they are parts of. */
static void check_parts(struct ts_usage *usage)
{
	int64_t cached = usage->cache_read.value + usage->cache_write.value;

	if (cached && (!usage->input.known || cached > usage->input.value))
		usage->input = usage->cache_read = usage->cache_write = usage->cache_write_5m =
			usage->cache_write_1h = (struct ts_maybe){.known = false};
	if (usage->cache_write_5m.value + usage->cache_write_1h.value > usage->cache_write.value)
		usage->cache_write_5m = usage->cache_write_1h = (struct ts_maybe){.known = false};
	if (usage->output.known && usage->reasoning.value > usage->output.value)
		usage->reasoning = (struct ts_maybe){.known = false};
}

void ts_reading_finish(struct ts_reading *reading)
{
	struct ts_usage *usage = &reading->usage;
	struct ts_counted *c = reading->counts, input, output;

	if (!reading->final)
		ts_reading_gap(reading);
	if (c[TS_COUNT_CACHE_WRITE].state == TS_ABSENT)
		c[TS_COUNT_CACHE_WRITE] =
			sum(c[TS_COUNT_CACHE_WRITE_5M], c[TS_COUNT_CACHE_WRITE_1H]);
	if (reading->flags & TS_USAGE_TOTAL_TELLS)
		let_total_tell(reading);
	fill_output(reading);
	input = c[TS_COUNT_INPUT];
	if (input.state == TS_COUNTED) {
		input = sum(input, c[TS_COUNT_TOOLS]);
		if (reading->flags & TS_USAGE_CACHE_APART)
			input = sum(input, sum(c[TS_COUNT_CACHE_READ], c[TS_COUNT_CACHE_WRITE]));
	}
	output = c[TS_COUNT_OUTPUT];
	if (output.state == TS_COUNTED && is_reasoning_apart(reading))
		output = sum(output, c[TS_COUNT_REASONING]);
	usage->input = known(input);
	usage->output = known(output);
	usage->cache_read = known(c[TS_COUNT_CACHE_READ]);
	usage->cache_write = known(c[TS_COUNT_CACHE_WRITE]);
	usage->cache_write_5m = known(c[TS_COUNT_CACHE_WRITE_5M]);
	usage->cache_write_1h = known(c[TS_COUNT_CACHE_WRITE_1H]);
	usage->reasoning = known(c[TS_COUNT_REASONING]);
	check_parts(usage);
}
