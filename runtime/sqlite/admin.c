// SPDX-License-Identifier: Apache-2.0
/*
 * The upkeep of an SQLite store. What is long to do is done in many turns, so that writers come in between; only an older
 * file that never gave space back is rewritten as a whole.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../columns.h"
#include "../moment.h"
#include "../store.h"
#include "connection.h"
#include "dbfile.h"
#include "schema.h"
#include "turn.h"

#define READER_BUSY_MS 5000
#define ROWS           "2000" /* that a turn deletes at most */
#define PAGES          "1000" /* that a turn gives back at most */
#define LOCK_TRIES     60     /* of a second each */
#define PATH_TEXT      4096

static int64_t size_of(const char *path)
{
	static const char *const endings[] = {"", "-wal"};
	char file[PATH_TEXT + 8];
	int64_t bytes = 0;
	struct stat st;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(file, sizeof(file), "%s%s", path, endings[i]);
		if (stat(file, &st) == 0)
			bytes += st.st_size;
	}
	return bytes;
}

/* Longer than a flusher would: nobody comes back later to do this. */
static int begin(struct ts_sqlite_turn *ret, const char *path, struct ts_error *err)
{
	int result = -EAGAIN;

	for (int i = 0; result == -EAGAIN && i < LOCK_TRIES; i++)
		result = ts_sqlite_turn_begin(ret, path, NULL, err);
	return result;
}

/* --- init and migrate ---------------------------------------------------------------------- */

static int open_read_only(const char *path, sqlite3 **ret, struct ts_error *err)
{
	int result = 0;

	if (sqlite3_open_v2(path, ret, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL))
		result = *ret ? ts_sqlite_fail(*ret, "open", path, err)
			      : ts_error_set(err, -ENOMEM, "out of memory");
	sqlite3_busy_timeout(*ret, READER_BUSY_MS);
	if (result == 0)
		sqlite3_db_config(*ret, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return result;
}

/* The version before; 0 where there is no file. */
static int version_at(const char *path, int *ret, struct ts_error *err)
{
	sqlite3 *db = NULL;
	int result;

	*ret = 0;
	if (access(path, F_OK) < 0)
		return errno == ENOENT ? 0 : ts_dbfile_fail("open", path, errno, err);
	result = open_read_only(path, &db, err);
	if (result == 0)
		result = ts_sqlite_schema_version(db, path, ret, err);
	sqlite3_close(db);
	return result;
}

static int migrate_from(const char *path, int version, ts_tell_fn *tell, void *context,
			struct ts_error *err)
{
	struct ts_sqlite_turn turn;
	char sentence[PATH_TEXT + 64];
	int result = begin(&turn, path, err);

	if (result < 0)
		return result;
	ts_sqlite_turn_checkpoint(&turn);
	ts_sqlite_turn_end(&turn);
	if (version < ts_sqlite_schema_newest()) {
		snprintf(sentence, sizeof(sentence), "%s has schema %d now", path,
			 ts_sqlite_schema_newest());
		tell(context, sentence);
	}
	return ts_sqlite_schema_newest();
}

static int admin_init(const char *url, const char *user, ts_tell_fn *tell, void *context,
		      struct ts_error *err)
{
	const char *path = ts_sqlite_path(url, err);
	int version, result;

	if (!path)
		return -EINVAL;
	if (user)
		return ts_error_set(
			err, -EINVAL,
			"an SQLite store has no users: who may read the file sees all of it");
	result = ts_dbfile_make_folders(path, err);
	if (result == 0)
		result = version_at(path, &version, err);
	return result < 0 ? result : migrate_from(path, version, tell, context, err);
}

static int admin_migrate(const char *url, ts_tell_fn *tell, void *context, struct ts_error *err)
{
	const char *path = ts_sqlite_path(url, err);
	int version, result;

	if (!path)
		return -EINVAL;
	result = version_at(path, &version, err);
	if (result == 0 && version == 0)
		return ts_error_set(err, -ENOENT, TS_NO_STORE_YET);
	return result < 0 ? result : migrate_from(path, version, tell, context, err);
}

/* --- status ---------------------------------------------------------------------------------- */

/* Ids are in the order of time. */
static int ask_moment(sqlite3 *db, const char *order, int64_t *ret)
{
	sqlite3_stmt *statement;
	char sql[128];
	int code;

	snprintf(sql, sizeof(sql),
		 "SELECT started_at FROM pipeline_traces ORDER BY trace_id %s LIMIT 1", order);
	code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		ts_moment_parse((const char *)sqlite3_column_text(statement, 0), ret);
	return sqlite3_finalize(statement);
}

static int ask_status(sqlite3 *db, const char *path, struct ts_store_status *ret,
		      struct ts_error *err)
{
	if (ts_sqlite_ask(db, "SELECT count(*) FROM pipeline_traces", &ret->traces) ||
	    ts_sqlite_ask(db, "SELECT count(*) FROM pipeline_spans", &ret->spans) ||
	    (ret->schema > 1 &&
	     ts_sqlite_ask(db, "SELECT count(*) FROM pipeline_runs", &ret->runs)) ||
	    ask_moment(db, "ASC", &ret->oldest_us) || ask_moment(db, "DESC", &ret->newest_us))
		return ts_sqlite_fail(db, "read", path, err);
	return 0;
}

static int admin_status(const char *url, struct ts_store_status *ret, struct ts_error *err)
{
	const char *path = ts_sqlite_path(url, err);
	sqlite3 *db = NULL;
	int result;

	*ret = (struct ts_store_status){.newest = ts_sqlite_schema_newest()};
	if (!path)
		return -EINVAL;
	snprintf(ret->server, sizeof(ret->server), "SQLite %s", sqlite3_libversion());
	if (access(path, F_OK) < 0)
		return errno == ENOENT ? 0 : ts_dbfile_fail("open", path, errno, err);
	ret->bytes = size_of(path);
	result = open_read_only(path, &db, err);
	if (result == 0)
		result = ts_sqlite_schema_version(db, path, &ret->schema, err);
	if ((result == 0 || result == -EPROTONOSUPPORT) && ret->schema)
		result = ask_status(db, path, ret, err);
	sqlite3_close(db);
	return result;
}

/* --- prune ----------------------------------------------------------------------------------- */

static const struct {
	const char *table;
	const char *column; /* a row's end: it is indexed where there are many */
	size_t offset;      /* of their number in struct ts_pruned */
} pruned[] = {
	{"pipeline_spans", "created_at", offsetof(struct ts_pruned, spans)},
	{"pipeline_traces", "created_at", offsetof(struct ts_pruned, traces)},
	{"pipeline_runs", "seen_at", offsetof(struct ts_pruned, runs)},
};
#define N_PRUNED (sizeof(pruned) / sizeof(pruned[0]))

static int64_t *count_in(struct ts_pruned *ret, size_t i)
{
	return (int64_t *)((char *)ret + pruned[i].offset);
}

static int count_rows(const char *path, const char *before, struct ts_pruned *ret,
		      struct ts_error *err)
{
	sqlite3 *db = NULL;
	int version = 0, result = open_read_only(path, &db, err);
	char sql[160];

	if (result == 0)
		result = ts_sqlite_schema_version(db, path, &version, err);
	for (size_t i = 0; result == 0 && version && i < N_PRUNED; i++) {
		if (version == 1 && strcmp(pruned[i].table, "pipeline_runs") == 0)
			continue;
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s < '%s'",
			 pruned[i].table, pruned[i].column, before);
		if (ts_sqlite_ask(db, sql, count_in(ret, i)))
			result = ts_sqlite_fail(db, "read", path, err);
	}
	sqlite3_close(db);
	return result;
}

/* One turn that runs `sql`; the rows it changed, or a negative errno. */
static int turn_with(const char *path, const char *sql, const char *verb, struct ts_error *err)
{
	struct ts_sqlite_turn turn;
	int result = begin(&turn, path, err);

	if (result < 0)
		return result;
	if (sqlite3_exec(turn.db, sql, NULL, NULL, NULL))
		result = ts_sqlite_fail(turn.db, verb, path, err);
	else
		result = sqlite3_changes(turn.db);
	/* It makes room for the next one. */
	ts_sqlite_turn_checkpoint(&turn);
	ts_sqlite_turn_end(&turn);
	return result;
}

static int delete_rows(const char *path, const char *before, struct ts_pruned *ret,
		       struct ts_error *err)
{
	char sql[256];
	int n = 0;

	for (size_t i = 0; n >= 0 && i < N_PRUNED; i++) {
		snprintf(sql, sizeof(sql),
			 "DELETE FROM %s WHERE rowid IN (SELECT rowid FROM %s WHERE %s < '%s' "
			 "LIMIT " ROWS ")",
			 pruned[i].table, pruned[i].table, pruned[i].column, before);
		while ((n = turn_with(path, sql, "prune", err)) > 0)
			*count_in(ret, i) += n;
	}
	return n;
}

/* What a turn is asked for, in a turn. */
static int ask_in_turn(const char *path, const char *sql, int64_t *ret, struct ts_error *err)
{
	struct ts_sqlite_turn turn;
	int result = begin(&turn, path, err);

	if (result < 0)
		return result;
	if (ts_sqlite_ask(turn.db, sql, ret))
		result = ts_sqlite_fail(turn.db, "read", path, err);
	ts_sqlite_turn_end(&turn);
	return result;
}

/*
 * Files that have been made with auto_vacuum go back some pages at a time, from their end. Others are written anew, once, and
 * have it from then on; that needs room for the whole file twice.
 */
static int give_back(const char *path, struct ts_error *err)
{
	int64_t incremental = 0, left = 0, before;
	int result = ask_in_turn(path, "PRAGMA auto_vacuum", &incremental, err);

	if (result == 0 && !incremental) {
		result =
			turn_with(path, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM", "rewrite", err);
		return result < 0 ? result : 0;
	}
	do {
		before = left;
		if (result >= 0)
			result = turn_with(path, "PRAGMA incremental_vacuum(" PAGES ")", "shorten",
					   err);
		if (result >= 0)
			result = ask_in_turn(path, "PRAGMA freelist_count", &left, err);
	} while (result >= 0 && left > 0 && left != before);
	return result;
}

static int admin_prune(const char *url, int64_t before_us, bool dry, struct ts_pruned *ret,
		       struct ts_error *err)
{
	struct ts_moment_text before = ts_moment_format(before_us);
	const char *path = ts_sqlite_path(url, err);
	struct ts_error why = {.text = ""};
	int64_t bytes;
	int result;

	*ret = (struct ts_pruned){.traces = 0};
	if (!path)
		return -EINVAL;
	if (access(path, F_OK) < 0)
		return errno == ENOENT ? ts_error_set(err, -ENOENT, TS_NO_STORE_YET)
				       : ts_dbfile_fail("open", path, errno, err);
	if (dry)
		return count_rows(path, before.text, ret, err);
	bytes = size_of(path);
	result = delete_rows(path, before.text, ret, &why);
	if (result == -ENOSPC)
		return ts_error_set(
			err, result,
			"%.300s; deleting needs some room, too: make a little on that disk",
			why.text);
	if (result < 0)
		return ts_error_set(err, result, "%s", why.text);
	result = give_back(path, &why);
	if (size_of(path) < bytes)
		ret->freed_bytes = bytes - size_of(path);
	if (result == -ENOSPC)
		return ts_error_set(
			err, result,
			"what is old is removed, but the disk is too full to give its space "
			"back (%.300s); rows to come use it",
			why.text);
	return result < 0 ? ts_error_set(err, result, "%s", why.text) : 0;
}

__attribute__((visibility("default"))) extern const struct ts_admin ts_admin;
const struct ts_admin ts_admin = {
	.scheme = "sqlite",
	.init = admin_init,
	.migrate = admin_migrate,
	.status = admin_status,
	.prune = admin_prune,
};
