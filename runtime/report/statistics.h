/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_STATISTICS_H
#define TS_REPORT_STATISTICS_H

/* Is it a difference, or is it noise? Tests of two sets, all two-sided. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_ALPHA 0.05 /* claims are made below it, intervals are of 95 % */

struct ts_rank_test {
	double u; /* pairs in which the first set has the greater value, of equal ones a half */
	double p;
	bool exact;   /* else by the normal distribution, corrected for ties and for continuity */
	double sigma; /* of u, corrected for ties */
};

/* Mann and Whitney's test of two sets of values in ascending order, at least one each. -ENOMEM, or 0. */
int ts_rank_test(const double *a, size_t n, const double *b, size_t m, struct ts_rank_test *ret);

struct ts_shift {
	double shift; /* Hodges and Lehmann's: the median of all differences b - a */
	double low; /* the interval that belongs to the test; NaN where so few values allow none */
	double high;
};

/* How far the second set lies above the first. -ENOMEM, or 0. */
int ts_shift_of(const double *a, size_t n, const double *b, size_t m,
		const struct ts_rank_test *test, struct ts_shift *ret);

/* Fisher's exact test of x of n against y of m: the p-value. */
double ts_fisher(uint64_t x, uint64_t n, uint64_t y, uint64_t m);

/* y/m - x/n, and Newcombe's interval of it, made of two of Wilson's. */
struct ts_shift ts_share_shift(uint64_t x, uint64_t n, uint64_t y, uint64_t m);

/*
 * Holm's correction for n tests at once: p-values as they were become p-values at which any claim among all is wrong no
 * more often than it says. -ENOMEM, or 0.
 */
int ts_holm(const double *p, size_t n, double *ret);

#endif
