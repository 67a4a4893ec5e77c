/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_INSERT_H
#define TS_POSTGRESQL_INSERT_H

/* Rows of one table on their way: INSERT INTO t (a, b) SELECT unnest($1::uuid[]), unnest($2::text[]) ON CONFLICT ... */

#include <stdbool.h>
#include <stddef.h>

#include "../columns.h"
#include "../error.h"
#include "encode.h"

struct ts_pg;

/*
 * Sends `n` rows of one tenant, in statements of up to 1,000 rows and about 1 MB; with `overwrite` in place of rows of the
 * same first column, else beside what is there. 0, or as ts_encode and ts_pg_send.
 */
int ts_insert(struct ts_pg *pg, struct ts_encoded *encoded, const struct ts_table *table,
	      bool overwrite, const void *const *rows, size_t n, struct ts_error *err);

#endif
