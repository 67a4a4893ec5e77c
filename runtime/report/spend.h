/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_SPEND_H
#define TS_REPORT_SPEND_H

/*
 * Tokens and money. What counts is a call of a model: a span of kind llm, or one that has tokens or a cost. Calls inside
 * each other may tell of the same tokens, as a client's method and the request that it sent, and of others: a client that
 * tried again returns the last answer, but each that was begun was paid. So of a call and the innermost inside it those count
 * that tell of more; if they tell of as much, the call, and what it does not know itself is what is known inside it. A request
that the provider refused used nothing, and does not count.
 *
 * What is unknown is counted as unknown, never as 0; a cost that is a lower bound is known, and there is more to it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "tree.h"

struct ts_sum {
	int64_t known;    /* what is known of it, all together */
	uint64_t unknown; /* calls of which not all is known */
};

struct ts_spend {
	uint64_t calls;
	struct ts_sum input_tokens;
	struct ts_sum output_tokens;
	struct ts_sum cost_nano_usd;
};

/* What is more than 64 bits can count stays the most they can. */
void ts_sum_add(struct ts_sum *to, const struct ts_sum *more);
void ts_spend_add(struct ts_spend *to, const struct ts_spend *more);

/* Is nothing of it known, though there were calls? */
bool ts_sum_is_unknown(const struct ts_sum *sum, uint64_t calls);

/* The model of a node, or of the nearest call around it that names one; "" where none does. */
const char *ts_spend_model(const struct ts_tree *tree, size_t node);

/* Index of the first call of a model at or behind `from` that is counted, in *ret what it cost; tree->n: there is none.
 * Ask on from the node's `end`. */
size_t ts_spend_next(const struct ts_tree *tree, size_t from, struct ts_spend *ret);

#endif
