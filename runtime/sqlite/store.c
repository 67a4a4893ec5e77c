// SPDX-License-Identifier: Apache-2.0
/* The SQLite store: a batch is a turn. */
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../columns.h"
#include "../moment.h"
#include "../store.h"
#include "connection.h"
#include "dbfile.h"
#include "turn.h"

#define CHECKPOINT_BYTES (256 * 1024)
#define UUID_BYTES       sizeof(struct ts_uuid)

struct ts_store_handle {
	char *path;
	const struct ts_gate *gate;
};

static int bind(sqlite3_stmt *statement, int n, enum ts_column_type type, const void *value)
{
	const struct ts_maybe *maybe = value;
	const struct ts_span *span = value;
	struct ts_moment_text moment;
	const char *text;

	switch (type) {
	case TS_COLUMN_UUID:
		return sqlite3_bind_blob(statement, n, value, UUID_BYTES, SQLITE_STATIC);
	case TS_COLUMN_PARENT:
		return span->has_parent ? bind(statement, n, TS_COLUMN_UUID, &span->parent_span_id)
					: sqlite3_bind_null(statement, n);
	case TS_COLUMN_NAME: /* one bad row must not keep a batch out for ever */
	case TS_COLUMN_TEXT:
	case TS_COLUMN_JSON:
		text = *(const char *const *)value;
		if (!text && type == TS_COLUMN_NAME)
			text = "";
		return sqlite3_bind_text(statement, n, text, -1, SQLITE_STATIC);
	case TS_COLUMN_INT64:
		return sqlite3_bind_int64(statement, n, *(const int64_t *)value);
	case TS_COLUMN_MAYBE:
		return maybe->known ? sqlite3_bind_int64(statement, n, maybe->value)
				    : sqlite3_bind_null(statement, n);
	case TS_COLUMN_DOUBLE:
		return sqlite3_bind_double(statement, n, *(const double *)value);
	case TS_COLUMN_BOOL:
		return sqlite3_bind_int(statement, n, *(const bool *)value);
	case TS_COLUMN_TIME:
		moment = ts_moment_format(*(const int64_t *)value);
		return sqlite3_bind_text(statement, n, moment.text, -1, SQLITE_TRANSIENT);
	case TS_COLUMN_ENDED:
		return *(const int64_t *)value ? bind(statement, n, TS_COLUMN_TIME, value)
					       : sqlite3_bind_null(statement, n);
	}
	return SQLITE_MISUSE;
}

/* DO NOTHING; or (key) DO UPDATE SET column=excluded.column, ... WHERE it is newer */
static void put_conflict(sqlite3_str *to, const struct ts_table *table)
{
	const struct ts_column *columns = table->columns;

	if (!table->newer) {
		sqlite3_str_appendall(to, "DO NOTHING");
		return;
	}
	sqlite3_str_appendf(to, "(%s) DO UPDATE SET ", columns[0].name);
	for (size_t i = 1; i < table->n_columns; i++)
		sqlite3_str_appendf(to, "%s%s=excluded.%s", i > 1 ? "," : "", columns[i].name,
				    columns[i].name);
	sqlite3_str_appendf(to, " WHERE %s", table->newer);
}

/* INSERT INTO table (columns) VALUES (?, ...) ON CONFLICT ... */
static int prepare_insert(sqlite3 *db, const struct ts_table *table, sqlite3_stmt **ret)
{
	sqlite3_str *to = sqlite3_str_new(db);
	int result = SQLITE_NOMEM;
	char *sql;

	sqlite3_str_appendf(to, "INSERT INTO %s (", table->name);
	for (size_t i = 0; i < table->n_columns; i++)
		sqlite3_str_appendf(to, "%s%s", i ? "," : "", table->columns[i].name);
	sqlite3_str_appendall(to, ") VALUES (");
	for (size_t i = 0; i < table->n_columns; i++)
		sqlite3_str_appendall(to, i ? ",?" : "?");
	sqlite3_str_appendall(to, ") ON CONFLICT ");
	put_conflict(to, table);
	sql = sqlite3_str_finish(to);
	if (sql)
		result = sqlite3_prepare_v2(db, sql, -1, ret, NULL);
	sqlite3_free(sql);
	return result;
}

static int insert(sqlite3 *db, const struct ts_table *table, const void *rows, size_t n_rows)
{
	sqlite3_stmt *statement = NULL;
	int result = n_rows ? prepare_insert(db, table, &statement) : SQLITE_OK;

	for (size_t i = 0; result == SQLITE_OK && i < n_rows; i++) {
		const char *row = (const char *)rows + i * table->row_bytes;

		for (size_t c = 0; result == SQLITE_OK && c < table->n_columns; c++)
			result = bind(statement, (int)c + 1, table->columns[c].type,
				      row + table->columns[c].offset);
		if (result == SQLITE_OK)
			result = sqlite3_step(statement) == SQLITE_DONE ? sqlite3_reset(statement)
									: SQLITE_ERROR;
	}
	sqlite3_finalize(statement);
	return result;
}

static bool wal_is_long(const char *path)
{
	char wal[PATH_MAX];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	return stat(wal, &st) == 0 && st.st_size >= CHECKPOINT_BYTES;
}

static int sqlite_write(struct ts_store_handle *handle, const struct ts_batch *batch,
			struct ts_error *err)
{
	struct ts_sqlite_turn turn;
	int result = ts_sqlite_turn_begin(&turn, handle->path, handle->gate, err);

	if (result < 0)
		return result;
	/* Closing rolls back whatever did not come to its COMMIT. */
	if (sqlite3_exec(turn.db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ||
	    insert(turn.db, &ts_trace_table, batch->traces, batch->n_traces) ||
	    insert(turn.db, &ts_span_table, batch->spans, batch->n_spans) ||
	    insert(turn.db, &ts_run_table, batch->run, batch->run != NULL) ||
	    sqlite3_exec(turn.db, "COMMIT", NULL, NULL, NULL))
		result = ts_sqlite_fail(turn.db, "write", handle->path, err);
	else if (wal_is_long(handle->path))
		ts_sqlite_turn_checkpoint(&turn);
	ts_sqlite_turn_end(&turn);
	return result;
}

static int amend(sqlite3 *db, const struct ts_span *spans, size_t n, int *ret_amended)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(
		db,
		"UPDATE pipeline_spans SET cost_nano_usd = ?5, attributes = ?6"
		" WHERE trace_id = ?1 AND span_id = ?2 AND tenant_id = ?3 AND started_at = ?4",
		-1, &statement, NULL);

	for (size_t i = 0; result == SQLITE_OK && i < n; i++) {
		for (int c = 0; result == SQLITE_OK && c < TS_AMENDED_COLUMNS; c++)
			result = bind(statement, c + 1, ts_cost_table.columns[c].type,
				      (const char *)&spans[i] + ts_cost_table.columns[c].offset);
		if (result == SQLITE_OK)
			result = sqlite3_step(statement) == SQLITE_DONE ? sqlite3_reset(statement)
									: SQLITE_ERROR;
		*ret_amended += result == SQLITE_OK ? sqlite3_changes(db) : 0;
	}
	sqlite3_finalize(statement);
	return result;
}

static int sqlite_amend(struct ts_store_handle *handle, const struct ts_span *spans, size_t n,
			struct ts_error *err)
{
	struct ts_sqlite_turn turn;
	int amended = 0, result = ts_sqlite_turn_begin(&turn, handle->path, handle->gate, err);

	if (result < 0)
		return result;
	if (sqlite3_exec(turn.db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ||
	    amend(turn.db, spans, n, &amended) || sqlite3_exec(turn.db, "COMMIT", NULL, NULL, NULL))
		result = ts_sqlite_fail(turn.db, "change", handle->path, err);
	else if (wal_is_long(handle->path))
		ts_sqlite_turn_checkpoint(&turn);
	ts_sqlite_turn_end(&turn);
	return result < 0 ? result : amended;
}

static void free_handle(struct ts_store_handle *handle)
{
	if (handle) {
		free(handle->path);
		free(handle);
	}
}

static int sqlite_open(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		       struct ts_error *err)
{
	const char *path = ts_sqlite_path(url, err);
	struct ts_store_handle *handle;
	struct ts_sqlite_turn turn;
	int result;

	if (!path)
		return -EINVAL;
	handle = calloc(1, sizeof(*handle));
	if (!handle || !(handle->path = strdup(path)))
		result = ts_error_set(err, -ENOMEM, "out of memory");
	else
		result = ts_dbfile_make_folders(path, err);
	if (handle)
		handle->gate = gate;
	if (result == 0)
		result = ts_sqlite_turn_begin(&turn, handle->path, handle->gate, err);
	if (result < 0) {
		free_handle(handle);
		return result;
	}
	ts_sqlite_turn_end(&turn);
	*ret = handle;
	return 0;
}

static void sqlite_close(struct ts_store_handle *handle)
{
	struct ts_sqlite_turn turn;

	if (!handle)
		return;
	if (ts_sqlite_turn_begin(&turn, handle->path, handle->gate, NULL) == 0) {
		ts_sqlite_turn_checkpoint(&turn);
		ts_sqlite_turn_end(&turn);
	}
	free_handle(handle);
}

__attribute__((visibility("default"))) extern const struct ts_store ts_store;
const struct ts_store ts_store = {
	.scheme = "sqlite",
	.open = sqlite_open,
	.write = sqlite_write,
	.amend = sqlite_amend,
	.close = sqlite_close,
};
