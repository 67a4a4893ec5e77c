// SPDX-License-Identifier: Apache-2.0
#include "days.h"

#include <errno.h>
#include <stdbool.h>

#include "../moment.h"
#include "connection.h"

#define DAY_US (86400 * 1000000LL)

static bool is_seen(const struct ts_days *days, int32_t day)
{
	/* The last ones first: rows come in order of time. */
	for (size_t i = days->n; i > 0; i--)
		if (days->seen[i - 1] == day)
			return true;
	return false;
}

static int make(struct ts_days *days, struct ts_pg *pg, int64_t started_us, struct ts_error *err)
{
	int32_t day = (int32_t)(started_us / DAY_US);
	struct ts_moment_text moment;
	const char *param = moment.text;
	const struct ts_pg_statement make = {
		.sql = "SELECT traceshim_make_partitions($1::date)",
		.params = &param,
		.n_params = 1,
	};

	if (is_seen(days, day))
		return 0;
	if (days->n == TS_DAYS)
		days->n = 0;
	days->seen[days->n++] = day;
	moment = ts_moment_format(started_us);
	moment.text[10] = '\0'; /* the date */
	ts_pg_ask(pg, &make, err);
	return ts_pg_is_lost(pg) ? -ECONNRESET : 0;
}

int ts_days_make(struct ts_days *days, struct ts_pg *pg, const struct ts_batch *batch,
		 struct ts_error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < batch->n_traces; i++)
		result = make(days, pg, batch->traces[i].started_us, err);
	for (size_t i = 0; result == 0 && i < batch->n_spans; i++)
		result = make(days, pg, batch->spans[i].started_us, err);
	return result;
}
