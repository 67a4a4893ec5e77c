// SPDX-License-Identifier: Apache-2.0
/* The upkeep of a PostgreSQL store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../moment.h"
#include "../store.h"
#include "connection.h"
#include "grants.h"
#include "owner.h"
#include "partitions.h"
#include "schema.h"

#define PATIENCE_S 86400 /* somebody sits before it, and may interrupt */

static int connect_to(struct ts_pg **ret, const char *url, struct ts_error *err)
{
	int result = ts_pg_open(ret, url, NULL, err);

	if (result == 0)
		ts_pg_patience(*ret, PATIENCE_S);
	return result;
}

/* Who may not become the owner is told how to. */
static int explain(const struct ts_pg *pg, int result, struct ts_error *err)
{
	struct ts_error why = *err;

	if (strcmp(ts_pg_sqlstate(pg), "42501") != 0 || strstr(why.text, "above"))
		return result;
	return ts_error_set(
		err, result,
		"%.300s; the upkeep is for members of traceshim_owner and for those who "
		"may run `traceshim store init`",
		why.text);
}

/* What is done with a connection, and what it needs to know. */
struct deed {
	int (*run)(struct ts_pg *pg, const struct deed *deed, struct ts_error *err);
	bool needs_store;
	ts_tell_fn *tell;
	void *context;
	const char *user;
	int64_t before_us;
	bool dry;
	struct ts_pruned *ret;
};

static int carry_out(const char *url, const struct deed *deed, struct ts_error *err)
{
	struct ts_pg *pg = NULL;
	int version = 0, result = connect_to(&pg, url, err);

	if (result < 0)
		return result;
	/* before anything is granted or changed */
	result = ts_pg_schema_version(pg, &version, err);
	if (result == 0 && version == 0 && deed->needs_store)
		result = ts_error_set(err, -ENOENT, TS_NO_STORE_YET);
	if (result == 0)
		result = deed->run(pg, deed, err);
	if (result < 0)
		explain(pg, result, err);
	ts_pg_close(pg);
	return result;
}

/* --- init, migrate ------------------------------------------------------------------------- */

/* Answers the version. */
static int migrate(struct ts_pg *pg, const struct deed *deed, struct ts_error *err)
{
	int version = ts_pg_schema_migrate(pg, deed->tell, deed->context, err);
	int result = version < 0 ? version : ts_partitions_make(pg, deed->tell, deed->context, err);

	return result < 0 ? result : version;
}

static int init(struct ts_pg *pg, const struct deed *deed, struct ts_error *err)
{
	int result = ts_pg_grant(pg, deed->user, deed->tell, deed->context, err);

	return result < 0 ? result : migrate(pg, deed, err);
}

static int admin_init(const char *url, const char *user, ts_tell_fn *tell, void *context,
		      struct ts_error *err)
{
	const struct deed deed = {.run = init, .tell = tell, .context = context, .user = user};

	return carry_out(url, &deed, err);
}

static int admin_migrate(const char *url, ts_tell_fn *tell, void *context, struct ts_error *err)
{
	const struct deed deed = {
		.run = migrate, .needs_store = true, .tell = tell, .context = context};

	return carry_out(url, &deed, err);
}

/* --- prune --------------------------------------------------------------------------------- */

static int prune(struct ts_pg *pg, const struct deed *deed, struct ts_error *err)
{
	return ts_partitions_prune(pg, deed->before_us, deed->dry, deed->ret, err);
}

static int admin_prune(const char *url, int64_t before_us, bool dry, struct ts_pruned *ret,
		       struct ts_error *err)
{
	const struct deed deed = {
		.run = prune,
		.needs_store = true,
		.before_us = before_us,
		.dry = dry,
		.ret = ret,
	};

	*ret = (struct ts_pruned){.traces = 0};
	return carry_out(url, &deed, err);
}

/* --- status -------------------------------------------------------------------------------- */

/* Times as text, so that they are moments whatever the server's settings are. %s: how many runs, where they are counted. */
/* clang-format off */
#define MOMENT(of) "pg_catalog.to_char(" of "(started_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
static const char status_sql[] =
	"WITH leaves AS (SELECT inhrelid AS oid FROM pg_inherits"
	"   WHERE inhparent IN ('pipeline_traces'::regclass, 'pipeline_spans'::regclass)),"
	" bytes(n) AS (SELECT sum(pg_catalog.pg_total_relation_size(oid)) FROM ("
	"   SELECT oid FROM leaves UNION ALL SELECT to_regclass('pipeline_runs')) AS tables),"
	" traces(n, strays, oldest, newest) AS (SELECT count(*),"
	"   count(*) FILTER (WHERE tableoid = 'pipeline_traces_default'::regclass),"
	"   " MOMENT("min") ", " MOMENT("max") " FROM pipeline_traces),"
	" spans(n, strays) AS (SELECT count(*),"
	"   count(*) FILTER (WHERE tableoid = 'pipeline_spans_default'::regclass) FROM pipeline_spans)"
	" SELECT traces.n, spans.n, %s, bytes.n, oldest, newest, (SELECT count(*) FROM leaves) - 2,"
	"   traces.strays + spans.strays,"
	"   (SELECT CASE attcompression WHEN 'l' THEN 'lz4' WHEN 'p' THEN 'pglz'"
	"     ELSE current_setting('default_toast_compression') END FROM pg_attribute"
	"     WHERE attrelid = 'pipeline_spans'::regclass AND attname = 'input_data')"
	" FROM traces, spans, bytes";
/* clang-format on */

/* Under row level security who may not see all rows is not told that there are others. */
static const char sees_all_sql[] =
	"SELECT rolsuper OR rolbypassrls OR pg_catalog.pg_has_role('traceshim_auditor', 'USAGE')"
	" OR pg_catalog.pg_has_role('traceshim_owner', 'USAGE') FROM pg_roles WHERE rolname = "
	"current_user";

static int take_flag(void *context, const struct ts_pg_field *fields, size_t n)
{
	(void)n;
	*(bool *)context = fields[0].text && *fields[0].text == 't';
	return 0;
}

static int64_t number(const struct ts_pg_field *field)
{
	return field->text ? atoll(field->text) : 0;
}

static int take_status(void *context, const struct ts_pg_field *fields, size_t n)
{
	struct ts_store_status *status = context;

	(void)n;
	status->traces = number(&fields[0]);
	status->spans = number(&fields[1]);
	status->runs = number(&fields[2]);
	status->bytes = number(&fields[3]);
	if (fields[4].text)
		ts_moment_parse(fields[4].text, &status->oldest_us);
	if (fields[5].text)
		ts_moment_parse(fields[5].text, &status->newest_us);
	status->partitions = number(&fields[6]);
	status->strays = number(&fields[7]);
	snprintf(status->compression, sizeof(status->compression), "%s",
		 fields[8].text ? fields[8].text : "");
	return 0;
}

static int ask_status(struct ts_pg *pg, struct ts_store_status *ret, struct ts_error *err)
{
	char sql[sizeof(status_sql) + 64];
	bool sees_all = false;
	const struct ts_pg_statement may = {
		.sql = sees_all_sql, .row = take_flag, .context = &sees_all};
	const struct ts_pg_statement ask = {.sql = sql, .row = take_status, .context = ret};
	int result = ts_pg_ask(pg, &may, err);

	if (result == 0 && !sees_all)
		return ts_error_set(err, -EACCES,
				    "who asks may not see the rows of all tenants; members of "
				    "traceshim_auditor may");
	snprintf(sql, sizeof(sql), status_sql,
		 ret->schema > 1 ? "(SELECT count(*) FROM pipeline_runs)" : "0");
	return result ? result : ts_pg_ask(pg, &ask, err);
}

static int admin_status(const char *url, struct ts_store_status *ret, struct ts_error *err)
{
	struct ts_pg *pg = NULL;
	int result = connect_to(&pg, url, err);
	char *end;

	*ret = (struct ts_store_status){.newest = ts_pg_schema_newest()};
	if (result < 0)
		return result;
	snprintf(ret->server, sizeof(ret->server), "PostgreSQL %s", ts_pg_server_version(pg));
	end = strstr(ret->server, " (");
	if (end)
		*end = '\0';
	result = ts_pg_schema_version(pg, &ret->schema, err);
	/* What is newer, or not quite ours, has numbers all the same. */
	if (result == 0 || result == -EPROTONOSUPPORT || result == -EBADMSG)
		result = ret->schema ? ask_status(pg, ret, err) : 0;
	ts_pg_close(pg);
	return result;
}

__attribute__((visibility("default"))) extern const struct ts_admin ts_admin;
const struct ts_admin ts_admin = {
	.scheme = "postgresql",
	.init = admin_init,
	.migrate = admin_migrate,
	.status = admin_status,
	.prune = admin_prune,
};
