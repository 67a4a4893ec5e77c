/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_INSERT_H
#define TS_POSTGRESQL_INSERT_H

/* Rows of one table on their way: INSERT INTO t (a, b) SELECT unnest($1::uuid[]), unnest($2::text[]) ON CONFLICT ... */

#include <stddef.h>

#include "../columns.h"
#include "../error.h"
#include "encode.h"

struct ts_pg;

/*
 * Sends `n` rows of one tenant, in statements of up to 1,000 rows and about 1 MB. 0, or as ts_encode and ts_pg_send.
 */
int ts_insert(struct ts_pg *pg, struct ts_encoded *encoded, const struct ts_table *table,
	      const void *const *rows, size_t n, struct ts_error *err);

#endif
