/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_READY_H
#define TS_POSTGRESQL_READY_H

/* Whether a database has the tables that we write and read. */

#include "../error.h"

struct ts_pg;

/*
 * Makes them, or brings them up to date, where the user may. 0; -EACCES: somebody else is to make them; -EPROTONOSUPPORT, -EBADMSG:
 * they are not those that this program knows; or another negative errno; with a sentence.
 */
int ts_ready_to_write(struct ts_pg *pg, struct ts_error *err);

/* 0; -ENOENT: nothing was ever stored there; or another negative errno. */
int ts_ready_to_read(struct ts_pg *pg, struct ts_error *err);

/* Adds to the server's "does not exist", "permission denied" what to do about it, where that was its last failure. */
void ts_ready_hint(const struct ts_pg *pg, struct ts_error *err);

#endif
