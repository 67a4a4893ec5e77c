// SPDX-License-Identifier: Apache-2.0
#include "statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Z          1.959963984540054 /* 97.5 % of the normal distribution lie below */
#define EXACT_WORK 5e6               /* additions that an exact distribution may take */

/* --- ranks --------------------------------------------------------------------------------- */

/* Midranks of the first set, less the least they can be: its U. Sums t^3 - t over the ties. */
static double count_pairs(const double *a, size_t n, const double *b, size_t m, double *ret_ties)
{
	double u = 0, ties = 0;
	size_t i = 0, j = 0;

	while (i < n) {
		double value = a[i];
		size_t in_a = 0, in_b = 0, t;

		for (; j < m && b[j] < value; j++)
			;
		for (; i < n && a[i] == value; i++)
			in_a++;
		while (j + in_b < m && b[j + in_b] == value)
			in_b++;
		u += (double)in_a * ((double)j + (double)in_b / 2);
		t = in_a + in_b;
		ties += (double)t * ((double)t * (double)t - 1);
	}
	/* those among b alone */
	for (i = j = 0; j < m;) {
		double value = b[j];
		size_t t = 0;

		for (; j < m && b[j] == value; j++)
			t++;
		for (; i < n && a[i] < value; i++)
			;
		if (i == n || a[i] != value)
			ties += (double)t * ((double)t * (double)t - 1);
	}
	*ret_ties = ties;
	return u;
}

/*
 * How many of the choices of n out of n + m ranks have which U: choices[k * (nm + 1) + u] of k of the ranks seen so far.
 * Sums alone, so that nothing is lost to rounding.
 */
static double *count_choices(size_t n, size_t m)
{
	size_t width = n * m + 1;
	double *choices = calloc((n + 1) * width, sizeof(*choices));

	if (!choices)
		return NULL;
	choices[0] = 1;
	for (size_t rank = 0; rank < n + m; rank++)
		/* as the k-th chosen, a rank has rank - (k - 1) of the others below it */
		for (size_t k = rank + 1 < n ? rank + 1 : n; k >= 1; k--) {
			size_t below = rank - (k - 1);
			const double *from = choices + (k - 1) * width;
			double *to = choices + k * width;

			if (below > m)
				continue;
			for (size_t u = below; u < width; u++)
				to[u] += from[u - below];
		}
	memmove(choices, choices + n * width, width * sizeof(*choices));
	return choices;
}

static bool is_cheap(size_t n, size_t m)
{
	double least = (double)(n < m ? n : m);

	return (double)(n + m) * least * (double)n * (double)m <= EXACT_WORK;
}

/* The number of choices whose U is at most `u`, as a share of all. */
static double share_up_to(const double *choices, size_t width, size_t u)
{
	double below = 0, all = 0;

	for (size_t i = 0; i < width; i++) {
		all += choices[i];
		below += i <= u ? choices[i] : 0;
	}
	return below / all;
}

static int exact_p(size_t n, size_t m, double u, double *ret)
{
	double *choices = count_choices(n < m ? n : m, n < m ? m : n);
	double least = fmin(u, (double)n * (double)m - u);

	if (!choices)
		return -ENOMEM;
	*ret = fmin(1, 2 * share_up_to(choices, n * m + 1, (size_t)least));
	free(choices);
	return 0;
}

int ts_rank_test(const double *a, size_t n, const double *b, size_t m, struct ts_rank_test *ret)
{
	double all = (double)n + (double)m, pairs = (double)n * (double)m, ties, z;

	ret->u = count_pairs(a, n, b, m, &ties);
	ret->sigma = sqrt(pairs / 12 * (all + 1 - ties / (all * (all - 1))));
	ret->exact = ties == 0 && is_cheap(n, m);
	if (ret->exact)
		return exact_p(n, m, ret->u, &ret->p);
	z = (fabs(ret->u - pairs / 2) - 0.5) / ret->sigma;
	ret->p = ret->sigma > 0 && z > 0 ? erfc(z / sqrt(2)) : 1;
	return 0;
}

/* --- how far apart ------------------------------------------------------------------------- */

struct pairs {
	const double *a, *b;
	size_t n, m;
};

/* Differences b - a that are at most `d`. Both sets ascend, so one way through each. */
static uint64_t count_differences(const struct pairs *pairs, double d)
{
	uint64_t count = 0;
	size_t j = 0;

	for (size_t i = 0; i < pairs->n; i++) {
		while (j < pairs->m && pairs->b[j] - pairs->a[i] <= d)
			j++;
		count += j;
	}
	return count;
}

/* Doubles in their order, as integers. */
static int64_t order_of(double value)
{
	int64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? INT64_MIN - bits : bits;
}

static double value_of(int64_t order)
{
	int64_t bits = order < 0 ? INT64_MIN - order : order;
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The k-th smallest of all nm differences (from 1), without making them: 64 times through the sets. */
static double select_difference(const struct pairs *pairs, uint64_t k)
{
	int64_t low = order_of(pairs->b[0] - pairs->a[pairs->n - 1]);
	int64_t high = order_of(pairs->b[pairs->m - 1] - pairs->a[0]);

	while (low < high) {
		int64_t middle = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);

		if (count_differences(pairs, value_of(middle)) >= k)
			high = middle;
		else
			low = middle + 1;
	}
	return value_of(low);
}

/* Which difference from below, and which from above, bounds the interval; 0: there are too few. */
static int find_bound(size_t n, size_t m, const struct ts_rank_test *test, uint64_t *ret)
{
	double *choices, at = (double)n * (double)m / 2 - Z * test->sigma;
	size_t width = n * m + 1, k = 0;

	if (!test->exact) {
		*ret = at >= 1 ? (uint64_t)at : 0;
		return 0;
	}
	choices = count_choices(n < m ? n : m, n < m ? m : n);
	if (!choices)
		return -ENOMEM;
	while (k < width / 2 && share_up_to(choices, width, k) <= TS_ALPHA / 2)
		k++;
	*ret = k;
	free(choices);
	return 0;
}

int ts_shift_of(const double *a, size_t n, const double *b, size_t m,
		const struct ts_rank_test *test, struct ts_shift *ret)
{
	const struct pairs pairs = {a, b, n, m};
	uint64_t all = (uint64_t)n * m, k;
	int result = find_bound(n, m, test, &k);

	if (result < 0)
		return result;
	ret->shift = select_difference(&pairs, (all + 1) / 2);
	if (all % 2 == 0)
		ret->shift = (ret->shift + select_difference(&pairs, all / 2 + 1)) / 2;
	ret->low = k ? select_difference(&pairs, k) : NAN;
	ret->high = k ? select_difference(&pairs, all + 1 - k) : NAN;
	return 0;
}

/* --- shares -------------------------------------------------------------------------------- */

static double log_choose(double n, double k)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/*
 * All tables with these margins that are no more likely than the one seen, by whose likelihood theirs is told. Equal ones
 * may differ in their last digits.
 */
double ts_fisher(uint64_t x, uint64_t n, uint64_t y, uint64_t m)
{
	double failed = (double)x + (double)y;
	double least = fmax(0, failed - (double)m), most = fmin((double)n, failed);
	double sum = 0, extreme = 0, likelihood;
	double start = log_choose((double)n, (double)x) + log_choose((double)m, (double)y);

	for (double k = least; k <= most; k++) {
		likelihood =
			exp(log_choose((double)n, k) + log_choose((double)m, failed - k) - start);
		sum += likelihood;
		if (likelihood <= 1 + 1e-7)
			extreme += likelihood;
	}
	return fmin(1, extreme / sum);
}

struct interval {
	double low, high;
};

/* Wilson's, of x of n. */
static struct interval wilson(double x, double n)
{
	double share = x / n, z2 = Z * Z;
	double middle = (share + z2 / (2 * n)) / (1 + z2 / n);
	double half = Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n));

	return (struct interval){fmax(0, middle - half), fmin(1, middle + half)};
}

struct ts_shift ts_share_shift(uint64_t x, uint64_t n, uint64_t y, uint64_t m)
{
	double p = (double)x / (double)n, q = (double)y / (double)m;
	struct interval of_p = wilson((double)x, (double)n), of_q = wilson((double)y, (double)m);

	return (struct ts_shift){
		.shift = q - p,
		.low = q - p - hypot(q - of_q.low, of_p.high - p),
		.high = q - p + hypot(of_q.high - q, p - of_p.low),
	};
}

/* --- many at once -------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b, void *context)
{
	const double *p = context;
	double x = p[*(const size_t *)a], y = p[*(const size_t *)b];

	return (x > y) - (x < y);
}

int ts_holm(const double *p, size_t n, double *ret)
{
	size_t *order = calloc(n + 1, sizeof(*order));
	double highest = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_values, (void *)p);
	for (size_t i = 0; i < n; i++) {
		highest = fmax(highest, (double)(n - i) * p[order[i]]);
		ret[order[i]] = fmin(1, highest);
	}
	free(order);
	return 0;
}
