// SPDX-License-Identifier: Apache-2.0
#include "partitions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner.h"

/* A day a row; today and tomorrow, and what lies in the default partitions within the reach of traceshim_make_partition. */
static const char days_sql[] =
	"SELECT pg_catalog.to_char(day, 'YYYY-MM-DD') FROM ("
	"SELECT (now() AT TIME ZONE 'UTC')::date + n AS day FROM generate_series(0, 1) AS n"
	" UNION SELECT (started_at AT TIME ZONE 'UTC')::date FROM pipeline_traces_default"
	" UNION SELECT (started_at AT TIME ZONE 'UTC')::date FROM pipeline_spans_default) AS days"
	" WHERE day BETWEEN (now() AT TIME ZONE 'UTC')::date - 400 AND (now() AT TIME ZONE "
	"'UTC')::date + 3"
	" ORDER BY day";

#define DAY_TEXT  16
#define MOST_DAYS 404

struct days {
	char text[MOST_DAYS][DAY_TEXT];
	size_t n;
};

static int take_day(void *context, const struct ts_pg_field *fields, size_t n)
{
	struct days *days = context;

	(void)n;
	if (days->n == MOST_DAYS)
		return -EINVAL;
	snprintf(days->text[days->n++], DAY_TEXT, "%s", fields[0].text);
	return 0;
}

static int take_answer(void *context, const struct ts_pg_field *fields, size_t n)
{
	(void)n;
	snprintf(context, sizeof(((struct ts_error *)0)->text), "%s",
		 fields[0].text ? fields[0].text : "");
	return 0;
}

static int make_one(struct ts_pg *pg, const char *parent, const char *day, ts_tell_fn *tell,
		    void *context, struct ts_error *err)
{
	const char *params[] = {parent, day};
	char sentence[640];
	struct ts_error answer = {.text = ""};
	const struct ts_pg_statement make = {
		.sql = "SELECT traceshim_make_partition($1, $2::date, NULL)",
		.params = params,
		.n_params = 2,
		.row = take_answer,
		.context = answer.text,
	};
	int result = ts_owner_ask(pg, &make, &answer);

	if (result < 0 && ts_pg_is_lost(pg))
		return ts_error_set(err, result, "%s", answer.text);
	if (result == 0 && strcmp(answer.text, "there") == 0)
		return 0;
	if (result == 0 && strcmp(answer.text, "made") == 0)
		snprintf(sentence, sizeof(sentence), "partition of %s for %s", parent, day);
	else
		snprintf(sentence, sizeof(sentence),
			 "no partition of %s for %s, its rows go to the default one: %s", parent,
			 day, answer.text);
	tell(context, sentence);
	return 0;
}

int ts_partitions_make(struct ts_pg *pg, ts_tell_fn *tell, void *context, struct ts_error *err)
{
	struct days *days = calloc(1, sizeof(*days));
	const struct ts_pg_statement ask = {.sql = days_sql, .row = take_day, .context = days};
	int result;

	if (!days)
		return ts_error_set(err, -ENOMEM, "out of memory");
	result = ts_owner_ask(pg, &ask, err);
	for (size_t i = 0; result == 0 && i < days->n; i++) {
		result = make_one(pg, "pipeline_traces", days->text[i], tell, context, err);
		if (result == 0)
			result = make_one(pg, "pipeline_spans", days->text[i], tell, context, err);
	}
	free(days);
	return result;
}
