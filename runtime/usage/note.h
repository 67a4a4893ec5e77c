/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_USAGE_NOTE_H
#define TS_USAGE_NOTE_H

/* Tokens and cost of a span of a language model. */

#include <stdbool.h>

#include "../price.h"

#include "../text.h"

struct ts_pool;
struct ts_usage;

/*
 * Fills in provider, model, tokens, cost and attributes of a span of kind `llm` by its output or input, as far as they
 * tell; other spans stay as they are. `scratch` is empty before and after; strings are put into `pool`. Where there is no
 * memory for it, the span stays as it is.
 *
 * The provider is the one that the answer shows beyond doubt, by OpenTelemetry's name; else what it was, the rule's. The
 * model is the one that answered; the one that was asked for, if it is another, is kept in the attributes.
 */
void ts_usage_note(const struct ts_prices *prices, struct ts_pool *scratch, struct ts_pool *pool,
		   struct ts_span *span);

/*
 * The same where the usage is known, as are provider and model: fills in tokens, cost and attributes. `requested` is the model
 * that was asked for; empty: unknown. 0 or -ENOMEM: the span stays as it is.
 */
int ts_usage_note_read(const struct ts_prices *prices, struct ts_pool *pool,
		       const struct ts_usage *usage, struct ts_text requested,
		       struct ts_span *span);

/* Works out anew what a span that is stored costs: its cost and attributes. Has its cost, or how it is known, changed? */
bool ts_usage_reprice(const struct ts_prices *prices, struct ts_pool *pool, struct ts_span *span);

#endif
