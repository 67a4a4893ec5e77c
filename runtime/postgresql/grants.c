// SPDX-License-Identifier: Apache-2.0
#include "grants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

#define MOST  24 /* statements; there are at most 15 */
#define TRIES 5

/*
 * The statements that are left to run, in order. $1 is the user. What is asked about comes from tables, never as constants, and
 * behind CASE: privileges of roles that are not there cannot be asked for. Since version 16 a member may lack the right to
 * become the owner, or to be more than its administrator.
 */
/* clang-format off */
static const char plan_sql[] =
	"WITH asked AS (SELECT COALESCE($1::text, current_user::text) AS who, current_user::text AS me,"
	"   pg_catalog.current_schema()::text AS home,"
	"   CASE WHEN pg_catalog.current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END AS become),"
	" roles(name) AS (VALUES"
	"   ('traceshim_owner'), ('traceshim_writer'), ('traceshim_reader'), ('traceshim_auditor')),"
	" members(role, member, how) AS ("
	"   SELECT 'traceshim_reader', 'traceshim_auditor', become FROM asked"
	"   UNION ALL SELECT 'traceshim_owner', me, become FROM asked"
	"   UNION ALL SELECT 'traceshim_writer', who, 'USAGE' FROM asked"
	"   UNION ALL SELECT 'traceshim_auditor', who, 'USAGE' FROM asked),"
	" allowed(role, what) AS (SELECT name, 'USAGE' FROM roles"
	"   UNION ALL VALUES ('traceshim_owner', 'CREATE'))"
	" SELECT pg_catalog.format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', name), 1 AS step FROM roles"
	"   WHERE pg_catalog.to_regrole(name) IS NULL"
	" UNION ALL SELECT pg_catalog.format('GRANT %I TO %I', role, member), 2 FROM members"
	"   WHERE CASE WHEN pg_catalog.to_regrole(role) IS NULL OR pg_catalog.to_regrole(pg_catalog.quote_ident(member)) IS NULL"
	"     THEN NOT COALESCE((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = member), false)"
	"     ELSE NOT pg_catalog.pg_has_role(member::name, role::name, how) END"
	" UNION ALL SELECT pg_catalog.format('GRANT %s ON SCHEMA %I TO %I', what, home, role), 3 FROM allowed, asked"
	"   WHERE NOT pg_catalog.has_schema_privilege("
	"     CASE WHEN pg_catalog.to_regrole(role) IS NULL THEN 'public' ELSE role END::name, home, what)"
	" ORDER BY step";
/* clang-format on */

struct plan {
	char *statements[MOST];
	size_t n;
};

static int take_statement(void *context, const struct ts_pg_field *fields, size_t n)
{
	struct plan *plan = context;

	(void)n;
	if (plan->n == MOST || !fields[0].text)
		return -EINVAL;
	plan->statements[plan->n] = strdup(fields[0].text);
	return plan->statements[plan->n++] ? 0 : -ENOMEM;
}

static void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		free(plan->statements[i]);
}

static int refuse(const struct plan *plan, size_t from, ts_tell_fn *tell, void *context,
		  struct ts_error *err)
{
	char sentence[256];
	struct ts_error why = *err;

	tell(context, "to be run by somebody who may, in this database:");
	for (size_t i = from; i < plan->n; i++) {
		snprintf(sentence, sizeof(sentence), "  %s;", plan->statements[i]);
		tell(context, sentence);
	}
	return ts_error_set(err, -EACCES,
			    "%.380s; once the statements above were run, run this again", why.text);
}

/* Somebody else is at it: it is there, it is being changed. */
static bool is_race(const char *sqlstate)
{
	static const char *const races[] = {"42710", "23505", "XX000", "40001"};

	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++)
		if (strcmp(sqlstate, races[i]) == 0)
			return true;
	return false;
}

/* All statements; -EAGAIN where another plan is needed. */
static int carry_out(struct ts_pg *pg, const struct plan *plan, ts_tell_fn *tell, void *context,
		     struct ts_error *err)
{
	int result;

	for (size_t i = 0; i < plan->n; i++) {
		result = ts_pg_run(pg, plan->statements[i], err);
		if (result < 0 && strcmp(ts_pg_sqlstate(pg), "42501") == 0)
			return refuse(plan, i, tell, context, err);
		if (result < 0)
			return is_race(ts_pg_sqlstate(pg)) ? -EAGAIN : result;
		tell(context, plan->statements[i]);
	}
	return 0;
}

static int ask_plan(struct ts_pg *pg, const char *user, struct plan *ret, struct ts_error *err)
{
	const struct ts_pg_statement ask = {
		.sql = plan_sql,
		.params = &user,
		.n_params = 1,
		.row = take_statement,
		.context = ret,
	};

	return ts_pg_ask(pg, &ask, err);
}

/*
 * The server warns, and that is all, where somebody grants what is not theirs to grant. A plan may still hold memberships:
 * of who asks for them by name, with SET ROLE.
 */
static int check(struct ts_pg *pg, const char *user, ts_tell_fn *tell, void *context,
		 struct ts_error *err)
{
	struct plan plan = {.n = 0};
	int result = ask_plan(pg, user, &plan, err);

	for (size_t i = 0; result == 0 && i < plan.n; i++)
		if (strstr(plan.statements[i], " ON SCHEMA ")) {
			ts_error_set(err, 0, "permission denied to grant on the schema");
			result = refuse(&plan, i, tell, context, err);
		}
	plan_release(&plan);
	return result;
}

int ts_pg_grant(struct ts_pg *pg, const char *user, ts_tell_fn *tell, void *context,
		struct ts_error *err)
{
	int result = -EAGAIN;

	for (int i = 0; result == -EAGAIN && i < TRIES; i++) {
		struct plan plan = {.n = 0};

		result = ask_plan(pg, user, &plan, err);
		if (result == 0)
			result = carry_out(pg, &plan, tell, context, err);
		plan_release(&plan);
	}
	return result ? result : check(pg, user, tell, context, err);
}
