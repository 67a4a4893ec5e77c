/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_IDSET_H
#define TS_IDSET_H

/* Ids of rows, or of traces: the latest of them, at least 32,768. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../span.h"

#define TS_IDSET_MAX 65536

struct ts_row_id {
	struct ts_uuid trace;
	struct ts_uuid span; /* zero: the trace's own row */
};

struct ts_idset { /* zeroed: empty */
	struct ts_row_id *ids;
	size_t n;        /* that are there */
	size_t room;     /* of ids: a power of two */
	uint32_t *table; /* 1 + a place in ids, or 0; twice as many as there is room for ids */
};

/* 1: it is new; 0: it was there; -ENOMEM. */
int ts_idset_add(struct ts_idset *set, const struct ts_row_id *id);
bool ts_idset_has(const struct ts_idset *set, const struct ts_row_id *id);
void ts_idset_release(struct ts_idset *set); /* empty then */

#endif
