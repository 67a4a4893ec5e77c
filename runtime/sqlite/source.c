// SPDX-License-Identifier: Apache-2.0
/* The file read back. */
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../columns.h"
#include "../store.h"
#include "connection.h"
#include "dbfile.h"
#include "schema.h"
#include "turn.h"

#define READER_BUSY_MS 5000
#define UUID_BYTES     sizeof(struct ts_uuid)

struct ts_source_handle {
	sqlite3 *db;
	char *path;
};

static void source_close(struct ts_source_handle *handle)
{
	if (!handle)
		return;
	sqlite3_close(handle->db);
	free(handle->path);
	free(handle);
}

/* What opening it to write does to a file: rolls back what was cut off, migrates. False: it cannot be written. */
static bool take_turn(const char *path)
{
	struct ts_sqlite_turn turn;

	if (ts_sqlite_turn_begin(&turn, path, NULL, NULL) < 0)
		return false;
	ts_sqlite_turn_end(&turn);
	return true;
}

/* -ENOENT where there is a file, but no schema in it yet. */
static int open_to_read(struct ts_source_handle *handle, struct ts_error *err)
{
	int version = 0, result;

	if (sqlite3_open_v2(handle->path, &handle->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
			    NULL))
		return handle->db ? ts_sqlite_fail(handle->db, "open", handle->path, err)
				  : ts_error_set(err, -ENOMEM, "out of memory");
	sqlite3_busy_timeout(handle->db, READER_BUSY_MS);
	/* Even a reader that is the last to close would checkpoint. */
	sqlite3_db_config(handle->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	result = ts_sqlite_schema_version(handle->db, handle->path, &version, err);
	/* a program was killed before the file was in WAL mode, and its rollback journal lies beside it */
	if (result == -EROFS && take_turn(handle->path))
		result = ts_sqlite_schema_version(handle->db, handle->path, &version, err);
	if (result == 0 && version == 0)
		return ts_error_set(err, -ENOENT, "nothing was stored in %s yet", handle->path);
	/* What cannot be migrated, as a copy on a medium that is read-only, has no rows of newer tables. */
	if (result == 0 && version < ts_sqlite_schema_newest())
		take_turn(handle->path);
	return result;
}

/* The rows of one tenant: what queries name is then a view. */
static int show_only(struct ts_source_handle *handle, const char *tenant, struct ts_error *err)
{
	static const struct ts_table *const tables[] = {&ts_trace_table, &ts_span_table,
							&ts_run_table};
	char *sql;
	int code = sqlite3_exec(handle->db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);

	for (size_t i = 0; code == SQLITE_OK && i < sizeof(tables) / sizeof(tables[0]); i++) {
		sql = sqlite3_mprintf("CREATE TEMP VIEW %s AS SELECT * FROM main.%s"
				      " WHERE tenant_id = %Q",
				      tables[i]->name, tables[i]->name, tenant);
		code = sql ? sqlite3_exec(handle->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
		sqlite3_free(sql);
	}
	return code ? ts_sqlite_fail(handle->db, "read", handle->path, err) : 0;
}

static int source_open(struct ts_source_handle **ret, const char *url, const char *tenant,
		       struct ts_error *err)
{
	const char *path = ts_sqlite_path(url, err);
	struct ts_source_handle *handle;
	int result;

	if (!path)
		return -EINVAL;
	if (access(path, F_OK) < 0)
		return ts_dbfile_fail("open", path, errno, err);
	handle = calloc(1, sizeof(*handle));
	if (!handle || !(handle->path = strdup(path)))
		result = ts_error_set(err, -ENOMEM, "out of memory");
	else
		result = open_to_read(handle, err);
	if (result == 0 && tenant)
		result = show_only(handle, tenant, err);
	if (result == 0)
		*ret = handle;
	else
		source_close(handle);
	return result;
}

static int bind_parameter(sqlite3_stmt *statement, size_t number, const struct ts_cell *cell)
{
	char name[24];
	int n;

	snprintf(name, sizeof(name), "$%zu", number);
	n = sqlite3_bind_parameter_index(statement, name);
	switch (cell->type) {
	case TS_CELL_INT:
		return sqlite3_bind_int64(statement, n, cell->integer);
	case TS_CELL_DOUBLE:
		return sqlite3_bind_double(statement, n, cell->real);
	case TS_CELL_TEXT:
		return sqlite3_bind_text(statement, n, cell->text, -1, SQLITE_TRANSIENT);
	case TS_CELL_UUID:
		return sqlite3_bind_blob(statement, n, cell->uuid.bytes, UUID_BYTES,
					 SQLITE_TRANSIENT);
	case TS_CELL_NULL:
		break;
	}
	return sqlite3_bind_null(statement, n);
}

static struct ts_cell cell_of(sqlite3_stmt *statement, int column)
{
	struct ts_cell cell = {.type = TS_CELL_NULL};

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		cell.type = TS_CELL_INT;
		cell.integer = sqlite3_column_int64(statement, column);
		break;
	case SQLITE_FLOAT:
		cell.type = TS_CELL_DOUBLE;
		cell.real = sqlite3_column_double(statement, column);
		break;
	case SQLITE_TEXT:
		cell.type = TS_CELL_TEXT;
		cell.text = (const char *)sqlite3_column_text(statement, column);
		break;
	case SQLITE_BLOB: /* ids are the only blobs there are */
		if (sqlite3_column_bytes(statement, column) != UUID_BYTES)
			break;
		cell.type = TS_CELL_UUID;
		memcpy(cell.uuid.bytes, sqlite3_column_blob(statement, column), UUID_BYTES);
		break;
	}
	return cell;
}

/* Hands every row to `row` and answers its result; sqlite3_finalize tells SQLite's own. */
static int each_row(sqlite3_stmt *statement, ts_row_fn *row, void *context)
{
	int n = sqlite3_column_count(statement), result = 0;
	struct ts_cell *cells = calloc(n + 1, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	while (result == 0 && sqlite3_step(statement) == SQLITE_ROW) {
		for (int i = 0; i < n; i++)
			cells[i] = cell_of(statement, i);
		result = row(context, cells, n);
	}
	free(cells);
	return result;
}

static int source_select(struct ts_source_handle *handle, const char *sql,
			 const struct ts_cell *params, size_t n_params, ts_row_fn *row,
			 void *context, struct ts_error *err)
{
	sqlite3_stmt *statement = NULL;
	int result, code;

	code = sqlite3_prepare_v2(handle->db, sql, -1, &statement, NULL);
	if (code)
		return ts_sqlite_fail(handle->db, "query", handle->path, err);
	for (size_t i = 0; code == SQLITE_OK && i < n_params; i++)
		code = bind_parameter(statement, i + 1, &params[i]);
	if (code || (size_t)sqlite3_bind_parameter_count(statement) != n_params) {
		sqlite3_finalize(statement);
		return ts_error_set(err, -EINVAL, "a query does not fit its %zu parameters: %s",
				    n_params, sql);
	}
	result = each_row(statement, row, context);
	code = sqlite3_finalize(statement);
	if (result == 0 && code)
		result = ts_sqlite_fail(handle->db, "read", handle->path, err);
	return result;
}

__attribute__((visibility("default"))) extern const struct ts_source ts_source;
const struct ts_source ts_source = {
	.scheme = "sqlite",
	.open = source_open,
	.select = source_select,
	.close = source_close,
};
