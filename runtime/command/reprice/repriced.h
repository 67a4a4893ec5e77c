/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_REPRICE_REPRICED_H
#define TS_COMMAND_REPRICE_REPRICED_H

/* What `reprice` found and changed, in all. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../span.h"

#define TS_REPRICED_MODELS 20

struct ts_repriced_sum {
	int64_t nano_usd;
	int64_t unknown; /* calls */
	bool more;       /* some are lower bounds */
};

struct ts_repriced {
	int64_t calls;
	int64_t changed;
	struct ts_repriced_sum before, after;
	struct {
		char name[256];
		int64_t calls;
	} unpriced[TS_REPRICED_MODELS]; /* of more there are too many to name */
	size_t n_unpriced;
	bool more_unpriced;
};

/* A call as it was, and as it is. */
void ts_repriced_add(struct ts_repriced *repriced, const struct ts_span *before,
		     const struct ts_span *after);

void ts_repriced_print(const struct ts_repriced *repriced, bool dry);
/* What `reprice --json` prints, from malloc, or NULL where memory ran out (document.c). */
char *ts_document_repriced(const struct ts_repriced *repriced, bool dry);

#endif
