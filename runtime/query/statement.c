// SPDX-License-Identifier: Apache-2.0
#include "statement.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void ts_statement_add(struct ts_statement *statement, const char *format, ...)
{
	size_t room = sizeof(statement->sql) - statement->bytes;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(statement->sql + statement->bytes, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	statement->bytes += (size_t)n;
}

void ts_statement_add_columns(struct ts_statement *statement, const struct ts_table *table,
			      bool with_json)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct ts_column *column = &table->columns[i];
		bool left_out = column->type == TS_COLUMN_JSON && !with_json;

		ts_statement_add(statement, "%s%s", i ? ", " : "",
				 left_out ? "NULL" : column->name);
	}
}

size_t ts_statement_param(struct ts_statement *statement, struct ts_cell cell)
{
	assert(statement->n_params < TS_STATEMENT_PARAMS);
	statement->params[statement->n_params] = cell;
	return ++statement->n_params;
}

struct ts_cell ts_cell_text(const char *text)
{
	return (struct ts_cell){.type = TS_CELL_TEXT, .text = text};
}

struct ts_cell ts_cell_integer(int64_t integer)
{
	return (struct ts_cell){.type = TS_CELL_INT, .integer = integer};
}

struct ts_cell ts_cell_real(double real)
{
	return (struct ts_cell){.type = TS_CELL_DOUBLE, .real = real};
}

struct ts_cell ts_cell_uuid(struct ts_uuid uuid)
{
	return (struct ts_cell){.type = TS_CELL_UUID, .uuid = uuid};
}
