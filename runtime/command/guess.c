// SPDX-License-Identifier: Apache-2.0
#include "guess.h"

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

const char *ts_guess(const char *typed, const char *const *names, size_t n)
{
	unsigned nearest = (unsigned)strlen(typed) / 3 + 2;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(typed, names[i]);

		/* Any word is two changes from one of two letters: more than that must remain. */
		if (d < nearest && d < strlen(names[i])) {
			nearest = d;
			found = names[i];
		}
	}
	return found;
}
