/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_PARTITIONS_H
#define TS_POSTGRESQL_PARTITIONS_H

/* The partitions as a whole, for the upkeep; who writes has days.h. */

#include "../error.h"
#include "../store.h"

struct ts_pg;

/*
 * Makes those of today and tomorrow, and of every day within reach of which the default partitions hold rows, which move, however
 * many there are. What could not be made is told, for it is not needed either.
 */
int ts_partitions_make(struct ts_pg *pg, ts_tell_fn *tell, void *context, struct ts_error *err);

/* Removes what started before `before_us`, as struct ts_admin says; the counts are right also where it fails half-way. */
int ts_partitions_prune(struct ts_pg *pg, int64_t before_us, bool dry, struct ts_pruned *ret,
			struct ts_error *err);

#endif
