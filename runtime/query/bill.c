// SPDX-License-Identifier: Apache-2.0
#include "bill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../usage/attributes.h"

#define NO_PARENT ((size_t)-1)

struct builder {
	const struct ts_span *spans;
	size_t n;
	const struct ts_span **by_id;
	size_t *parents;
	bool *covered; /* something inside tells */
};

static bool is_llm(const struct ts_span *span)
{
	return strcmp(span->kind, "llm") == 0;
}

static bool tells(const struct ts_span *span)
{
	return is_llm(span) &&
	       (span->input_tokens.known || span->output_tokens.known || span->cost_nano_usd.known);
}

static int compare_ids(const void *a, const void *b)
{
	const struct ts_span *const *x = a, *const *y = b;

	return memcmp(&(*x)->span_id, &(*y)->span_id, sizeof((*x)->span_id));
}

static size_t parent_of(const struct builder *builder, const struct ts_span *span)
{
	struct ts_span key = {.span_id = span->parent_span_id};
	const struct ts_span *wanted = &key, **found = NULL;

	if (span->has_parent)
		found = bsearch(&wanted, builder->by_id, builder->n, sizeof(wanted), compare_ids);
	return found ? (size_t)(*found - builder->spans) : NO_PARENT;
}

/* The nearest around it that tells; covers all that lies in between. Ids may name each other in a circle. */
static bool is_inside(struct builder *builder, size_t i)
{
	size_t steps = 0;

	for (i = builder->parents[i]; i != NO_PARENT && steps++ < builder->n;
	     i = builder->parents[i]) {
		if (tells(&builder->spans[i]))
			return true;
		builder->covered[i] = true;
	}
	return false;
}

static void add_tokens(int64_t *sum, bool *more, struct ts_maybe tokens)
{
	*more |= !tokens.known || __builtin_add_overflow(*sum, tokens.value, sum);
}

static void add(struct ts_bill *bill, const struct ts_span *span)
{
	bill->calls++;
	add_tokens(&bill->input_tokens, &bill->more_input, span->input_tokens);
	add_tokens(&bill->output_tokens, &bill->more_output, span->output_tokens);
	add_tokens(&bill->nano_usd, &bill->more_usd, span->cost_nano_usd);
	bill->unknown_costs += !span->cost_nano_usd.known;
	bill->more_usd |= ts_usage_stored_status(span->attributes) == TS_COST_LOWER_BOUND;
}

static void sum_up(struct builder *builder, struct ts_bill *ret)
{
	struct ts_bill bill = {.calls = 0};
	bool any = false;

	for (size_t i = 0; i < builder->n; i++) {
		if (!tells(&builder->spans[i]) || is_inside(builder, i))
			continue;
		add(&bill, &builder->spans[i]);
		any = true;
	}
	for (size_t i = 0; any && i < builder->n; i++)
		if (is_llm(&builder->spans[i]) && !tells(&builder->spans[i]) &&
		    !builder->covered[i] && !is_inside(builder, i))
			add(&bill, &builder->spans[i]);
	*ret = bill;
}

int ts_bill_make(struct ts_bill *ret, const struct ts_span *spans, size_t n)
{
	struct builder builder = {.spans = spans, .n = n};
	int result = -ENOMEM;

	builder.by_id = calloc(n + 1, sizeof(*builder.by_id));
	builder.parents = calloc(n + 1, sizeof(*builder.parents));
	builder.covered = calloc(n + 1, sizeof(*builder.covered));
	if (builder.by_id && builder.parents && builder.covered) {
		for (size_t i = 0; i < n; i++)
			builder.by_id[i] = &spans[i];
		qsort(builder.by_id, n, sizeof(builder.by_id[0]), compare_ids);
		for (size_t i = 0; i < n; i++)
			builder.parents[i] = parent_of(&builder, &spans[i]);
		sum_up(&builder, ret);
		result = 0;
	}
	free(builder.by_id);
	free(builder.parents);
	free(builder.covered);
	return result;
}
