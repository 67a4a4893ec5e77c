// SPDX-License-Identifier: Apache-2.0
#include "requirement.h"

#include <math.h>
#include <string.h>

#define NANO 1e9

void ts_finding_init(struct ts_finding *finding, const struct ts_requirement *requirement)
{
	*finding = (struct ts_finding){.requirement = requirement, .worst_value = NAN};
}

void ts_finding_release(struct ts_finding *finding)
{
	ts_samples_release(&finding->durations_ms);
}

/* --- one value and its limit ---------------------------------------------------------------- */

static bool is_so(enum ts_relation relation, double value, double limit)
{
	switch (relation) {
	case TS_AT_MOST:
		return value <= limit;
	case TS_LESS:
		return value < limit;
	case TS_AT_LEAST:
		return value >= limit;
	case TS_MORE:
		return value > limit;
	default:
		return value == limit;
	}
}

/* Of a value of which this much is known, and that may be more. */
static enum ts_holds is_at_least_so(const struct ts_requirement *requirement, double known,
				    double limit)
{
	bool more_helps = requirement->relation == TS_AT_LEAST || requirement->relation == TS_MORE;

	if (more_helps)
		return is_so(requirement->relation, known, limit) ? TS_HOLDS : TS_HOLDS_UNKNOWN;
	if (requirement->relation == TS_LESS ? known < limit : known <= limit)
		return TS_HOLDS_UNKNOWN;
	return TS_HOLDS_NOT;
}

static bool is_money_or_tokens(enum ts_metric metric)
{
	return metric == TS_METRIC_COST || metric == TS_METRIC_TOKENS ||
	       metric == TS_METRIC_INPUT_TOKENS || metric == TS_METRIC_OUTPUT_TOKENS;
}

/* Money is counted in billionths, so that a limit of 0.02 is what it looks like. */
static double limit_of(const struct ts_requirement *requirement)
{
	return requirement->metric == TS_METRIC_COST ? nearbyint(requirement->limit * NANO)
						     : requirement->limit;
}

static enum ts_holds judge_sum(const struct ts_requirement *requirement, const struct ts_sum *sum)
{
	double limit = limit_of(requirement);

	if (sum->unknown)
		return is_at_least_so(requirement, (double)sum->known, limit);
	return is_so(requirement->relation, (double)sum->known, limit) ? TS_HOLDS : TS_HOLDS_NOT;
}

/* --- one trace ------------------------------------------------------------------------------ */

static struct ts_sum sum_of(enum ts_metric metric, const struct ts_spend *spend)
{
	struct ts_sum sum = spend->input_tokens;

	if (metric == TS_METRIC_COST)
		return spend->cost_nano_usd;
	if (metric == TS_METRIC_OUTPUT_TOKENS)
		return spend->output_tokens;
	if (metric == TS_METRIC_TOKENS)
		ts_sum_add(&sum, &spend->output_tokens);
	return sum;
}

static bool is_meant(const struct ts_requirement *requirement, const struct ts_span *span)
{
	return !requirement->span_name || !strcmp(requirement->span_name, span->span_name);
}

/* What was used in the calls that are meant: their own, and what lies inside them. */
static struct ts_sum add_up(const struct ts_requirement *requirement, const struct ts_tree *tree)
{
	struct ts_spend sum = {.calls = 0}, one;
	size_t end;

	for (size_t at = 0; at < tree->n; at = end) {
		end = at + 1;
		if (!is_meant(requirement, tree->nodes[at].span))
			continue;
		end = tree->nodes[at].end;
		for (size_t i = ts_spend_next(tree, at, &one); i < end;
		     i = ts_spend_next(tree, tree->nodes[i].end, &one))
			ts_spend_add(&sum, &one);
	}
	return sum_of(requirement->metric, &sum);
}

/* Of those that break it the one that is farthest off is kept. */
static void note(struct ts_finding *finding, const struct ts_trace *trace, enum ts_holds holds,
		 double value)
{
	double limit = limit_of(finding->requirement);
	bool violation = holds == TS_HOLDS_NOT;

	finding->violations += violation;
	finding->undetermined += holds == TS_HOLDS_UNKNOWN;
	if (holds == TS_HOLDS ||
	    (finding->worst_is_violation &&
	     (!violation || fabs(value - limit) <= fabs(finding->worst_value - limit))))
		return;
	finding->worst = trace->trace_id;
	finding->worst_value = value;
	finding->worst_is_violation = violation;
}

static void add_money(struct ts_finding *finding, const struct ts_trace *trace,
		      const struct ts_tree *tree)
{
	struct ts_sum sum = add_up(finding->requirement, tree);

	finding->n++;
	ts_sum_add(&finding->sum, &sum);
	if (finding->requirement->per_trace)
		note(finding, trace, judge_sum(finding->requirement, &sum), (double)sum.known);
}

static void add_spans(struct ts_finding *finding, const struct ts_trace *trace,
		      const struct ts_tree *tree)
{
	struct ts_sum calls = {.known = 0};

	for (size_t i = 0; i < tree->n; i++)
		calls.known += is_meant(finding->requirement, tree->nodes[i].span);
	finding->n++;
	finding->sum.known += calls.known;
	note(finding, trace, judge_sum(finding->requirement, &calls), (double)calls.known);
}

static int add_call(struct ts_finding *finding, double duration_ms, bool success)
{
	enum ts_metric metric = finding->requirement->metric;

	finding->n++;
	finding->failed += !success;
	if (metric != TS_METRIC_PERCENTILE && metric != TS_METRIC_MEAN)
		return 0;
	return ts_samples_add(&finding->durations_ms, duration_ms);
}

int ts_finding_add(struct ts_finding *finding, const struct ts_trace *trace,
		   const struct ts_tree *tree)
{
	const struct ts_requirement *requirement = finding->requirement;
	int result = 0;

	finding->traces++;
	if (is_money_or_tokens(requirement->metric))
		add_money(finding, trace, tree);
	else if (requirement->metric == TS_METRIC_SPANS)
		add_spans(finding, trace, tree);
	else if (!requirement->span_name)
		result = add_call(finding, trace->duration_ms, trace->success);
	else
		for (size_t i = 0; result == 0 && i < tree->n; i++) {
			const struct ts_span *span = tree->nodes[i].span;

			if (is_meant(requirement, span))
				result = add_call(finding, span->duration_ms, span->success);
		}
	return result;
}

/* --- all together --------------------------------------------------------------------------- */

static double mean_of(const struct ts_samples *samples)
{
	double sum = 0;

	for (size_t i = 0; i < samples->n; i++)
		sum += samples->values[i];
	return samples->n ? sum / (double)samples->n : NAN;
}

static double value_of(struct ts_finding *finding)
{
	switch (finding->requirement->metric) {
	case TS_METRIC_TRACES:
		return (double)finding->traces;
	case TS_METRIC_ERRORS:
		return (double)finding->failed;
	case TS_METRIC_ERROR_RATE:
		return finding->n ? (double)finding->failed / (double)finding->n : NAN;
	case TS_METRIC_PERCENTILE:
		return ts_samples_percentile(&finding->durations_ms, finding->requirement->percent);
	case TS_METRIC_MEAN:
		return mean_of(&finding->durations_ms);
	default:
		return (double)finding->sum.known;
	}
}

enum ts_holds ts_finding_judge(struct ts_finding *finding, double *ret_value)
{
	const struct ts_requirement *requirement = finding->requirement;
	bool each = requirement->per_trace || requirement->metric == TS_METRIC_SPANS;
	double value = each ? finding->worst_value : value_of(finding);

	*ret_value = requirement->metric == TS_METRIC_COST ? value / NANO : value;
	if (!finding->traces)
		return TS_HOLDS_NO_DATA;
	if (each)
		return finding->violations     ? TS_HOLDS_NOT
		       : finding->undetermined ? TS_HOLDS_UNKNOWN
					       : TS_HOLDS;
	if (is_money_or_tokens(requirement->metric))
		return judge_sum(requirement, &finding->sum);
	if (isnan(value))
		return TS_HOLDS_NO_DATA;
	return is_so(requirement->relation, value, requirement->limit) ? TS_HOLDS : TS_HOLDS_NOT;
}
