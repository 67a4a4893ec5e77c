/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SQLITE_CONNECTION_H
#define TS_SQLITE_CONNECTION_H

/* What SQLite says, in our words. */

#include <stdint.h>

#include "../error.h"

struct sqlite3;

/*
 * "cannot VERB PATH: what SQLite says (what the system says)" in err, of the connection's last failure. Answers its negative
 * errno: -ENOSPC full, -EAGAIN busy, -ENOMEM, -EROFS read-only, -EBADMSG no database or a damaged one, what the system said
 * where it was asked, else -EINVAL.
 */
int ts_sqlite_fail(struct sqlite3 *db, const char *verb, const char *path, struct ts_error *err);

/* The number in the first row of what `sql` answers; *ret stays as it is where there is none. SQLite's code. */
int ts_sqlite_ask(struct sqlite3 *db, const char *sql, int64_t *ret);

/* The path in sqlite:PATH, in place. NULL with a sentence for any other URL. */
const char *ts_sqlite_path(const char *url, struct ts_error *err);

#endif
