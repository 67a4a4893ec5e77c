/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SQLITE_SCHEMA_H
#define TS_SQLITE_SCHEMA_H

/* The tables in the file, and how a file comes to have them: sql/sqlite/, embedded. */

#include "../error.h"

struct sqlite3;

/* The newest version that there is. */
int ts_sqlite_schema_newest(void);

/*
 * The version that the file has, 0 for a new one. -EEXIST: it is another program's, -EPROTONOSUPPORT: of a newer
 * version, or what reading it failed with; with a sentence.
 */
int ts_sqlite_schema_version(struct sqlite3 *db, const char *path, int *ret, struct ts_error *err);

/* From `version` to the newest, all of it or nothing. */
int ts_sqlite_schema_migrate(struct sqlite3 *db, const char *path, int version,
			     struct ts_error *err);

#endif
