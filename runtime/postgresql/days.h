/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_DAYS_H
#define TS_POSTGRESQL_DAYS_H

/* The partitions that rows need: one a day (UTC) of started_at, made on demand. */

#include <stddef.h>
#include <stdint.h>

#include "../error.h"
#include "../span.h"

struct ts_pg;

#define TS_DAYS 64

/* Days that were asked for, whatever came of it; zeroed at first. */
struct ts_days {
	int32_t seen[TS_DAYS]; /* since 1970 */
	size_t n;
};

/*
 * Has the partitions made that the batch needs and nobody asked for yet, in transactions of their own. What cannot be
 * made the default partition makes up for, so only a lost connection is a failure.
 */
int ts_days_make(struct ts_days *days, struct ts_pg *pg, const struct ts_batch *batch,
		 struct ts_error *err);

#endif
