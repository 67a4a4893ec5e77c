/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_GRANTS_H
#define TS_POSTGRESQL_GRANTS_H

/*
 * The roles that the tables are granted to, of a whole server; none of them logs in:
 *   traceshim_owner    owns everything, migrates, prunes
 *   traceshim_writer   inserts rows of the tenant it has set
 *   traceshim_reader   reads the rows of the tenant it has set
 *   traceshim_auditor  reads the rows of all tenants; may become a reader, to see what one tenant sees
 */

#include "../error.h"
#include "../store.h"

struct ts_pg;

/*
 * Makes the roles that are missing, lets them into the schema that is current, lets who asks be the owner, and `user` (NULL: who
 * asks) write and read everything. Where that is not allowed, -EACCES, and each statement that is left is told, for somebody who
 * may.
 */
int ts_pg_grant(struct ts_pg *pg, const char *user, ts_tell_fn *tell, void *context,
		struct ts_error *err);

#endif
