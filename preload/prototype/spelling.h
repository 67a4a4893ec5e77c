/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SPELLING_H
#define TS_SPELLING_H

/* "did you mean": which of the known words is nearest to one that is not known. [setup] */

#include "../system/slice.h"

struct ts_spelling {
	struct ts_slice word;
	const char *best; /* NULL while nothing is near enough to be worth proposing */
	size_t distance;
};

/* Nothing was offered yet. */
struct ts_spelling ts_spelling_of(struct ts_slice word);

/* Takes `known` if it is nearer than what was offered before; of equals the first stays. */
void ts_spelling_offer(struct ts_spelling *spelling, const char *known);

/* " (did you mean 'string'?)", or "". */
struct ts_hint {
	char text[64];
};

struct ts_hint ts_spelling_hint(const struct ts_spelling *spelling);

#endif
