// SPDX-License-Identifier: Apache-2.0
#include "bill.h"

#include "spend.h"

/* A sum that stopped at what it can hold is the least there was, too. */
static bool is_part(const struct ts_sum *sum)
{
	return sum->unknown || sum->known == INT64_MAX;
}

static struct ts_bill bill_of(const struct ts_tree *tree)
{
	struct ts_spend sum = {.calls = 0}, one;
	size_t unknown = 0;

	for (size_t i = ts_spend_next(tree, 0, &one); i < tree->n;
	     i = ts_spend_next(tree, tree->nodes[i].end, &one)) {
		ts_spend_add(&sum, &one);
		unknown += ts_sum_is_unknown(&one.cost_nano_usd, one.calls);
	}
	if (ts_sum_is_unknown(&sum.input_tokens, sum.calls) &&
	    ts_sum_is_unknown(&sum.output_tokens, sum.calls) &&
	    ts_sum_is_unknown(&sum.cost_nano_usd, sum.calls))
		return (struct ts_bill){.calls = 0};
	return (struct ts_bill){
		.calls = sum.calls,
		.unknown_costs = unknown,
		.nano_usd = sum.cost_nano_usd.known,
		.more_usd = is_part(&sum.cost_nano_usd),
		.input_tokens = sum.input_tokens.known,
		.output_tokens = sum.output_tokens.known,
		.more_input = is_part(&sum.input_tokens),
		.more_output = is_part(&sum.output_tokens),
	};
}

int ts_bill_make(struct ts_bill *ret, const struct ts_trace *trace, const struct ts_span *spans,
		 size_t n)
{
	struct ts_tree tree;
	int result = ts_tree_init(&tree, trace, spans, n);

	if (result < 0)
		return result;
	*ret = bill_of(&tree);
	ts_tree_release(&tree);
	return 0;
}
