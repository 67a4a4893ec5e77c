/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_SAMPLES_H
#define TS_REPORT_SAMPLES_H

/* Numbers of which percentiles are asked: all are kept, 8 bytes each, so that the answers are exact. */

#include <stdbool.h>
#include <stddef.h>

struct ts_samples { /* zeroed: empty */
	double *values;
	size_t n;
	size_t room;
	bool sorted;
};

/* 0 or -ENOMEM. */
int ts_samples_add(struct ts_samples *samples, double value);

/* In ascending order; samples->values is that then. */
void ts_samples_sort(struct ts_samples *samples);

/* The nearest rank: the ceil(percent * n / 100)-th smallest. NaN where there are none. */
double ts_samples_percentile(struct ts_samples *samples, unsigned percent);

/* How many are less than `value`. */
size_t ts_samples_below(struct ts_samples *samples, double value);

void ts_samples_release(struct ts_samples *samples);

#endif
