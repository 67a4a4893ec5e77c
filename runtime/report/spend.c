// SPDX-License-Identifier: Apache-2.0
#include "spend.h"

#include <string.h>

enum quantity { INPUT, OUTPUT, COST };

static struct ts_maybe value_of(const struct ts_span *span, enum quantity quantity)
{
	return quantity == INPUT    ? span->input_tokens
	       : quantity == OUTPUT ? span->output_tokens
				    : span->cost_nano_usd;
}

static bool knows(const struct ts_span *span)
{
	return span->input_tokens.known || span->output_tokens.known || span->cost_nano_usd.known;
}

/* ts_query_scan leaves of attributes what they say of the cost. */
static bool is_lower_bound(const struct ts_span *span)
{
	return span->attributes && !strcmp(span->attributes, "\"lower_bound\"");
}

static bool is_call(const struct ts_span *span)
{
	return knows(span) || !strcmp(span->kind, "llm");
}

static bool has_calls_inside(const struct ts_tree *tree, size_t at)
{
	for (size_t i = at + 1; i < tree->nodes[at].end; i++)
		if (is_call(tree->nodes[i].span))
			return true;
	return false;
}

/* What a store holds may be anything. */
static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

/* Its own word, else what the calls inside it say; those inside which there are others are asked last. */
static struct ts_sum sum_of(const struct ts_tree *tree, size_t at, enum quantity quantity)
{
	struct ts_sum sum = {.unknown = 0};
	size_t end = tree->nodes[at].end;

	for (size_t i = at; i < end;) {
		const struct ts_span *span = tree->nodes[i].span;
		struct ts_maybe value = value_of(span, quantity);

		if (value.known) {
			sum.known = plus(sum.known, value.value);
			sum.unknown |= quantity == COST && is_lower_bound(span);
			i = tree->nodes[i].end;
			continue;
		}
		if (is_call(span) && !has_calls_inside(tree, i))
			sum.unknown = 1;
		i++;
	}
	return sum;
}

size_t ts_spend_next(const struct ts_tree *tree, size_t from, struct ts_spend *ret)
{
	for (size_t i = from; i < tree->n; i++) {
		const struct ts_span *span = tree->nodes[i].span;

		if (!is_call(span) || (!knows(span) && has_calls_inside(tree, i)))
			continue;
		*ret = (struct ts_spend){
			.calls = 1,
			.input_tokens = sum_of(tree, i, INPUT),
			.output_tokens = sum_of(tree, i, OUTPUT),
			.cost_nano_usd = sum_of(tree, i, COST),
		};
		return i;
	}
	return tree->n;
}

const char *ts_spend_model(const struct ts_tree *tree, size_t node)
{
	for (; node != TS_TREE_NONE; node = tree->nodes[node].parent)
		if (tree->nodes[node].span->model)
			return tree->nodes[node].span->model;
	return "";
}

void ts_sum_add(struct ts_sum *to, const struct ts_sum *more)
{
	to->known = plus(to->known, more->known);
	to->unknown += more->unknown;
}

void ts_spend_add(struct ts_spend *to, const struct ts_spend *more)
{
	to->calls += more->calls;
	ts_sum_add(&to->input_tokens, &more->input_tokens);
	ts_sum_add(&to->output_tokens, &more->output_tokens);
	ts_sum_add(&to->cost_nano_usd, &more->cost_nano_usd);
}

bool ts_sum_is_unknown(const struct ts_sum *sum, uint64_t calls)
{
	return calls && sum->unknown == calls && !sum->known;
}
