/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_STATEMENT_H
#define TS_STATEMENT_H

/* SQL for a source that grows from left to right, its parameters in order. */

#include <stdbool.h>
#include <stddef.h>

#include "../columns.h"
#include "../store.h"

#define TS_STATEMENT_PARAMS 128

/* Zero is empty. */
struct ts_statement {
	char sql[4096];
	size_t bytes;
	struct ts_cell params[TS_STATEMENT_PARAMS];
	size_t n_params;
};

/* Appends as printf would; that all of it fits is the caller's business. */
void ts_statement_add(struct ts_statement *statement, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Appends the columns of `table`, as ts_row_read wants them; NULL for JSON unless `with_json`. */
void ts_statement_add_columns(struct ts_statement *statement, const struct ts_table *table,
			      bool with_json);

/* Takes a parameter, whose text must outlive the query; answers the number behind its $. */
size_t ts_statement_param(struct ts_statement *statement, struct ts_cell cell);

/* Cells of a value; a text is not copied. */
struct ts_cell ts_cell_text(const char *text);
struct ts_cell ts_cell_integer(int64_t integer);
struct ts_cell ts_cell_real(double real);
struct ts_cell ts_cell_uuid(struct ts_uuid uuid);

#endif
