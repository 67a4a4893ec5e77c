// SPDX-License-Identifier: Apache-2.0
/* Tests and intervals, against examples of the literature and values of SciPy 1.17. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "runtime/report/statistics.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
}

/* n whole numbers from `offset` to below offset + range; the same wherever they are made. */
static void generate(double *values, size_t n, uint64_t seed, uint64_t range, double offset)
{
	for (size_t i = 0; i < n; i++) {
		seed = (seed * 1103515245 + 12345) % (1ULL << 31);
		values[i] = offset + (double)((seed >> 8) % range);
	}
	sort(values, n);
}

static struct ts_rank_test test_of(const double *a, size_t n, const double *b, size_t m)
{
	struct ts_rank_test test;

	assert_int_equal(ts_rank_test(a, n, b, m, &test), 0);
	return test;
}

/* The ages at which men and women were diagnosed: SciPy's example. */
static void few_values_exactly(void **state)
{
	double men[] = {19, 22, 16, 29, 24}, women[] = {20, 11, 17, 12};
	struct ts_rank_test test;

	(void)state;
	sort(men, 5);
	sort(women, 4);
	test = test_of(men, 5, women, 4);
	assert_true(test.exact && test.u == 17);
	assert_float_equal(test.p, 1.0 / 9, 1e-12);
	test = test_of(women, 4, men, 5);
	assert_true(test.exact && test.u == 3);
	assert_float_equal(test.p, 1.0 / 9, 1e-12);
}

/* Hollander and Wolfe, Nonparametric Statistical Methods: permeability of membranes. */
static void a_shift_and_its_interval(void **state)
{
	double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	struct ts_rank_test test;
	struct ts_shift shift;

	(void)state;
	sort(at_term, 10);
	sort(early, 5);
	test = test_of(at_term, 10, early, 5);
	assert_true(test.exact && test.u == 35);
	assert_float_equal(test.p, 0.2544122544122544, 1e-12);
	assert_int_equal(ts_shift_of(at_term, 10, early, 5, &test, &shift), 0);
	assert_float_equal(shift.shift, -0.305, 1e-12);
	assert_float_equal(shift.low, -0.76, 1e-12);
	assert_float_equal(shift.high, 0.15, 1e-12);
}

static void larger_sets(void **state)
{
	static const struct {
		size_t n, m;
		uint64_t in_a, in_b, seed;
		double offset, u, p;
		bool exact;
	} cases[] = {
		{200, 300, 1000, 1000, 1, 30, 27470.5, 0.11006777315982355, false},
		{50, 60, 10, 10, 1, 1, 1598, 0.555315950995456, false},
		{500, 400, 100000, 100000, 1, 0, 100153, 0.9686085733592222, false},
		{20, 20, 1000000, 1000000, 3, 100000, 93, 0.0032109306327036164, true},
	};
	double a[500], b[500];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ts_rank_test test;

		generate(a, cases[i].n, cases[i].seed, cases[i].in_a, 0);
		generate(b, cases[i].m, cases[i].seed + 1, cases[i].in_b, cases[i].offset);
		test = test_of(a, cases[i].n, b, cases[i].m);
		assert_true(test.exact == cases[i].exact);
		assert_float_equal(test.u, cases[i].u, 1e-9);
		assert_float_equal(test.p, cases[i].p, 1e-12);
	}
}

/* All equal, or so few that nothing can be told. */
static void nothing_to_tell(void **state)
{
	const double same[] = {5, 5, 5}, one[] = {1}, two[] = {2};
	struct ts_rank_test test = test_of(same, 3, same, 3);
	struct ts_shift shift;

	(void)state;
	assert_true(test.p == 1);
	assert_int_equal(ts_shift_of(same, 3, same, 3, &test, &shift), 0);
	assert_true(shift.shift == 0);
	test = test_of(one, 1, two, 1);
	assert_true(test.p == 1);
	assert_int_equal(ts_shift_of(one, 1, two, 1, &test, &shift), 0);
	assert_true(shift.shift == 1 && isnan(shift.low) && isnan(shift.high));
}

/* The median of all differences, made and sorted. */
static void shifts_are_those_of_all_differences(void **state)
{
	static double a[60], b[60], all[60 * 60];

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		size_t n = 1 + round % 41, m = 1 + round * 7 % 53, k = 0;
		struct ts_rank_test test;
		struct ts_shift shift;

		generate(a, n, round, round % 2 ? 12 : 1000000, -500);
		generate(b, m, round + 99, round % 2 ? 12 : 1000000, -480);
		for (size_t i = 0; i < n; i++)
			a[i] /= 7;
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < m; j++)
				all[k++] = b[j] - a[i];
		sort(all, k);
		test = test_of(a, n, b, m);
		assert_int_equal(ts_shift_of(a, n, b, m, &test, &shift), 0);
		assert_float_equal(shift.shift, (all[(k - 1) / 2] + all[k / 2]) / 2, 1e-12);
		if (isnan(shift.low))
			continue;
		assert_true(shift.low <= shift.shift && shift.shift <= shift.high);
		/* the interval and the test tell the same, but for what is rounded */
		if (test.p < 0.04)
			assert_true(shift.low > 0 || shift.high < 0);
		if (test.p > 0.06)
			assert_true(shift.low <= 0 && shift.high >= 0);
	}
}

static void shares(void **state)
{
	static const struct {
		uint64_t x, n, y, m;
		double p;
	} cases[] = {
		{6, 8, 1, 5, 0.10256410256410256},   /* SciPy's example */
		{3, 4, 1, 4, 0.4857142857142857},    /* the lady tasting tea */
		{8, 10, 1, 6, 0.034965034965034965}, /* whales and sharks */
		{1, 10, 11, 14, 0.0027594561852200836},
		{0, 100, 8, 100, 0.006754674575248211},
		{500, 100000, 600, 100000, 0.0027444921195057125},
		{0, 5, 0, 7, 1},
		{5, 5, 7, 7, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_float_equal(ts_fisher(cases[i].x, cases[i].n, cases[i].y, cases[i].m),
				   cases[i].p, 1e-9);
		assert_float_equal(ts_fisher(cases[i].y, cases[i].m, cases[i].x, cases[i].n),
				   cases[i].p, 1e-9);
	}
}

/* Newcombe 1998, table II, method 10. */
static void intervals_of_shares(void **state)
{
	static const struct {
		uint64_t x, n, y, m;
		double low, high;
	} cases[] = {
		{48, 80, 56, 70, 0.0524, 0.3339},
		{3, 10, 9, 10, 0.1705, 0.8090},
		{0, 10, 10, 10, 0.6075, 1.0000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ts_shift shift =
			ts_share_shift(cases[i].x, cases[i].n, cases[i].y, cases[i].m);

		assert_float_equal(shift.low, cases[i].low, 5e-5);
		assert_float_equal(shift.high, cases[i].high, 5e-5);
	}
}

/* Holm's own way: 4, 3, 2, 1 times, never less than the one before. */
static void many_at_once(void **state)
{
	const double p[] = {0.01, 0.04, 0.03, 0.005};
	const double wanted[] = {0.03, 0.06, 0.06, 0.02};
	double corrected[4];

	(void)state;
	assert_int_equal(ts_holm(p, 4, corrected), 0);
	for (size_t i = 0; i < 4; i++)
		assert_float_equal(corrected[i], wanted[i], 1e-12);
	assert_int_equal(ts_holm((double[]){0.9, 0.8}, 2, corrected), 0);
	assert_true(corrected[0] == 1 && corrected[1] == 1);
	assert_int_equal(ts_holm(NULL, 0, corrected), 0);
}

/* Of sets that are alike not many more than one in twenty differs. */
static void noise_is_noise(void **state)
{
	double a[12], b[14];
	int found = 0;

	(void)state;
	for (uint64_t round = 0; round < 1000; round++) {
		generate(a, 12, 2 * round + 1, 1 << 20, 0);
		generate(b, 14, 2 * round + 7919, 1 << 20, 0);
		found += test_of(a, 12, b, 14).p < TS_ALPHA;
	}
	assert_in_range(found, 20, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_values_exactly),
		cmocka_unit_test(a_shift_and_its_interval),
		cmocka_unit_test(larger_sets),
		cmocka_unit_test(nothing_to_tell),
		cmocka_unit_test(shifts_are_those_of_all_differences),
		cmocka_unit_test(shares),
		cmocka_unit_test(intervals_of_shares),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(noise_is_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
