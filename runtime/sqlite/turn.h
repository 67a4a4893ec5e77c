/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SQLITE_TURN_H
#define TS_SQLITE_TURN_H

/*
 * SQLite before 3.51.3 can corrupt a WAL database that two connections write or checkpoint at once.
 * So whatever changes the file happens in a *turn*: an exclusive flock on FILE.lock around opening,
 * migrating, writing, checkpointing and closing. Readers open read-only and take no part in it.
 *
 * No descriptor and no connection outlives a turn, for the process around us may close, reuse or
 * inherit descriptors at any time between two batches. A turn costs one recovery of the WAL's
 * index, so the WAL is kept short.
 */

#include "../error.h"

struct sqlite3;
struct ts_gate;

struct ts_sqlite_turn {
	struct sqlite3 *db; /* of the newest schema */
	int lock;
};

/*
 * Opens the file at `path`, made and migrated where that is to do. Waits for the lock for a second,
 * with the gate open: -EAGAIN, it is taken. Other negative errnos as ts_sqlite_fail and ts_sqlite_schema_version have them.
 */
int ts_sqlite_turn_begin(struct ts_sqlite_turn *ret, const char *path, const struct ts_gate *gate,
			 struct ts_error *err);
/* What did not come to its COMMIT is rolled back. */
void ts_sqlite_turn_end(struct ts_sqlite_turn *turn);

/* What it cannot move now, because a reader still needs it, the next one will. */
void ts_sqlite_turn_checkpoint(const struct ts_sqlite_turn *turn);

#endif
