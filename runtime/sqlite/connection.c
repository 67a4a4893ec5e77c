// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "dbfile.h"

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

int ts_sqlite_fail(sqlite3 *db, const char *verb, const char *path, struct ts_error *err)
{
	int result = result_of(db), code = sqlite3_extended_errcode(db) & 0xff;
	int system_error = sqlite3_system_errno(db);

	if (system_error && (code == SQLITE_CANTOPEN || code == SQLITE_IOERR))
		return ts_error_set(err, result, "cannot %s %s: %s (%s)", verb, path,
				    sqlite3_errmsg(db), strerrordesc_np(system_error));
	if (code == SQLITE_CORRUPT)
		return ts_error_set(
			err, result,
			"cannot %s %s: %s; move it away, and sqlite3 FILE .recover saves "
			"what can be read",
			verb, path, sqlite3_errmsg(db));
	return ts_error_set(err, result, "cannot %s %s: %s", verb, path, sqlite3_errmsg(db));
}

int ts_sqlite_ask(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	result = sqlite3_finalize(statement);
	return result == SQLITE_OK ? sqlite3_errcode(db) : result;
}

const char *ts_sqlite_path(const char *url, struct ts_error *err)
{
	const char *path = ts_dbfile_path(url, "sqlite", err);
	const char *parameters = path ? strchr(path, '?') : NULL;

	if (!parameters)
		return path;
	ts_error_set(err, -EINVAL, "%s: an SQLite store takes no parameters, and has %s", url,
		     parameters);
	return NULL;
}
