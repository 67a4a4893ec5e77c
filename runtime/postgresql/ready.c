// SPDX-License-Identifier: Apache-2.0
#include "ready.h"

#include <errno.h>
#include <string.h>

#include "connection.h"
#include "grants.h"
#include "schema.h"

int ts_ready_to_read(struct ts_pg *pg, struct ts_error *err)
{
	int version = 0, result = ts_pg_schema_version(pg, &version, err);

	if (result == 0 && version == 0)
		result = ts_error_set(err, -ENOENT, "nothing was stored there yet");
	return result;
}

static void say_nothing(void *context, const char *sentence)
{
	(void)context;
	(void)sentence;
}

/* As `traceshim store init` and `migrate` do. */
static int make(struct ts_pg *pg, int version, struct ts_error *err)
{
	int result = version ? 0 : ts_pg_grant(pg, NULL, say_nothing, NULL, err);

	if (result == 0)
		result = ts_pg_schema_migrate(pg, say_nothing, NULL, err);
	return result < 0 ? result : 0;
}

int ts_ready_to_write(struct ts_pg *pg, struct ts_error *err)
{
	int version = 0, result = ts_pg_schema_version(pg, &version, err);

	if (result < 0 || version == ts_pg_schema_newest())
		return result;
	result = make(pg, version, err);
	if (result == -EACCES && version)
		result = ts_error_set(err, -EACCES,
				      "its tables are of an older traceshim, schema version %d; "
				      "`traceshim store migrate URL` brings them up to %d",
				      version, ts_pg_schema_newest());
	else if (result == -EACCES)
		result = ts_error_set(
			err, -EACCES,
			"its tables are not there yet; `traceshim store init URL`, run "
			"by who may, makes them");
	return result;
}

void ts_ready_hint(const struct ts_pg *pg, struct ts_error *err)
{
	static const char hint[] = "; `traceshim store init URL` makes and grants what is missing";
	static const char *const states[] = {
		"3F000", /* no such schema */
		"42501", /* privilege */
		"42704", /* no such role */
		"42883", /* no such function */
		"42P01", /* no such table */
		"42703", /* no such column */
	};
	size_t n = err ? strlen(err->text) : 0;

	for (size_t i = 0; n && i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(ts_pg_sqlstate(pg), states[i]) == 0 &&
		    n + sizeof(hint) <= sizeof(err->text))
			memcpy(err->text + n, hint, sizeof(hint));
}
