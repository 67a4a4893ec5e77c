// SPDX-License-Identifier: Apache-2.0
/* Optimal string alignment: inserting, deleting, changing, swapping neighbours each count 1. */

#include "spelling.h"

#include <stdio.h>

#define MAX_WORD 32

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Of a word of up to four letters a second change leaves too little. */
static size_t limit_of(size_t bytes)
{
	return bytes < 5 ? 1 : 2;
}

static size_t cell(size_t rows[3][MAX_WORD + 1], struct ts_slice word, const char *known, size_t i,
		   size_t j)
{
	const size_t *above = rows[(i + 2) % 3];
	char a = ts_lower(word.text[i - 1]);
	char b = ts_lower(known[j - 1]);
	size_t best = above[j - 1] + (a != b);

	best = least(best, above[j] + 1);
	best = least(best, rows[i % 3][j - 1] + 1);
	if (i > 1 && j > 1 && a == ts_lower(known[j - 2]) && ts_lower(word.text[i - 2]) == b)
		best = least(best, rows[(i + 1) % 3][j - 2] + 1);
	return best;
}

static size_t distance_to(struct ts_slice word, const char *known, size_t known_bytes)
{
	size_t rows[3][MAX_WORD + 1];

	for (size_t j = 0; j <= known_bytes; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= word.bytes; i++) {
		rows[i % 3][0] = i;
		for (size_t j = 1; j <= known_bytes; j++)
			rows[i % 3][j] = cell(rows, word, known, i, j);
	}
	return rows[word.bytes % 3][known_bytes];
}

struct ts_spelling ts_spelling_of(struct ts_slice word)
{
	return (struct ts_spelling){word, NULL, limit_of(word.bytes) + 1};
}

void ts_spelling_offer(struct ts_spelling *spelling, const char *known)
{
	struct ts_slice word = spelling->word;
	size_t known_bytes = strlen(known);
	size_t distance;

	if (known_bytes > MAX_WORD || word.bytes > known_bytes + 2 || known_bytes > word.bytes + 2)
		return;
	/* uint8 for uint8_t is the commonest slip of all and beats any other near word. */
	if (known_bytes == word.bytes + 2 && memcmp(known, word.text, word.bytes) == 0 &&
	    strcmp(known + word.bytes, "_t") == 0)
		distance = 0;
	else
		distance = distance_to(word, known, known_bytes);
	if (distance < spelling->distance) {
		spelling->distance = distance;
		spelling->best = known;
	}
}

struct ts_hint ts_spelling_hint(const struct ts_spelling *spelling)
{
	struct ts_hint hint = {{0}};

	if (spelling->best)
		snprintf(hint.text, sizeof(hint.text), " (did you mean '%s'?)", spelling->best);
	return hint;
}
