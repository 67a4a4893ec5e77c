// SPDX-License-Identifier: Apache-2.0
#include "spend.h"

#include <stdlib.h>
#include <string.h>

#include "../scan.h"
#include "../usage/attributes.h"

#define REFUSED 400 /* a status from there on */

enum quantity { INPUT, OUTPUT, COST, QUANTITIES };

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

/* ts_query_scan leaves of attributes what matters here, ts_story_load all. */
static bool is_lower_bound(const struct ts_span *span)
{
	return span->attributes &&
	       (!strcmp(span->attributes, "\"lower_bound\"") ||
		ts_usage_stored_status(span->attributes) == TS_COST_LOWER_BOUND);
}

/* By the provider, as the connection showed; of what else failed it is not known whether it was paid. */
static bool was_refused(const struct ts_span *span)
{
	const char *text = span->attributes;
	struct ts_scanned attributes, status;
	struct ts_scan scan = {text, text ? text + strlen(text) : NULL};
	int64_t number;

	if (!text || knows(span))
		return false;
	if (*text != '{')
		return strtol(text, NULL, 10) >= REFUSED;
	return ts_scan_value(&scan, &attributes) &&
	       ts_scan_find(&attributes, "wire.status", &status) &&
	       ts_scan_decimal(&status, 0, false, &number) && number >= REFUSED;
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
		if (is_call(span) && !has_calls_inside(tree, i) && !was_refused(span))
			sum.unknown = 1;
		i++;
	}
	return sum;
}

static size_t next_that_knows(const struct ts_tree *tree, size_t from, size_t end)
{
	while (from < end && !knows(tree->nodes[from].span))
		from++;
	return from;
}

/* Do the innermost calls tell of more than the call around them, and of nothing that it knows of less? */
static bool tells_less(const struct ts_tree *tree, size_t at)
{
	size_t end = tree->nodes[at].end;
	int64_t inside[QUANTITIES] = {0};
	bool less = false;

	for (size_t i = next_that_knows(tree, at + 1, end), next; i < end; i = next) {
		next = next_that_knows(tree, i + 1, end);
		if (next < tree->nodes[i].end)
			continue;
		for (enum quantity q = 0; q < QUANTITIES; q++) {
			struct ts_maybe value = value_of(tree->nodes[i].span, q);

			inside[q] = plus(inside[q], value.known ? value.value : 0);
		}
	}
	for (enum quantity q = 0; q < QUANTITIES; q++) {
		struct ts_maybe own = value_of(tree->nodes[at].span, q);

		if (own.known && inside[q] < own.value)
			return false;
		less |= own.known && inside[q] > own.value;
	}
	return less;
}

size_t ts_spend_next(const struct ts_tree *tree, size_t from, struct ts_spend *ret)
{
	for (size_t i = from; i < tree->n; i++) {
		const struct ts_span *span = tree->nodes[i].span;

		if (!is_call(span) || was_refused(span) ||
		    (knows(span) ? tells_less(tree, i) : has_calls_inside(tree, i)))
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
