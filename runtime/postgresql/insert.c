// SPDX-License-Identifier: Apache-2.0
#include "insert.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "connection.h"

#define SLICE_ROWS  1000 /* what unnest is quickest with, and so many bytes */
#define SLICE_BYTES (1024 * 1024)

struct sql {
	char text[2048];
	size_t bytes;
};

static void add(struct sql *sql, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct sql *sql, const char *format, ...)
{
	size_t room = sizeof(sql->text) - sql->bytes;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(sql->text + sql->bytes, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	sql->bytes += (size_t)n;
}

static void add_update(struct sql *sql, const struct ts_table *table)
{
	const struct ts_column *columns = table->columns;

	add(sql, "(%s) DO UPDATE SET ", columns[0].name);
	for (size_t i = 1; i < table->n_columns; i++)
		add(sql, "%s%s=excluded.%s", i > 1 ? "," : "", columns[i].name, columns[i].name);
	add(sql, " WHERE %s", table->newer);
}

/* An unnest a column, not one of all in FROM, which would keep each column in a table of its own: 1.4 times as long. */
static void write_sql(struct sql *sql, const struct ts_table *table)
{
	const struct ts_column *columns = table->columns;

	add(sql, "INSERT INTO %s (", table->name);
	for (size_t i = 0; i < table->n_columns; i++)
		add(sql, "%s%s", i ? "," : "", columns[i].name);
	add(sql, ") SELECT ");
	for (size_t i = 0; i < table->n_columns; i++)
		add(sql, "%spg_catalog.unnest($%zu::%s)", i ? "," : "", i + 1,
		    ts_encode_type(columns[i].type));
	add(sql, " ON CONFLICT ");
	if (table->newer)
		add_update(sql, table);
	else
		add(sql, "DO NOTHING");
}

/* How many of the rows make one statement; at least one. */
static size_t slice(const struct ts_table *table, const void *const *rows, size_t n)
{
	size_t bytes = 0, taken = 0;

	while (taken < n && taken < SLICE_ROWS) {
		bytes += ts_encode_size(table, rows[taken]);
		if (taken && bytes > SLICE_BYTES)
			break;
		taken++;
	}
	return taken;
}

int ts_insert(struct ts_pg *pg, struct ts_encoded *encoded, const struct ts_table *table,
	      const void *const *rows, size_t n, struct ts_error *err)
{
	struct sql sql = {.bytes = 0};
	int result = 0;

	write_sql(&sql, table);
	for (size_t taken; result == 0 && n; rows += taken, n -= taken) {
		struct ts_pg_statement statement = {
			.sql = sql.text,
			.n_params = table->n_columns,
			.params = encoded->values,
			.bytes = encoded->bytes,
		};

		taken = slice(table, rows, n);
		result = ts_encode(encoded, table, rows, taken, err);
		if (result == 0)
			result = ts_pg_send(pg, &statement, err);
	}
	return result;
}
