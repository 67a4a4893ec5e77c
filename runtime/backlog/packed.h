/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PACKED_H
#define TS_PACKED_H

/*
 * Rows as bytes that outlive the program which wrote them. Who reads them is told by name which columns they
 * have: a later version may have more of them, or fewer.
 */

#include <stddef.h>

#include "../bytes.h"
#include "../columns.h"

#define TS_PACKED_COLUMNS 64

/* Which column each packed value is of. */
struct ts_packed_map {
	const struct ts_table *table;
	const struct ts_column *columns[TS_PACKED_COLUMNS]; /* NULL: we have no such column */
	size_t n;
};

/* "trace_id,tenant_id,...", and what it says to whoever reads it; names behind the 64th are not read. */
void ts_packed_names(struct ts_bytes *to, const struct ts_table *table);
void ts_packed_map(struct ts_packed_map *ret, const struct ts_table *table, const char *names);

/* Adds a row. */
void ts_packed_add(struct ts_bytes *to, const struct ts_table *table, const void *row);

/* Reads one into `row`; texts point into `data`. 0, or -EBADMSG. */
int ts_packed_read(const struct ts_packed_map *map, const char *data, size_t bytes, void *row);

#endif
