// SPDX-License-Identifier: Apache-2.0
#include "note.h"

#include <errno.h>
#include <string.h>

#include "../pool.h"
#include "attributes.h"
#include "usage.h"

static struct ts_text text_of(const char *text)
{
	return (struct ts_text){text ? text : "", text ? strlen(text) : 0};
}

static void price(const struct ts_prices *prices, const struct ts_usage *usage,
		  struct ts_text requested, const struct ts_span *span, struct ts_cost *ret)
{
	const struct ts_priced_call call = {
		.usage = usage,
		.requested_model = requested,
		.provider = span->provider,
		.at_us = span->started_us,
	};

	ts_price_call(prices, &call, ret);
}

int ts_usage_note_read(const struct ts_prices *prices, struct ts_pool *pool,
		       const struct ts_usage *usage, struct ts_text requested, struct ts_span *span)
{
	const char *attributes;
	struct ts_cost cost;

	price(prices, usage, requested, span, &cost);
	attributes = ts_usage_attributes(pool, span->attributes, usage, requested, &cost);
	if (!attributes)
		return -ENOMEM;
	span->input_tokens = usage->input;
	span->output_tokens = usage->output;
	span->cost_nano_usd = cost.nano_usd;
	span->attributes = attributes;
	return 0;
}

static void note(const struct ts_prices *prices, struct ts_pool *scratch, struct ts_pool *pool,
		 struct ts_span *span)
{
	struct ts_text requested = text_of(span->model), model;
	struct ts_span noted = *span;
	struct ts_usage usage;

	ts_usage_read(&usage, span->output_data, span->input_data, scratch);
	if (!requested.bytes)
		requested = ts_usage_requested_model(span->input_data, scratch);
	if (requested.bytes > TS_USAGE_NAME_BYTES) /* a prompt under the wrong name */
		requested.bytes = 0;
	model = usage.model.bytes ? usage.model : requested;
	if (model.bytes)
		noted.model = ts_text_clean(pool, model, NULL);
	if (model.bytes && !noted.model)
		return;
	if (usage.answered && usage.provider)
		noted.provider = usage.provider;
	if (usage.answered && ts_usage_note_read(prices, pool, &usage, requested, &noted) < 0)
		return;
	*span = noted;
}

void ts_usage_note(const struct ts_prices *prices, struct ts_pool *scratch, struct ts_pool *pool,
		   struct ts_span *span)
{
	if (strcmp(span->kind, "llm") != 0)
		return;
	note(prices, scratch, pool, span);
	ts_pool_reset(scratch);
}

static bool same(struct ts_maybe a, struct ts_maybe b)
{
	return a.known == b.known && (!a.known || a.value == b.value);
}

bool ts_usage_reprice(const struct ts_prices *prices, struct ts_pool *pool, struct ts_span *span)
{
	struct ts_text requested;
	struct ts_usage usage;
	const char *attributes;
	struct ts_cost cost;

	if (!ts_usage_stored(span, pool, &usage, &requested))
		return false;
	price(prices, &usage, requested, span, &cost);
	if (same(cost.nano_usd, span->cost_nano_usd) &&
	    (int)cost.status == ts_usage_stored_status(span->attributes))
		return false;
	attributes = ts_usage_attributes(pool, span->attributes, NULL, requested, &cost);
	if (!attributes)
		return false;
	span->cost_nano_usd = cost.nano_usd;
	span->attributes = attributes;
	return true;
}
