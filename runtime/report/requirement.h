/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_REQUIREMENT_H
#define TS_REPORT_REQUIREMENT_H

/*
 * What is required of traces, and whether they are so: `require = p95_ms <= 1500` of a gate. A requirement that nothing is
 * known of does not hold.
 */

#include "samples.h"
#include "spend.h"
#include "tree.h"

enum ts_metric {
	TS_METRIC_TRACES,     /* how many */
	TS_METRIC_ERRORS,     /* ... of them, or of the span's calls, failed */
	TS_METRIC_ERROR_RATE, /* 0 to 1 */
	TS_METRIC_PERCENTILE, /* of durations, milliseconds */
	TS_METRIC_MEAN,
	TS_METRIC_COST, /* dollars */
	TS_METRIC_TOKENS,
	TS_METRIC_INPUT_TOKENS,
	TS_METRIC_OUTPUT_TOKENS,
	TS_METRIC_SPANS, /* calls of the span in each trace */
};

enum ts_relation { TS_AT_MOST, TS_LESS, TS_AT_LEAST, TS_MORE, TS_EQUAL };

struct ts_requirement {
	enum ts_metric metric;
	unsigned percent;      /* of TS_METRIC_PERCENTILE; 100: the longest */
	const char *span_name; /* NULL: of the traces themselves */
	enum ts_relation relation;
	double limit;
	bool per_trace; /* it must be so of each trace, not of all together */
};

enum ts_holds {
	TS_HOLDS,
	TS_HOLDS_NOT,
	TS_HOLDS_UNKNOWN, /* a part of the cost or of the tokens is not known, and the rest does not decide it */
	TS_HOLDS_NO_DATA,
};

/* What was found of one requirement. */
struct ts_finding {
	const struct ts_requirement *requirement;
	uint64_t traces;
	uint64_t n; /* traces or calls that the metric is of */
	uint64_t failed;
	struct ts_samples durations_ms;
	struct ts_sum sum;     /* cost in billionths of a dollar, or tokens; of all traces */
	uint64_t violations;   /* traces in which it does not hold, where it is required of each */
	uint64_t undetermined; /* ... of which that is not known */
	struct ts_uuid worst;  /* the trace farthest off, or the last one undetermined */
	double worst_value;
	bool worst_is_violation;
};

/* Nothing was found yet; the requirement outlives it. */
void ts_finding_init(struct ts_finding *finding, const struct ts_requirement *requirement);

/* One more trace. 0 or -ENOMEM. */
int ts_finding_add(struct ts_finding *finding, const struct ts_trace *trace,
		   const struct ts_tree *tree);

/* Whether it holds, and the value that decides it (of `worst` where it is required of each trace); NaN: there is none. */
enum ts_holds ts_finding_judge(struct ts_finding *finding, double *ret_value);

void ts_finding_release(struct ts_finding *finding);

#endif
