// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

#include "connection.h"
#include "sql_sqlite.h"

#define APPLICATION_ID 0x54524345 /* "TRCE", as in the first migration */
#define N_MIGRATIONS   (sizeof(migrations) / sizeof(migrations[0]))

int ts_sqlite_schema_newest(void)
{
	return migrations[N_MIGRATIONS - 1].number;
}

int ts_sqlite_schema_version(sqlite3 *db, const char *path, int *ret, struct ts_error *err)
{
	const int newest = ts_sqlite_schema_newest();
	int64_t id = 0, version = 0, objects = 0;

	/* the id last: who made the tables meanwhile has set it with them */
	if (ts_sqlite_ask(db, "SELECT count(*) FROM sqlite_master", &objects) ||
	    ts_sqlite_ask(db, "PRAGMA user_version", &version) ||
	    ts_sqlite_ask(db, "PRAGMA application_id", &id))
		return ts_sqlite_fail(db, "open", path, err);
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

int ts_sqlite_schema_migrate(sqlite3 *db, const char *path, int version, struct ts_error *err)
{
	char mark[64];

	if (version == ts_sqlite_schema_newest())
		return 0;
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL))
		return ts_sqlite_fail(db, "migrate", path, err);
	for (size_t i = 0; i < N_MIGRATIONS; i++) {
		if (migrations[i].number <= version)
			continue;
		snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", migrations[i].number);
		if (sqlite3_exec(db, migrations[i].sql, NULL, NULL, NULL) ||
		    sqlite3_exec(db, mark, NULL, NULL, NULL))
			return ts_sqlite_fail(db, "migrate", path, err);
	}
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
		return ts_sqlite_fail(db, "migrate", path, err);
	return 0;
}
