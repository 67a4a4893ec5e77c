/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_OWNER_H
#define TS_POSTGRESQL_OWNER_H

/*
 * What only traceshim_owner may do, each in a transaction of its own, in the schema that is the user's first. All that is set
 * ends with the transaction, so a pooler between hands nothing of it on. Locks are waited for for a few seconds: -EAGAIN.
 */

#include "../error.h"
#include "connection.h"

/* One text of any number of statements. */
int ts_owner_run(struct ts_pg *pg, const char *sql, struct ts_error *err);

/* One statement, and its rows. */
int ts_owner_ask(struct ts_pg *pg, const struct ts_pg_statement *statement, struct ts_error *err);

#endif
