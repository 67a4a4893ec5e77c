// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int ts_samples_add(struct ts_samples *samples, double value)
{
	if (samples->n == samples->room) {
		/* by halves: what is not needed of the last growth counts, too */
		size_t room = samples->room + samples->room / 2 + 8;
		double *more = reallocarray(samples->values, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		samples->values = more;
		samples->room = room;
	}
	samples->values[samples->n++] = value;
	samples->sorted = false;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void ts_samples_sort(struct ts_samples *samples)
{
	if (samples->sorted)
		return;
	if (samples->n)
		qsort(samples->values, samples->n, sizeof(samples->values[0]), compare);
	samples->sorted = true;
}

double ts_samples_percentile(struct ts_samples *samples, unsigned percent)
{
	size_t rank = (samples->n * percent + 99) / 100;

	if (!samples->n)
		return NAN;
	ts_samples_sort(samples);
	return samples->values[rank ? rank - 1 : 0];
}

size_t ts_samples_below(struct ts_samples *samples, double value)
{
	size_t low = 0, high = samples->n;

	ts_samples_sort(samples);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (samples->values[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ts_samples_release(struct ts_samples *samples)
{
	free(samples->values);
	*samples = (struct ts_samples){.values = NULL};
}
