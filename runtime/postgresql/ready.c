// SPDX-License-Identifier: Apache-2.0
#include "ready.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "connection.h"

static int take_flag(void *context, const struct ts_pg_field *fields, size_t n)
{
	(void)n;
	*(bool *)context = fields[0].text && *fields[0].text == 't';
	return 0;
}

int ts_ready_to_read(struct ts_pg *pg, struct ts_error *err)
{
	bool there = false;
	int result = ts_pg_select(pg, "SELECT to_regclass('pipeline_runs') IS NOT NULL", NULL, 0,
				  take_flag, &there, err);

	if (result == 0 && !there)
		result = ts_error_set(err, -ENOENT, "nothing was stored there yet");
	return result;
}

int ts_ready_to_write(struct ts_pg *pg, struct ts_error *err)
{
	return ts_ready_to_read(pg, err);
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
