/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_CONNECTION_H
#define TS_POSTGRESQL_CONNECTION_H

/*
 * A connection to PostgreSQL, on libpq, which is included nowhere else. Nothing here waits longer than the
 * connection's patience, and what waits opens the gate. A connection that broke or ran out of patience answers
 * nothing any more: close it. Sentences hold the server's words, never a password.
 *
 * Results: 0, or a negative errno:
 *   -ECONNRESET, -ETIMEDOUT  lost; what was asked was done or not, nobody knows
 *   -EILSEQ                  the server will never take a value of it (SQLSTATE 22..., 23502, 23514, 54000)
 *   -EAGAIN                  not now (40..., 53..., 55P03, 57..., 08...)
 *   -EROFS, -ENOSPC          it cannot write; has no room
 *   -EACCES                  it does not let us, or there is no such table (28..., 42..., 3D000)
 *   -EINVAL                  anything else
 */

#include <stdbool.h>
#include <stddef.h>

#include "../error.h"

struct ts_gate;
struct ts_pg;

/*
 * `url` is one of libpq's (postgresql://...); environment variables (PGHOST, PGPASSWORD, ...) have no say, for they are
 * the program's around us. ~/.pgpass has. The gate, NULL where nobody forks, outlives the connection.
 */
int ts_pg_open(struct ts_pg **ret, const char *url, const struct ts_gate *gate,
	       struct ts_error *err);
/* NULL is fine. In a child of the process that opened it, it ends nothing that is the parent's. */
void ts_pg_close(struct ts_pg *pg);

/* Seconds that one ts_pg_run, or all from the first ts_pg_send to ts_pg_sync, may take. At first 30. */
void ts_pg_patience(struct ts_pg *pg, int seconds);

/* It is of no use any more. */
bool ts_pg_is_lost(const struct ts_pg *pg);
/* Of the last failure; "" where there is none. */
const char *ts_pg_sqlstate(const struct ts_pg *pg);
/* "15.20 (Debian ...)" */
const char *ts_pg_server_version(const struct ts_pg *pg);

/*
 * One SQL text of any number of statements; what they answer is dropped. A transaction that a failure leaves open is rolled
 * back.
 */
int ts_pg_run(struct ts_pg *pg, const char *sql, struct ts_error *err);

/* One value of a row, as text. */
struct ts_pg_field {
	const char *text;  /* NULL: NULL */
	unsigned int type; /* OID */
};

/* Called for each row; non-zero takes no further ones and is the query's result. */
typedef int ts_pg_row_fn(void *context, const struct ts_pg_field *fields, size_t n);

/* A statement with parameters $1, $2, ... */
struct ts_pg_statement {
	const char *sql;
	size_t n_params;
	const char *const *params; /* NULL: NULL */
	const int *bytes;          /* of those that are binary; NULL: all are text */
	const unsigned int *types; /* OIDs; NULL: the server finds out */
	ts_pg_row_fn *row;         /* NULL: rows are dropped */
	void *context;
};

/*
 * Sends a statement ahead; nothing of it is needed any more when this returns. Answers come with ts_pg_sync, in order,
 * all in one round trip. After one that fails the server skips the others up to there; what is not between BEGIN and
 * COMMIT is one transaction of its own. A failure to send shows in ts_pg_sync, too.
 */
int ts_pg_send(struct ts_pg *pg, const struct ts_pg_statement *statement, struct ts_error *err);
/* The first failure of all that was sent. A transaction that is left open then is rolled back. */
int ts_pg_sync(struct ts_pg *pg, struct ts_error *err);

/* One statement, and its rows: a round trip of its own. */
int ts_pg_ask(struct ts_pg *pg, const struct ts_pg_statement *statement, struct ts_error *err);

#endif
