/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_QUERY_IMPL_H
#define TS_QUERY_IMPL_H

/* What the files behind query.h share. */

#include <stddef.h>

#include "query.h"
#include "statement.h"

int ts_query_select(struct ts_query *query, const struct ts_statement *statement, ts_row_fn *row,
		    void *context, struct ts_error *err);

/* Grows an array for one more element, which it zeroes; NULL where memory ran out. */
void *ts_query_push(void *array_of_pointer, size_t *n, size_t size);

/* The sentence for what a row callback answered; `result` again. */
int ts_query_row_error(int result, struct ts_error *err);

#endif
