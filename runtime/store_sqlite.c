// SPDX-License-Identifier: Apache-2.0
/*
 * The SQLite store, and the same file read back.
 *
 * SQLite before 3.51.3 can corrupt a WAL database that two connections write or checkpoint at once.
 * So whatever changes the file happens in a *session*: an exclusive flock on FILE.lock around
 * opening, migrating, writing, checkpointing and closing. Readers open read-only and take no part
 * in it.
 *
 * No descriptor and no connection outlives a session, for the process around us may close, reuse or
 * inherit descriptors at any time between two batches. A session costs one recovery of the WAL's
 * index, so the WAL is kept short.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store.h"
#include "sql_sqlite.h"

#define SCHEME             "sqlite:"
#define APPLICATION_ID     0x54524345 /* "TRCE", as in the first migration */
#define LOCK_TRIES         100
#define LOCK_PAUSE_NS      10000000 /* 100 tries: 1 s */
#define WRITER_BUSY_MS     1000 /* for what does not know our lock: a backup, the sqlite3 shell */
#define READER_BUSY_MS     5000
#define CHECKPOINT_BYTES   (256 * 1024)
#define LAST_MICROSECOND   253402300799999999LL /* of the year 9999 */
#define MICROSECONDS_A_DAY 86400000000LL
#define UUID_BYTES         sizeof(struct ts_uuid)

struct ts_store_handle {
	char *path;
	char *lock_path;
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

static int fail_system(const char *verb, const char *path, int error, struct ts_error *err)
{
	return ts_error_set(err, -error, "cannot %s %s: %s", verb, path, strerrordesc_np(error));
}

/* The path in a sqlite: URL, in place; NULL with a sentence. */
static const char *path_of(const char *url, struct ts_error *err)
{
	const char *path = url + strlen(SCHEME);

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0) {
		ts_error_set(err, 0, "%s is no sqlite: URL", url);
		return NULL;
	}
	if (path[0] != '/') {
		ts_error_set(err, 0, "%s: a store needs a file, named by its absolute path", url);
		return NULL;
	}
	return path;
}

/* Makes the folders that lead to `path`. */
static int make_folders(const char *path, struct ts_error *err)
{
	char *folder = strdup(path), *slash = folder;
	int result = 0;

	if (!folder)
		return ts_error_set(err, -ENOMEM, "out of memory");
	while (result == 0 && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		/* What is there already may be unwritable and all the same be passed through. */
		if (mkdir(folder, 0700) < 0 && errno != EEXIST && access(folder, F_OK) < 0)
			result = fail_system("create the folder", folder, errno, err);
		*slash = '/';
	}
	free(folder);
	return result;
}

/* A descriptor that holds the lock, or a negative errno. */
static int take_lock(const char *lock_path, struct ts_error *err)
{
	struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = EWOULDBLOCK;

	if (fd < 0)
		return fail_system("open", lock_path, errno, err);
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		error = errno;
		if (error != EWOULDBLOCK && error != EINTR)
			break;
		nanosleep(&pause, NULL);
	}
	close(fd);
	if (error == EWOULDBLOCK || error == EINTR)
		return ts_error_set(err, -EAGAIN, "busy: others hold %s", lock_path);
	return fail_system("lock", lock_path, error, err);
}

static void drop_lock(int fd)
{
	/* Said aloud: a forked child may hold a copy of the descriptor. */
	flock(fd, LOCK_UN);
	close(fd);
}

/* SQLite would create the file as the umask says; its companions take over the mode they find. */
static int create_private(const char *path, struct ts_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return close(fd);
	return errno == EEXIST ? 0 : fail_system("create", path, errno, err);
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

struct session {
	sqlite3 *db;
	int lock;
};

static void end_session(struct session *session)
{
	sqlite3_close(session->db);
	drop_lock(session->lock);
}

static int begin_session(struct session *ret, const struct ts_store_handle *handle,
			 struct ts_error *err)
{
	int result;

	ret->db = NULL;
	ret->lock = take_lock(handle->lock_path, err);
	if (ret->lock < 0)
		return ret->lock;
	result = create_private(handle->path, err);
	if (result == 0) {
		if (sqlite3_open_v2(handle->path, &ret->db,
				    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
			result = ret->db ? fail(ret->db, "open", handle->path, err)
					 : ts_error_set(err, -ENOMEM, "out of memory");
		else
			result = prepare_connection(ret->db, handle->path, err);
	}
	if (result < 0)
		end_session(ret);
	return result;
}

/* What it cannot move now, because a reader still needs it, the next one will. */
static void checkpoint(const struct session *session)
{
	sqlite3_busy_timeout(session->db, 0);
	sqlite3_wal_checkpoint_v2(session->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

enum type { UUID, NAME, TEXT, INT64, MAYBE, DOUBLE, BOOL, TIME, PARENT };

struct column {
	const char *name;
	enum type type;
	size_t offset;
};

struct table {
	const char *name;
	const struct column *columns;
	int n_columns;
	size_t row_bytes;
};

static const struct column trace_columns[] = {
	{"trace_id", UUID, offsetof(struct ts_trace, trace_id)},
	{"tenant_id", NAME, offsetof(struct ts_trace, tenant_id)},
	{"pipeline_name", NAME, offsetof(struct ts_trace, pipeline_name)},
	{"telegram_id", MAYBE, offsetof(struct ts_trace, telegram_id)},
	{"user_id", TEXT, offsetof(struct ts_trace, user_id)},
	{"session_id", TEXT, offsetof(struct ts_trace, session_id)},
	{"started_at", TIME, offsetof(struct ts_trace, started_us)},
	{"ended_at", TIME, offsetof(struct ts_trace, ended_us)},
	{"duration_ms", DOUBLE, offsetof(struct ts_trace, duration_ms)},
	{"success", BOOL, offsetof(struct ts_trace, success)},
	{"error", TEXT, offsetof(struct ts_trace, error)},
	{"input_data", TEXT, offsetof(struct ts_trace, input_data)},
	{"output_data", TEXT, offsetof(struct ts_trace, output_data)},
	{"program", TEXT, offsetof(struct ts_trace, program)},
	{"host", TEXT, offsetof(struct ts_trace, host)},
	{"pid", INT64, offsetof(struct ts_trace, pid)},
	{"attributes", TEXT, offsetof(struct ts_trace, attributes)},
	{"created_at", TIME, offsetof(struct ts_trace, created_us)},
};
static const struct column span_columns[] = {
	{"trace_id", UUID, offsetof(struct ts_span, trace_id)},
	{"span_id", UUID, offsetof(struct ts_span, span_id)},
	{"tenant_id", NAME, offsetof(struct ts_span, tenant_id)},
	{"parent_span_id", PARENT, 0},
	{"span_name", NAME, offsetof(struct ts_span, span_name)},
	{"kind", NAME, offsetof(struct ts_span, kind)},
	{"function", TEXT, offsetof(struct ts_span, function)},
	{"thread_id", INT64, offsetof(struct ts_span, thread_id)},
	{"started_at", TIME, offsetof(struct ts_span, started_us)},
	{"ended_at", TIME, offsetof(struct ts_span, ended_us)},
	{"duration_ms", DOUBLE, offsetof(struct ts_span, duration_ms)},
	{"success", BOOL, offsetof(struct ts_span, success)},
	{"error", TEXT, offsetof(struct ts_span, error)},
	{"input_data", TEXT, offsetof(struct ts_span, input_data)},
	{"output_data", TEXT, offsetof(struct ts_span, output_data)},
	{"model", TEXT, offsetof(struct ts_span, model)},
	{"provider", TEXT, offsetof(struct ts_span, provider)},
	{"input_tokens", MAYBE, offsetof(struct ts_span, input_tokens)},
	{"output_tokens", MAYBE, offsetof(struct ts_span, output_tokens)},
	{"cost_nano_usd", MAYBE, offsetof(struct ts_span, cost_nano_usd)},
	{"attributes", TEXT, offsetof(struct ts_span, attributes)},
	{"created_at", TIME, offsetof(struct ts_span, created_us)},
};
#define COLUMNS(columns) columns, sizeof(columns) / sizeof(columns[0])
static const struct table traces = {"pipeline_traces", COLUMNS(trace_columns),
				    sizeof(struct ts_trace)};
static const struct table spans = {"pipeline_spans", COLUMNS(span_columns), sizeof(struct ts_span)};

/*
 * 2026-11-20T23:07:31.123456Z. Not gmtime_r: it takes a lock of libc that a child forked meanwhile
 * would find taken for ever. Days to date: https://howardhinnant.github.io/date_algorithms.html
 */
static int bind_time(sqlite3_stmt *statement, int n, int64_t us)
{
	int64_t clamped = us < 0 ? 0 : us > LAST_MICROSECOND ? LAST_MICROSECOND : us;
	unsigned int day = clamped / MICROSECONDS_A_DAY + 719468, era = day / 146097;
	unsigned int doe = day % 146097;
	unsigned int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned int month = (5 * doy + 2) / 153; /* 0 is March */
	unsigned int second = clamped % MICROSECONDS_A_DAY / 1000000;
	char text[64];
	int bytes;

	bytes = snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
			 yoe + era * 400 + (month >= 10), month < 10 ? month + 3 : month - 9,
			 doy - (153 * month + 2) / 5 + 1, second / 3600, second / 60 % 60,
			 second % 60, (unsigned int)(clamped % 1000000));
	return sqlite3_bind_text(statement, n, text, bytes, SQLITE_TRANSIENT);
}

static int bind(sqlite3_stmt *statement, int n, enum type type, const void *value)
{
	const struct ts_maybe *maybe = value;
	const struct ts_span *span = value; /* PARENT takes two members, so it gets the whole row */
	const char *text;

	switch (type) {
	case UUID:
		return sqlite3_bind_blob(statement, n, value, UUID_BYTES, SQLITE_STATIC);
	case PARENT:
		return span->has_parent ? bind(statement, n, UUID, &span->parent_span_id)
					: sqlite3_bind_null(statement, n);
	case NAME: /* never NULL: one bad row must not keep a batch out for ever */
	case TEXT:
		text = *(const char *const *)value;
		if (!text && type == NAME)
			text = "";
		return sqlite3_bind_text(statement, n, text, -1, SQLITE_STATIC);
	case INT64:
		return sqlite3_bind_int64(statement, n, *(const int64_t *)value);
	case MAYBE:
		return maybe->known ? sqlite3_bind_int64(statement, n, maybe->value)
				    : sqlite3_bind_null(statement, n);
	case DOUBLE:
		return sqlite3_bind_double(statement, n, *(const double *)value);
	case BOOL:
		return sqlite3_bind_int(statement, n, *(const bool *)value);
	case TIME:
		return bind_time(statement, n, *(const int64_t *)value);
	}
	return SQLITE_MISUSE;
}

/* INSERT INTO table (columns) VALUES (?, ...) */
static int prepare_insert(sqlite3 *db, const struct table *table, sqlite3_stmt **ret)
{
	char names[512] = "", marks[64] = "", sql[768];
	size_t n_names = 0, n_marks = 0;

	for (int i = 0; i < table->n_columns; i++) {
		n_names += sprintf(names + n_names, "%s%s", i ? "," : "", table->columns[i].name);
		n_marks += sprintf(marks + n_marks, "%s", i ? ",?" : "?");
	}
	snprintf(sql, sizeof(sql), "INSERT INTO %s (%s) VALUES (%s) ON CONFLICT DO NOTHING",
		 table->name, names, marks);
	return sqlite3_prepare_v2(db, sql, -1, ret, NULL);
}

static int insert(sqlite3 *db, const struct table *table, const void *rows, size_t n_rows)
{
	sqlite3_stmt *statement = NULL;
	int result = n_rows ? prepare_insert(db, table, &statement) : SQLITE_OK;

	for (size_t i = 0; result == SQLITE_OK && i < n_rows; i++) {
		const char *row = (const char *)rows + i * table->row_bytes;

		for (int c = 0; result == SQLITE_OK && c < table->n_columns; c++)
			result = bind(statement, c + 1, table->columns[c].type,
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
	struct session session;
	int result = begin_session(&session, handle, err);

	if (result < 0)
		return result;
	/* Closing rolls back whatever did not come to its COMMIT. */
	if (sqlite3_exec(session.db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ||
	    insert(session.db, &traces, batch->traces, batch->n_traces) ||
	    insert(session.db, &spans, batch->spans, batch->n_spans) ||
	    sqlite3_exec(session.db, "COMMIT", NULL, NULL, NULL))
		result = fail(session.db, "write", handle->path, err);
	else if (wal_is_long(handle->path))
		checkpoint(&session);
	end_session(&session);
	return result;
}

static void free_handle(struct ts_store_handle *handle)
{
	if (handle) {
		free(handle->path);
		free(handle->lock_path);
		free(handle);
	}
}

static int sqlite_open(struct ts_store_handle **ret, const char *url, struct ts_error *err)
{
	const char *path = path_of(url, err);
	struct ts_store_handle *handle;
	struct session session;
	int result;

	if (!path)
		return -EINVAL;
	handle = calloc(1, sizeof(*handle));
	if (!handle || !(handle->path = strdup(path)) ||
	    asprintf(&handle->lock_path, "%s.lock", path) < 0) {
		result = ts_error_set(err, -ENOMEM, "out of memory");
		goto out;
	}
	result = make_folders(path, err);
	if (result == 0)
		result = begin_session(&session, handle, err);
	if (result < 0)
		goto out;
	end_session(&session);
	*ret = handle;
	return 0;
out:
	free_handle(handle);
	return result;
}

static void sqlite_close(struct ts_store_handle *handle)
{
	struct session session;

	if (!handle)
		return;
	if (begin_session(&session, handle, NULL) == 0) {
		checkpoint(&session);
		end_session(&session);
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

static int source_open(struct ts_source_handle **ret, const char *url, struct ts_error *err)
{
	const char *path = path_of(url, err);
	struct ts_source_handle *handle;
	int result;

	if (!path)
		return -EINVAL;
	if (access(path, F_OK) < 0)
		return fail_system("open", path, errno, err);
	handle = calloc(1, sizeof(*handle));
	if (!handle || !(handle->path = strdup(path)))
		result = ts_error_set(err, -ENOMEM, "out of memory");
	else
		result = open_to_read(handle, err);
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

/* Hands every row to `row`, and answers its result; SQLite's own is for sqlite3_finalize to tell.
 */
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
