// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "owner.h"
#include "sql_postgresql.h"

#define N_MIGRATIONS (sizeof(migrations) / sizeof(migrations[0]))

int ts_pg_schema_newest(void)
{
	return migrations[N_MIGRATIONS - 1].number;
}

struct applied {
	int version;
	int changed; /* a migration that was run as another text; 0: none */
};

static int take_applied(void *context, const struct ts_pg_field *fields, size_t n)
{
	struct applied *applied = context;
	int number = atoi(fields[0].text);

	(void)n;
	if (number > applied->version)
		applied->version = number;
	for (size_t i = 0; i < N_MIGRATIONS; i++)
		if (migrations[i].number == number &&
		    strcmp(migrations[i].checksum, fields[1].text) != 0)
			applied->changed = number;
	return 0;
}

int ts_pg_schema_version(struct ts_pg *pg, int *ret, struct ts_error *err)
{
	struct applied applied = {.version = 0};
	const struct ts_pg_statement ask = {
		.sql = "SELECT number, checksum FROM traceshim_migrations",
		.row = take_applied,
		.context = &applied,
	};
	int result = ts_pg_ask(pg, &ask, err);

	if (result < 0 && strcmp(ts_pg_sqlstate(pg), "42P01") != 0)
		return result;
	*ret = applied.version;
	if (applied.version > ts_pg_schema_newest())
		return ts_error_set(
			err, -EPROTONOSUPPORT,
			"the tables are of a newer traceshim: their schema is version %d, this one "
			"knows up to %d",
			applied.version, ts_pg_schema_newest());
	if (applied.changed)
		return ts_error_set(
			err, -EBADMSG,
			"the tables are not this traceshim's: migration %d was run there "
			"as another text (its checksum differs)",
			applied.changed);
	return 0;
}

/* Its text, behind the lock and the question whether somebody else was faster, which unique_violation answers. */
static char *text_of(size_t migration)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fprintf(out,
		"SELECT pg_catalog.pg_advisory_xact_lock(%d, pg_catalog.hashtext("
		"pg_catalog.format('%%s.traceshim_migrations', pg_catalog.current_schema())));\n"
		"DO $do$ BEGIN\n"
		"IF pg_catalog.to_regclass('traceshim_migrations') IS NOT NULL THEN\n"
		"IF EXISTS (SELECT FROM traceshim_migrations WHERE number = %d) THEN\n"
		"RAISE unique_violation; END IF; END IF; END $do$;\n"
		"%s;\n"
		"INSERT INTO traceshim_migrations (number, name, checksum) VALUES (%d, '%s', '%s')",
		0x54524345, migrations[migration].number, migrations[migration].sql,
		migrations[migration].number, migrations[migration].name,
		migrations[migration].checksum);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int run_one(struct ts_pg *pg, size_t migration, ts_tell_fn *tell, void *context,
		   struct ts_error *err)
{
	char sentence[128], *text = text_of(migration);
	struct ts_error why;
	int result;

	if (!text)
		return ts_error_set(err, -ENOMEM, "out of memory");
	result = ts_owner_run(pg, text, &why);
	free(text);
	snprintf(sentence, sizeof(sentence), "migration %d (%s)", migrations[migration].number,
		 migrations[migration].name);
	if (result == 0)
		tell(context, sentence);
	else
		ts_error_set(err, result, "%s: %.380s", sentence, why.text);
	return result;
}

int ts_pg_schema_migrate(struct ts_pg *pg, ts_tell_fn *tell, void *context, struct ts_error *err)
{
	int version = 0, result = ts_pg_schema_version(pg, &version, err);

	for (size_t i = 0; result == 0 && i < N_MIGRATIONS; i++) {
		if (migrations[i].number <= version)
			continue;
		result = run_one(pg, i, tell, context, err);
		if (result < 0 && strcmp(ts_pg_sqlstate(pg), "23505") == 0) {
			result = ts_pg_schema_version(pg, &version, err);
			if (result == 0 && version < migrations[i].number)
				result = -EINVAL;
		}
	}
	return result < 0 ? result : ts_pg_schema_newest();
}
