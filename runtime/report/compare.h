/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_COMPARE_H
#define TS_REPORT_COMPARE_H

/*
 * Two sets of traces: what is slower, dearer, fails more or is called more often in the second, as far as that is more
 * than noise. The traces are what is compared, not their calls, for calls of one trace are not independent of each other:
 * a trace has one duration, one cost, and of each name of span in it the mean duration of its calls, their number, and
 * whether any of them failed.
 */

#include "keyed.h"
#include "samples.h"
#include "statistics.h"
#include "tree.h"

enum ts_measure {
	TS_MEASURE_TIME, /* milliseconds: Mann and Whitney's test */
	TS_MEASURE_COST, /* billionths of a dollar a trace, of traces all of which is known: the same */
	TS_MEASURE_FAILURES, /* share of the traces: Fisher's */
	TS_MEASURE_CALLS,    /* a trace: Mann and Whitney's */
	TS_MEASURES,
};

struct ts_compared_side {
	uint64_t n;    /* traces that count */
	double value;  /* median, or share */
	double q1, q3; /* the middle half lies between them; NaN of a share */
};

struct ts_difference {
	const char *pipeline;
	const char *span_name; /* "": the pipeline as a whole */
	enum ts_measure measure;
	struct ts_compared_side sides[2];
	bool exact; /* the p-value is */
	double p;
	double p_corrected; /* for all differences that were asked for (Holm) */
	bool is_claimed;    /* p_corrected is below TS_ALPHA */
	struct ts_shift shift;
};

struct ts_compare {
	uint64_t traces[2];
	struct ts_keyed measured[2];       /* by pipeline and span name */
	struct ts_difference *differences; /* once finished: claims first, clearest first */
	size_t n;
};

void ts_compare_init(struct ts_compare *compare);

/* One more trace of side 0 or 1, with its spans in start order. 0 or -ENOMEM. */
int ts_compare_add(struct ts_compare *compare, int side, const struct ts_trace *trace,
		   const struct ts_span *spans, size_t n);

/* Makes the differences of what is on both sides. 0 or -ENOMEM. */
int ts_compare_finish(struct ts_compare *compare);

/*
 * What is on one side only: the i-th of that side, its pipeline and span name; false: there are no more. In how many
 * traces it is goes to *ret_traces.
 */
bool ts_compare_alone(const struct ts_compare *compare, int side, size_t *at,
		      const char **ret_pipeline, const char **ret_span, uint64_t *ret_traces);

/* Could even sets without any overlap, as large as these, be told from noise? */
bool ts_compare_suffices(const struct ts_compare *compare);

void ts_compare_release(struct ts_compare *compare);

#endif
