// SPDX-License-Identifier: Apache-2.0
#include "spark.h"

#include <math.h>
#include <string.h>

#include "../terminal/print.h"

#define STEPS 8

struct ts_spark ts_spark_of(const uint64_t *numbers, size_t n)
{
	static const char *const bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[] = {" ", ".", ".", ":", ":", "-", "=", "+", "#"};
	struct ts_spark spark = {""};
	char *to = spark.text;
	uint64_t most = 0;

	if (!ts_terminal()->bars)
		return spark;
	for (size_t i = 0; i < n; i++)
		most = numbers[i] > most ? numbers[i] : most;
	for (size_t i = 0; i < n && i < TS_SPARK_BARS; i++) {
		/* what is there at all is seen */
		size_t step = most ? (size_t)ceil((double)numbers[i] / (double)most * STEPS) : 0;

		to = stpcpy(to, ts_terminal()->utf8 ? bars[step] : plain[step]);
	}
	return spark;
}

struct ts_spark ts_spark_spread(struct ts_samples *samples, double least, double most, size_t bars)
{
	uint64_t counts[TS_SPARK_BARS] = {0};
	double ratio = most > least ? pow(most / least, 1 / (double)bars) : 1;
	size_t below = 0;

	for (size_t i = 0; i < bars && i < TS_SPARK_BARS; i++) {
		size_t n = i + 1 < bars
				   ? ts_samples_below(samples, least * pow(ratio, (double)i + 1))
				   : samples->n;

		counts[i] = n - below;
		below = n;
	}
	return ts_spark_of(counts, bars);
}

void ts_spark_bounds(struct ts_samples *samples, double *ret_least, double *ret_most)
{
	*ret_most = ts_samples_percentile(samples, 100);
	*ret_least = ts_samples_percentile(samples, 1);
	if (!(*ret_least > 0))
		*ret_least = *ret_most > 0 ? *ret_most / 1e6 : 1;
	if (!(*ret_most > *ret_least))
		*ret_most = *ret_least;
}
