/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_USAGE_ATTRIBUTES_H
#define TS_USAGE_ATTRIBUTES_H

/*
 * What a span's attributes say of usage and cost, beside what its columns do:
 *
 *   {"usage": {"api": "openai.chat", "requested_model": "gpt-4o", "cache_read_tokens": 0, "reasoning_tokens": 0,
 *              "service_tier": "default", "local": true, "extra_charges": true, "raw": {...}},
 *    "cost_status": "estimated", "cost_estimate_nano_usd": 1, "prices": {"model": "gpt-4o", "sha256": "0123456789abcdef"}}
 *
 * each where it is known, or so.
 */

#include "../price.h"
#include "usage.h"

/*
 * The attributes `old` (NULL: none) with what `usage` and `cost` say; without a usage its part stays as it is. In `pool`;
 * NULL: no memory.
 */
const char *ts_usage_attributes(struct ts_pool *pool, const char *old, const struct ts_usage *usage,
				struct ts_text requested_model, const struct ts_cost *cost);

/*
 * The usage of a span that is stored, as far as its cost follows from it, and the model that was asked for; texts in
 * `pool`. False: its attributes tell of none.
 */
bool ts_usage_stored(const struct ts_span *span, struct ts_pool *pool, struct ts_usage *ret,
		     struct ts_text *ret_requested_model);

/* As stored; -1: none, or another. */
int ts_usage_stored_status(const char *attributes);

#endif
