/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ROW_H
#define TS_ROW_H

/* A row that a source answers -> struct ts_trace or ts_span. */

#include "../columns.h"
#include "../pool.h"
#include "../store.h"

/*
 * Reads one cell a column of `table` into *ret, a row of that table; strings are copied to `pool`.
 * 0, -ENOMEM, or -EPROTO where a cell is not what its column promises.
 */
int ts_row_read(void *ret, const struct ts_table *table, struct ts_pool *pool,
		const struct ts_cell *cells);

#endif
