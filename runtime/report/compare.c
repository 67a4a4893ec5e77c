// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spend.h"

/* Of one name on one side. Key: the pipeline, the span name or "". */
struct measured {
	uint64_t traces; /* in which it was */
	uint64_t failed; /* ... and failed */
	struct ts_samples samples[TS_MEASURES];
	/* of the trace that is being added */
	uint64_t trace;
	double sum_ms;
	uint64_t calls;
	bool any_failed;
};

void ts_compare_init(struct ts_compare *compare)
{
	*compare = (struct ts_compare){.n = 0};
	ts_keyed_init(&compare->measured[0], sizeof(struct measured));
	ts_keyed_init(&compare->measured[1], sizeof(struct measured));
}

/* --- taking in ------------------------------------------------------------------------------ */

/* What is left of a trace when another one comes. */
static int flush(struct measured *it)
{
	int result;

	if (!it->calls)
		return 0;
	it->traces++;
	it->failed += it->any_failed;
	result = ts_samples_add(&it->samples[TS_MEASURE_TIME], it->sum_ms / (double)it->calls);
	if (result == 0)
		result = ts_samples_add(&it->samples[TS_MEASURE_CALLS], (double)it->calls);
	it->calls = 0;
	it->sum_ms = 0;
	it->any_failed = false;
	return result;
}

static int add_call(struct ts_keyed *measured, const char *pipeline, const char *name,
		    double duration_ms, bool success, uint64_t trace, struct measured **ret)
{
	struct measured *it = ts_keyed_get(measured, &(struct ts_key){{pipeline, name}});
	int result;

	if (!it)
		return -ENOMEM;
	result = it->trace == trace ? 0 : flush(it);
	it->trace = trace;
	it->sum_ms += duration_ms;
	it->calls++;
	it->any_failed |= !success;
	*ret = it;
	return result;
}

/* What the trace cost, if all of that is known, and if there was anything to pay for. */
static int add_cost(struct measured *it, const struct ts_tree *tree)
{
	struct ts_spend sum = {.calls = 0}, one;

	for (size_t i = ts_spend_next(tree, 0, &one); i < tree->n;
	     i = ts_spend_next(tree, tree->nodes[i].end, &one))
		ts_spend_add(&sum, &one);
	if (!sum.calls || sum.cost_nano_usd.unknown)
		return 0;
	return ts_samples_add(&it->samples[TS_MEASURE_COST], (double)sum.cost_nano_usd.known);
}

int ts_compare_add(struct ts_compare *compare, int side, const struct ts_trace *trace,
		   const struct ts_span *spans, size_t n)
{
	struct ts_keyed *measured = &compare->measured[side];
	uint64_t number = ++compare->traces[side];
	struct measured *whole, *call;
	struct ts_tree tree;
	int result = ts_tree_init(&tree, trace, spans, n);

	if (result < 0)
		return result;
	result = add_call(measured, trace->pipeline_name, "", trace->duration_ms, trace->success,
			  number, &whole);
	if (result == 0)
		result = add_cost(whole, &tree);
	for (size_t i = 0; result == 0 && i < n; i++)
		result = add_call(measured, trace->pipeline_name, spans[i].span_name,
				  spans[i].duration_ms, spans[i].success, number, &call);
	ts_tree_release(&tree);
	return result;
}

/* --- comparing ------------------------------------------------------------------------------ */

static const struct measured *find(const struct ts_compare *compare, int side, const char *pipeline,
				   const char *name)
{
	return ts_keyed_find(&compare->measured[side], &(struct ts_key){{pipeline, name}});
}

/* Traces of the pipeline in which the span was not: it was called 0 times there. */
static int add_absences(struct ts_compare *compare, int side)
{
	struct ts_keyed *measured = &compare->measured[side];
	int result = 0;

	for (size_t i = 0; result == 0 && i < measured->n; i++)
		result = flush(measured->things[i]);
	for (size_t i = 0; result == 0 && i < measured->n; i++) {
		struct measured *it = measured->things[i];
		const struct measured *whole = find(compare, side, ts_key_of(it, 0), "");

		for (uint64_t k = it->traces; result == 0 && k < whole->traces; k++)
			result = ts_samples_add(&it->samples[TS_MEASURE_CALLS], 0);
	}
	return result;
}

static void describe(struct ts_samples *samples, struct ts_compared_side *ret)
{
	ret->n = samples->n;
	ret->value = ts_samples_percentile(samples, 50);
	ret->q1 = ts_samples_percentile(samples, 25);
	ret->q3 = ts_samples_percentile(samples, 75);
}

static int test_values(struct ts_difference *it, struct ts_samples *a, struct ts_samples *b)
{
	struct ts_rank_test test;
	int result;

	describe(a, &it->sides[0]);
	describe(b, &it->sides[1]);
	result = ts_rank_test(a->values, a->n, b->values, b->n, &test);
	if (result < 0)
		return result;
	it->p = test.p;
	it->exact = test.exact;
	return ts_shift_of(a->values, a->n, b->values, b->n, &test, &it->shift);
}

static void test_failures(struct ts_difference *it, const struct measured *a,
			  const struct measured *b)
{
	const struct measured *both[2] = {a, b};

	for (int i = 0; i < 2; i++)
		it->sides[i] = (struct ts_compared_side){
			.n = both[i]->traces,
			.value = (double)both[i]->failed / (double)both[i]->traces,
			.q1 = NAN,
			.q3 = NAN,
		};
	it->p = ts_fisher(a->failed, a->traces, b->failed, b->traces);
	it->exact = true;
	it->shift = ts_share_shift(a->failed, a->traces, b->failed, b->traces);
}

/* Nothing is asked of what never failed, or was called just once in every trace, on either side. */
static bool is_idle(const struct measured *it, enum ts_measure measure)
{
	const struct ts_samples *samples = &it->samples[measure];

	if (measure == TS_MEASURE_FAILURES)
		return !it->failed;
	if (measure != TS_MEASURE_CALLS)
		return false;
	for (size_t i = 0; i < samples->n; i++)
		if (samples->values[i] != 1)
			return false;
	return true;
}

static int compare_one(struct ts_compare *compare, struct measured *a, struct measured *b,
		       enum ts_measure measure)
{
	struct ts_difference *it = &compare->differences[compare->n];

	if (measure != TS_MEASURE_FAILURES && (!a->samples[measure].n || !b->samples[measure].n))
		return 0;
	if (is_idle(a, measure) && is_idle(b, measure))
		return 0;
	compare->n++;
	*it = (struct ts_difference){
		.pipeline = ts_key_of(a, 0), .span_name = ts_key_of(a, 1), .measure = measure};
	if (measure != TS_MEASURE_FAILURES)
		return test_values(it, &a->samples[measure], &b->samples[measure]);
	test_failures(it, a, b);
	return 0;
}

static int compare_clearness(const void *a, const void *b)
{
	const struct ts_difference *x = a, *y = b;
	int order;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	order = strcmp(x->pipeline, y->pipeline);
	if (!order)
		order = strcmp(x->span_name, y->span_name);
	return order ? order : (int)x->measure - (int)y->measure;
}

/* Which of them are claims, all being asked at once. */
static int judge(struct ts_compare *compare)
{
	double *p = calloc(2 * compare->n + 1, sizeof(*p));
	int result;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < compare->n; i++)
		p[i] = compare->differences[i].p;
	result = ts_holm(p, compare->n, p + compare->n);
	for (size_t i = 0; result == 0 && i < compare->n; i++) {
		struct ts_difference *it = &compare->differences[i];

		it->p_corrected = p[compare->n + i];
		it->is_claimed = it->p_corrected < TS_ALPHA;
	}
	free(p);
	if (compare->n)
		qsort(compare->differences, compare->n, sizeof(compare->differences[0]),
		      compare_clearness);
	return result;
}

int ts_compare_finish(struct ts_compare *compare)
{
	const struct ts_keyed *before = &compare->measured[0];
	int result = add_absences(compare, 0);

	if (result == 0)
		result = add_absences(compare, 1);
	compare->differences = calloc(TS_MEASURES * before->n + 1, sizeof(*compare->differences));
	if (!compare->differences)
		return -ENOMEM;
	for (size_t i = 0; result == 0 && i < before->n; i++) {
		struct measured *a = before->things[i];
		struct measured *b =
			ts_keyed_find(&compare->measured[1],
				      &(struct ts_key){{ts_key_of(a, 0), ts_key_of(a, 1)}});

		for (int k = 0; result == 0 && b && k < TS_MEASURES; k++)
			result = compare_one(compare, a, b, (enum ts_measure)k);
	}
	return result < 0 ? result : judge(compare);
}

bool ts_compare_alone(const struct ts_compare *compare, int side, size_t *at,
		      const char **ret_pipeline, const char **ret_span, uint64_t *ret_traces)
{
	const struct ts_keyed *measured = &compare->measured[side];

	while (*at < measured->n) {
		const struct measured *it = measured->things[(*at)++];

		*ret_pipeline = ts_key_of(it, 0);
		*ret_span = ts_key_of(it, 1);
		*ret_traces = it->traces;
		if (find(compare, !side, *ret_pipeline, *ret_span))
			continue;
		/* of a pipeline that is not there its calls are not, either */
		if (!**ret_span || find(compare, !side, *ret_pipeline, ""))
			return true;
	}
	return false;
}

bool ts_compare_suffices(const struct ts_compare *compare)
{
	double n = (double)compare->traces[0], m = (double)compare->traces[1];
	/* of all choices of n out of n + m only two are without overlap */
	double log_p = log(2) - (lgamma(n + m + 1) - lgamma(n + 1) - lgamma(m + 1));

	return exp(log_p) * (double)compare->n < TS_ALPHA;
}

void ts_compare_release(struct ts_compare *compare)
{
	for (int side = 0; side < 2; side++) {
		struct ts_keyed *measured = &compare->measured[side];

		for (size_t i = 0; i < measured->n; i++)
			for (int k = 0; k < TS_MEASURES; k++)
				ts_samples_release(
					&((struct measured *)measured->things[i])->samples[k]);
		ts_keyed_release(measured);
	}
	free(compare->differences);
}
