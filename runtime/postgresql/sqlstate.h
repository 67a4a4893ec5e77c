/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_SQLSTATE_H
#define TS_POSTGRESQL_SQLSTATE_H

/* What a failure of the server means for us: a negative errno, as connection.h lists them. NULL: the connection broke. */
int ts_sqlstate_result(const char *sqlstate);

#endif
