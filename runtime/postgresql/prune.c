// SPDX-License-Identifier: Apache-2.0
/*
 * What is older than a moment: whole days by dropping their partitions, the rest row by row, some thousand rows a
 * transaction, so that nobody waits for long.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../moment.h"
#include "owner.h"
#include "partitions.h"

#define ROWS         "10000" /* a transaction deletes at most */
#define DROP_TRIES   5
#define DROP_PAUSE_S 1

struct prune {
	struct ts_pg *pg;
	struct ts_pruned *ret;
	struct ts_moment_text before;
	bool dry;
};

static int take_number(void *context, const struct ts_pg_field *fields, size_t n)
{
	(void)n;
	*(int64_t *)context = fields[0].text ? atoll(fields[0].text) : 0;
	return 0;
}

static int ask_number(struct prune *prune, const char *sql, const char *param, int64_t *ret,
		      struct ts_error *err)
{
	const struct ts_pg_statement ask = {
		.sql = sql,
		.params = &param,
		.n_params = param != NULL,
		.row = take_number,
		.context = ret,
	};

	return ts_owner_ask(prune->pg, &ask, err);
}

/* --- whole days ---------------------------------------------------------------------------- */

#define NAME_BYTES 64

struct leaves {
	char (*names)[NAME_BYTES];
	size_t n;
};

static int take_leaf(void *context, const struct ts_pg_field *fields, size_t n)
{
	struct leaves *leaves = context;
	char(*more)[NAME_BYTES] = reallocarray(leaves->names, leaves->n + 1, NAME_BYTES);

	(void)n;
	if (!more)
		return -ENOMEM;
	leaves->names = more;
	snprintf(leaves->names[leaves->n++], NAME_BYTES, "%s", fields[0].text);
	return 0;
}

/* Days that ended by then; their names stand in statements as they are. Spans first: spans without their trace are never found. */
/* clang-format off */
static const char leaves_sql[] =
	"SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
	" WHERE i.inhparent IN ('pipeline_traces'::regclass, 'pipeline_spans'::regclass)"
	" AND CASE WHEN c.relname::text ~ '^[a-z_][a-z0-9_]*_[0-9]{8}$' THEN"
	"   (pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' <= $1::timestamptz END"
	" ORDER BY pg_catalog.right(c.relname, 8), c.relname";
/* clang-format on */

static int drop(struct prune *prune, const char *leaf, struct ts_error *err)
{
	char sql[128];
	int result = -EAGAIN;

	snprintf(sql, sizeof(sql), "SET LOCAL lock_timeout = '2s'; DROP TABLE %s", leaf);
	/* Whoever reads the table holds it off, and who comes then waits behind us: not for long at a time. */
	for (int i = 0; result == -EAGAIN && i < DROP_TRIES; i++) {
		if (i)
			nanosleep(&(struct timespec){.tv_sec = DROP_PAUSE_S}, NULL);
		result = ts_owner_run(prune->pg, sql, err);
	}
	return result;
}

static int prune_leaf(struct prune *prune, const char *leaf, struct ts_error *err)
{
	int64_t *rows =
		strncmp(leaf, "pipeline_spans", 14) ? &prune->ret->traces : &prune->ret->spans;
	int64_t n = 0, bytes = 0;
	char sql[160];
	int result;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", leaf);
	result = ask_number(prune, sql, NULL, &n, err);
	snprintf(sql, sizeof(sql), "SELECT pg_catalog.pg_total_relation_size('%s')", leaf);
	if (result == 0)
		result = ask_number(prune, sql, NULL, &bytes, err);
	if (result == 0 && !prune->dry)
		result = drop(prune, leaf, err);
	/* 42P01: somebody else dropped it, whose count it is. */
	if (result < 0)
		return strcmp(ts_pg_sqlstate(prune->pg), "42P01") ? result : 0;
	*rows += n;
	prune->ret->freed_bytes += bytes;
	prune->ret->partitions++;
	return 0;
}

static int prune_days(struct prune *prune, struct ts_error *err)
{
	const char *before = prune->before.text;
	struct leaves leaves = {.n = 0};
	const struct ts_pg_statement ask = {
		.sql = leaves_sql,
		.params = &before,
		.n_params = 1,
		.row = take_leaf,
		.context = &leaves,
	};
	int result = ts_owner_ask(prune->pg, &ask, err);

	for (size_t i = 0; result == 0 && i < leaves.n; i++)
		result = prune_leaf(prune, leaves.names[i], err);
	free(leaves.names);
	return result;
}

/* --- row by row ------------------------------------------------------------------------------ */

/* `table` and its column of time; all that is left of it after the days went, when not dry. */
static int prune_rows(struct prune *prune, const char *table, const char *column, int64_t *rows,
		      struct ts_error *err)
{
	char sql[320];
	int64_t n = 0;
	int result;

	if (prune->dry) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s < $1::timestamptz",
			 table, column);
		result = ask_number(prune, sql, prune->before.text, &n, err);
		*rows += n;
		return result;
	}
	snprintf(sql, sizeof(sql),
		 "WITH gone AS (DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %s"
		 " WHERE %s < $1::timestamptz LIMIT " ROWS
		 ")) RETURNING 1) SELECT count(*) FROM gone",
		 table, table, column);
	do {
		result = ask_number(prune, sql, prune->before.text, &n, err);
		*rows += result == 0 ? n : 0;
	} while (result == 0 && n > 0);
	return result;
}

/* The default partition, and that of the day in which the moment lies. */
static int prune_rest(struct prune *prune, const char *table, int64_t *rows, struct ts_error *err)
{
	char leaf[NAME_BYTES], sql[128];
	int64_t there = 0;
	int result;

	snprintf(leaf, sizeof(leaf), "%s_default", table);
	result = prune_rows(prune, leaf, "started_at", rows, err);
	snprintf(leaf, sizeof(leaf), "%s_%.4s%.2s%.2s", table, prune->before.text,
		 prune->before.text + 5, prune->before.text + 8);
	snprintf(sql, sizeof(sql), "SELECT (to_regclass('%s') IS NOT NULL)::int", leaf);
	if (result == 0)
		result = ask_number(prune, sql, NULL, &there, err);
	return result == 0 && there ? prune_rows(prune, leaf, "started_at", rows, err) : result;
}

static const char size_sql[] = "SELECT pg_catalog.pg_total_relation_size('pipeline_traces_default')"
			       " + pg_catalog.pg_total_relation_size('pipeline_spans_default')"
			       " + pg_catalog.pg_total_relation_size('pipeline_runs')";

/*
 * Space within the tables goes back as far as it lies at their ends; what does not is used again, and that of a day's partition
 * goes with it. VACUUM is for the owner, but in no transaction: the server leaves out, with a warning, what is not the user's.
 */
static int give_back(struct prune *prune, struct ts_error *err)
{
	static const char *const tables[] = {"pipeline_traces_default", "pipeline_spans_default",
					     "pipeline_runs"};
	int64_t before = 0, after = 0;
	int result = ask_number(prune, size_sql, NULL, &before, err);
	char sql[64];

	for (size_t i = 0; result == 0 && i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(sql, sizeof(sql), "VACUUM %s", tables[i]);
		result = ts_pg_run(prune->pg, sql, err);
	}
	if (result == 0)
		result = ask_number(prune, size_sql, NULL, &after, err);
	if (result == 0 && after < before)
		prune->ret->freed_bytes += before - after;
	return result;
}

int ts_partitions_prune(struct ts_pg *pg, int64_t before_us, bool dry, struct ts_pruned *ret,
			struct ts_error *err)
{
	struct prune prune = {
		.pg = pg,
		.ret = ret,
		.before = ts_moment_format(before_us),
		.dry = dry,
	};
	int64_t by_row;
	int result = prune_days(&prune, err);

	by_row = -ret->traces - ret->spans;
	if (result == 0)
		result = prune_rest(&prune, "pipeline_spans", &ret->spans, err);
	if (result == 0)
		result = prune_rest(&prune, "pipeline_traces", &ret->traces, err);
	if (result == 0)
		result = prune_rows(&prune, "pipeline_runs", "seen_at", &ret->runs, err);
	by_row += ret->traces + ret->spans + ret->runs;
	return result == 0 && by_row && !dry ? give_back(&prune, err) : result;
}
