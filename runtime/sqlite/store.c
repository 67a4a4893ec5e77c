// SPDX-License-Identifier: Apache-2.0
/*
 * The SQLite store, and the same file read back.
 *
 * SQLite before 3.51.3 can corrupt a WAL database that two connections write or checkpoint at once.
 * So whatever changes the file happens in a *turn*: an exclusive flock on FILE.lock around opening,
 * migrating, writing, checkpointing and closing. Readers open read-only and take no part in it.
 *
 * No descriptor and no connection outlives a turn, for the process around us may close, reuse or
 * inherit descriptors at any time between two batches. A turn costs one recovery of the WAL's
 * index, so the WAL is kept short.
 */
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../columns.h"
#include "dbfile.h"
#include "../moment.h"
#include "sql_sqlite.h"
#include "../store.h"

#define APPLICATION_ID   0x54524345 /* "TRCE", as in the first migration */
#define WRITER_BUSY_MS   1000 /* for what does not know our lock: a backup, the sqlite3 shell */
#define READER_BUSY_MS   5000
#define CHECKPOINT_BYTES (256 * 1024)
#define UUID_BYTES       sizeof(struct ts_uuid)

struct ts_store_handle {
	char *path;
	const struct ts_gate *gate;
};

struct ts_source_handle {
	sqlite3 *db;
	char *path;
};

static int result_of(sqlite3 *db)
{
	int system_error = sqlite3_system_errno(db);

	switch (sqlite3_extended_errcode(db) & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EAGAIN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CONSTRAINT:
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
		return -EILSEQ;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return -EBADMSG;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return system_error ? -system_error : -EIO;
	default:
		return -EINVAL;
	}
}

/* "cannot VERB PATH: what SQLite says (what the system says)" */
static int fail(sqlite3 *db, const char *verb, const char *path, struct ts_error *err)
{
	int result = result_of(db), code = sqlite3_extended_errcode(db) & 0xff;
	int system_error = sqlite3_system_errno(db);

	if (system_error && (code == SQLITE_CANTOPEN || code == SQLITE_IOERR))
		return ts_error_set(err, result, "cannot %s %s: %s (%s)", verb, path,
				    sqlite3_errmsg(db), strerrordesc_np(system_error));
	return ts_error_set(err, result, "cannot %s %s: %s", verb, path, sqlite3_errmsg(db));
}

static int ask_number(sqlite3 *db, const char *sql, sqlite3_int64 *ret)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	result = sqlite3_finalize(statement);
	return result == SQLITE_OK ? sqlite3_errcode(db) : result;
}

/* The schema's version in the file, 0 for a new one; refuses what is not ours or too new. */
static int schema_version(sqlite3 *db, const char *path, int *ret, struct ts_error *err)
{
	const int newest = migrations[sizeof(migrations) / sizeof(migrations[0]) - 1].number;
	sqlite3_int64 id = 0, version = 0, objects = 0;

	if (ask_number(db, "PRAGMA application_id", &id) ||
	    ask_number(db, "PRAGMA user_version", &version) ||
	    ask_number(db, "SELECT count(*) FROM sqlite_master", &objects))
		return fail(db, "open", path, err);
	if (id != APPLICATION_ID && (objects || version))
		return ts_error_set(err, -EEXIST, "%s is the database of another program", path);
	if (version > newest)
		return ts_error_set(
			err, -EPROTONOSUPPORT,
			"%s was written by a newer traceshim: its schema is version %d, "
			"this one knows up to %d",
			path, (int)version, newest);
	*ret = (int)version;
	return 0;
}

static int migrate(sqlite3 *db, const char *path, int version, struct ts_error *err)
{
	const size_t n = sizeof(migrations) / sizeof(migrations[0]);
	char mark[64];

	if (version == migrations[n - 1].number)
		return 0;
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL))
		return fail(db, "migrate", path, err);
	for (size_t i = 0; i < n; i++) {
		if (migrations[i].number <= version)
			continue;
		snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", migrations[i].number);
		if (sqlite3_exec(db, migrations[i].sql, NULL, NULL, NULL) ||
		    sqlite3_exec(db, mark, NULL, NULL, NULL))
			return fail(db, "migrate", path, err);
	}
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
		return fail(db, "migrate", path, err);
	return 0;
}

static int prepare_connection(sqlite3 *db, const char *path, struct ts_error *err)
{
	int version, result;

	sqlite3_busy_timeout(db, WRITER_BUSY_MS);
	/* 120 KB of the program's memory for little: a batch lives longer than its statements */
	sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
	/* First of all, for the pragmas below already write: a stranger's file stays as it is. */
	result = schema_version(db, path, &version, err);
	if (result < 0)
		return result;
	if (sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ||
	    sqlite3_exec(db,
			 "PRAGMA cache_size = -256;"
			 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			 "PRAGMA wal_autocheckpoint = 0",
			 NULL, NULL, NULL))
		return fail(db, "open", path, err);
	return migrate(db, path, version, err);
}

struct turn {
	sqlite3 *db;
	int lock;
};

static void end_turn(struct turn *turn)
{
	sqlite3_close(turn->db);
	ts_dbfile_unlock(turn->lock);
}

static int begin_turn(struct turn *ret, const struct ts_store_handle *handle, struct ts_error *err)
{
	int result;

	ret->db = NULL;
	ret->lock = ts_dbfile_lock(handle->path, handle->gate, err);
	if (ret->lock == -ENOENT) { /* somebody removed the folder: an empty store again */
		result = ts_dbfile_make_folders(handle->path, err);
		if (result < 0)
			return result;
		ret->lock = ts_dbfile_lock(handle->path, handle->gate, err);
	}
	if (ret->lock < 0)
		return ret->lock;
	/* SQLite would make it as the umask says; its companions take over the mode they find. */
	result = ts_dbfile_make(handle->path, err);
	if (result == 0) {
		if (sqlite3_open_v2(handle->path, &ret->db,
				    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
			result = ret->db ? fail(ret->db, "open", handle->path, err)
					 : ts_error_set(err, -ENOMEM, "out of memory");
		else
			result = prepare_connection(ret->db, handle->path, err);
	}
	if (result < 0)
		end_turn(ret);
	return result;
}

/* What it cannot move now, because a reader still needs it, the next one will. */
static void checkpoint(const struct turn *turn)
{
	sqlite3_busy_timeout(turn->db, 0);
	sqlite3_wal_checkpoint_v2(turn->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

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

/* INSERT INTO table (columns) VALUES (?, ...) */
static int prepare_insert(sqlite3 *db, const struct ts_table *table, bool overwrite,
			  sqlite3_stmt **ret)
{
	char names[512] = "", marks[64] = "", sql[768];
	size_t n_names = 0, n_marks = 0;

	for (size_t i = 0; i < table->n_columns; i++) {
		n_names += sprintf(names + n_names, "%s%s", i ? "," : "", table->columns[i].name);
		n_marks += sprintf(marks + n_marks, "%s", i ? ",?" : "?");
	}
	snprintf(sql, sizeof(sql), "%s INTO %s (%s) VALUES (%s)%s",
		 overwrite ? "REPLACE" : "INSERT", table->name, names, marks,
		 overwrite ? "" : " ON CONFLICT DO NOTHING");
	return sqlite3_prepare_v2(db, sql, -1, ret, NULL);
}

static int insert(sqlite3 *db, const struct ts_table *table, bool overwrite, const void *rows,
		  size_t n_rows)
{
	sqlite3_stmt *statement = NULL;
	int result = n_rows ? prepare_insert(db, table, overwrite, &statement) : SQLITE_OK;

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
	struct turn turn;
	int result = begin_turn(&turn, handle, err);

	if (result < 0)
		return result;
	/* Closing rolls back whatever did not come to its COMMIT. */
	if (sqlite3_exec(turn.db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ||
	    insert(turn.db, &ts_trace_table, false, batch->traces, batch->n_traces) ||
	    insert(turn.db, &ts_span_table, false, batch->spans, batch->n_spans) ||
	    insert(turn.db, &ts_run_table, true, batch->run, batch->run != NULL) ||
	    sqlite3_exec(turn.db, "COMMIT", NULL, NULL, NULL))
		result = fail(turn.db, "write", handle->path, err);
	else if (wal_is_long(handle->path))
		checkpoint(&turn);
	end_turn(&turn);
	return result;
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
	const char *path = ts_dbfile_path(url, "sqlite", err);
	struct ts_store_handle *handle;
	struct turn turn;
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
		result = begin_turn(&turn, handle, err);
	if (result < 0) {
		free_handle(handle);
		return result;
	}
	end_turn(&turn);
	*ret = handle;
	return 0;
}

static void sqlite_close(struct ts_store_handle *handle)
{
	struct turn turn;

	if (!handle)
		return;
	if (begin_turn(&turn, handle, NULL) == 0) {
		checkpoint(&turn);
		end_turn(&turn);
	}
	free_handle(handle);
}

__attribute__((visibility("default"))) extern const struct ts_store ts_store;
const struct ts_store ts_store = {
	.scheme = "sqlite",
	.open = sqlite_open,
	.write = sqlite_write,
	.close = sqlite_close,
};

static void source_close(struct ts_source_handle *handle)
{
	if (!handle)
		return;
	sqlite3_close(handle->db);
	free(handle->path);
	free(handle);
}

/* -ENOENT where there is a file, but no schema in it yet. */
static int open_to_read(struct ts_source_handle *handle, struct ts_error *err)
{
	int version = 0, result;

	if (sqlite3_open_v2(handle->path, &handle->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
			    NULL))
		return handle->db ? fail(handle->db, "open", handle->path, err)
				  : ts_error_set(err, -ENOMEM, "out of memory");
	sqlite3_busy_timeout(handle->db, READER_BUSY_MS);
	/* Even a reader that is the last to close would checkpoint. */
	sqlite3_db_config(handle->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	result = schema_version(handle->db, handle->path, &version, err);
	if (result == 0 && version == 0)
		result = ts_error_set(err, -ENOENT, "nothing was stored in %s yet", handle->path);
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
	return code ? fail(handle->db, "read", handle->path, err) : 0;
}

static int source_open(struct ts_source_handle **ret, const char *url, const char *tenant,
		       struct ts_error *err)
{
	const char *path = ts_dbfile_path(url, "sqlite", err);
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
		return fail(handle->db, "query", handle->path, err);
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
		result = fail(handle->db, "read", handle->path, err);
	return result;
}

__attribute__((visibility("default"))) extern const struct ts_source ts_source;
const struct ts_source ts_source = {
	.scheme = "sqlite",
	.open = source_open,
	.select = source_select,
	.close = source_close,
};
