/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_SCHEMA_H
#define TS_POSTGRESQL_SCHEMA_H

/* The tables in the database, and how it comes to have them: sql/postgresql/, embedded. */

#include "../error.h"
#include "../store.h"

struct ts_pg;

/* The newest version that there is. */
int ts_pg_schema_newest(void);

/*
 * The version that the database has, 0 where it has none. -EPROTONOSUPPORT: it is newer than ours; -EBADMSG: it was made by
 * other texts than ours; *ret is set then, too. Other negative errnos as in connection.h.
 */
int ts_pg_schema_version(struct ts_pg *pg, int *ret, struct ts_error *err);

/*
 * From what it has to the newest, which is answered: each migration one transaction, as traceshim_owner, under one lock; what
 * others did meanwhile is done. Each that was run is told.
 */
int ts_pg_schema_migrate(struct ts_pg *pg, ts_tell_fn *tell, void *context, struct ts_error *err);

#endif
