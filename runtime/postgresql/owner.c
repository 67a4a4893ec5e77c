// SPDX-License-Identifier: Apache-2.0
#include "owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Functions are named with their schema: in the user's there may be others of theirs that fit the arguments better, made
 * by somebody who waits for a superuser to come by.
 */
/* The schema is the user's, not the owner's: "$user" in a search_path means another one as soon as the role is set. */
#define BEGIN  "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
#define LIMITS "SET LOCAL lock_timeout = '5s'", "SET LOCAL statement_timeout = 0"
#define IN_SCHEMA                                      \
	"SELECT pg_catalog.set_config('search_path', " \
	"pg_catalog.quote_ident(pg_catalog.current_schema()), true)"
#define AS_OWNER "SET LOCAL ROLE traceshim_owner"

static const char *const preamble[] = {BEGIN, LIMITS, IN_SCHEMA, AS_OWNER};
#define N_PREAMBLE (sizeof(preamble) / sizeof(preamble[0]))

int ts_owner_run(struct ts_pg *pg, const char *sql, struct ts_error *err)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int result;

	if (!out)
		return ts_error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < N_PREAMBLE; i++)
		fprintf(out, "%s;\n", preamble[i]);
	fprintf(out, "%s;\nCOMMIT", sql);
	if (fclose(out) != 0) {
		free(text);
		return ts_error_set(err, -ENOMEM, "out of memory");
	}
	result = ts_pg_run(pg, text, err);
	free(text);
	return result;
}

int ts_owner_ask(struct ts_pg *pg, const struct ts_pg_statement *statement, struct ts_error *err)
{
	for (size_t i = 0; i < N_PREAMBLE; i++)
		ts_pg_send(pg, &(struct ts_pg_statement){.sql = preamble[i]}, err);
	ts_pg_send(pg, statement, err);
	return ts_pg_ask(pg, &(struct ts_pg_statement){.sql = "COMMIT"}, err);
}
