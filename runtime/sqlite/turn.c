// SPDX-License-Identifier: Apache-2.0
#include "turn.h"

#include <errno.h>
#include <sqlite3.h>

#include "connection.h"
#include "dbfile.h"
#include "schema.h"

#define OURS           "SQLite format 3"
#define WRITER_BUSY_MS 1000 /* for what does not know our lock: a backup, the sqlite3 shell */

static int prepare_connection(sqlite3 *db, const char *path, struct ts_error *err)
{
	int version, result;

	sqlite3_busy_timeout(db, WRITER_BUSY_MS);
	/* 120 KB of the program's memory for little: a batch lives longer than its statements */
	sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
	/* First of all, for the pragmas below already write: a stranger's file stays as it is. */
	result = ts_sqlite_schema_version(db, path, &version, err);
	if (result < 0)
		return result;
	/* Only a file without a page yet takes over auto_vacuum; others get it when they are pruned. */
	if (sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ||
	    (version == 0 &&
	     sqlite3_exec(db, "PRAGMA auto_vacuum = INCREMENTAL", NULL, NULL, NULL)) ||
	    sqlite3_exec(db,
			 "PRAGMA cache_size = -128;"
			 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			 "PRAGMA wal_autocheckpoint = 0",
			 NULL, NULL, NULL))
		return ts_sqlite_fail(db, "open", path, err);
	return ts_sqlite_schema_migrate(db, path, version, err);
}

void ts_sqlite_turn_end(struct ts_sqlite_turn *turn)
{
	sqlite3_close(turn->db);
	ts_dbfile_unlock(turn->lock);
}

int ts_sqlite_turn_begin(struct ts_sqlite_turn *ret, const char *path, const struct ts_gate *gate,
			 struct ts_error *err)
{
	int result;

	ret->db = NULL;
	ret->lock = ts_dbfile_lock(path, OURS, gate, err);
	if (ret->lock == -ENOENT) { /* somebody removed the folder: an empty store again */
		result = ts_dbfile_make_folders(path, err);
		if (result < 0)
			return result;
		ret->lock = ts_dbfile_lock(path, OURS, gate, err);
	}
	if (ret->lock < 0)
		return ret->lock;
	/* SQLite would make it as the umask says; its companions take over the mode they find. */
	result = ts_dbfile_make(path, err);
	if (result == 0) {
		if (sqlite3_open_v2(path, &ret->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				    NULL))
			result = ret->db ? ts_sqlite_fail(ret->db, "open", path, err)
					 : ts_error_set(err, -ENOMEM, "out of memory");
		else
			result = prepare_connection(ret->db, path, err);
	}
	if (result < 0)
		ts_sqlite_turn_end(ret);
	return result;
}

void ts_sqlite_turn_checkpoint(const struct ts_sqlite_turn *turn)
{
	sqlite3_busy_timeout(turn->db, 0);
	sqlite3_wal_checkpoint_v2(turn->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}
