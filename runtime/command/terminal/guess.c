// SPDX-License-Identifier: Apache-2.0
#include "guess.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 64

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Restricted Damerau-Levenshtein distance. */
static unsigned distance(const char *a, const char *b)
{
	size_t rows = strlen(a);
	size_t cols = strlen(b);
	unsigned d[3][LONGEST + 1];

	if (rows > LONGEST || cols > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= cols; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		unsigned *now = d[i % 3];
		unsigned *before = d[(i + 2) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= cols; j++) {
			now[j] = least(least(before[j], now[j - 1]) + 1,
				       before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], d[(i + 1) % 3][j - 2] + 1);
		}
	}
	return d[rows % 3][cols];
}

/* What is farther away was not meant: any word is two changes from one of two letters. */
static unsigned too_far(const char *typed)
{
	return (unsigned)strlen(typed) / 3 + 2;
}

const char *ts_guess(const char *typed, const char *const *names, size_t n)
{
	unsigned nearest = too_far(typed);
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(typed, names[i]);

		if (d < nearest && d < strlen(names[i])) {
			nearest = d;
			found = names[i];
		}
	}
	return found;
}

void ts_nearest_init(struct ts_nearest *nearest, const char *typed)
{
	unsigned n = (unsigned)strlen(typed);

	*nearest = (struct ts_nearest){.typed = typed};
	/* of thousands of names some are always near a short one */
	for (size_t i = 0; i < TS_NEAREST; i++)
		nearest->distances[i] = n / 4 + (n < 8 ? 1 : 2);
}

void ts_nearest_offer(struct ts_nearest *nearest, const char *name)
{
	size_t n = strlen(name), typed = strlen(nearest->typed);
	unsigned farthest = nearest->distances[TS_NEAREST - 1];
	unsigned d;
	size_t at = 0;
	char *copy;

	if (n >= typed + farthest || typed >= n + farthest)
		return;
	d = distance(nearest->typed, name);
	if (d >= n)
		return;
	for (size_t i = 0; i < TS_NEAREST; i++)
		if (nearest->names[i] && !strcmp(nearest->names[i], name))
			return;
	while (at < TS_NEAREST && d >= nearest->distances[at])
		at++;
	copy = at < TS_NEAREST ? strdup(name) : NULL;
	if (!copy)
		return;
	free(nearest->names[TS_NEAREST - 1]);
	for (size_t i = TS_NEAREST - 1; i > at; i--) {
		nearest->names[i] = nearest->names[i - 1];
		nearest->distances[i] = nearest->distances[i - 1];
	}
	nearest->names[at] = copy;
	nearest->distances[at] = d;
}

void ts_nearest_list(const struct ts_nearest *nearest, char *ret, size_t bytes)
{
	size_t used = 0, n = 0;

	*ret = '\0';
	while (n < TS_NEAREST && nearest->names[n] &&
	       nearest->distances[n] <= nearest->distances[0] + 1)
		n++;
	for (size_t i = 0; i < n && used < bytes; i++) {
		bool last = i + 1 == n;
		const char *between = !i ? "" : last ? " or " : ", ";

		used += (size_t)snprintf(ret + used, bytes - used, "%s%s", between,
					 nearest->names[i]);
	}
}

void ts_nearest_release(struct ts_nearest *nearest)
{
	for (size_t i = 0; i < TS_NEAREST; i++)
		free(nearest->names[i]);
	*nearest = (struct ts_nearest){.typed = NULL};
}
