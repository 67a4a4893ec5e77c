/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TRACES_PERIOD_H
#define TS_COMMAND_TRACES_PERIOD_H

/* Which traces are meant: --since, --until, --pipeline and --user of the commands that look at many. */

#include <stdint.h>

#include "../../query/query.h"

int64_t ts_now_us(void);

/* `option` is "--since" or "--until". 0, or -EINVAL with the sentence printed. */
int ts_period_take(struct ts_query_filter *filter, const char *option, const char *text,
		   int64_t now_us);

/* Is there any time between the two? 0, or -EINVAL with the sentence printed. */
int ts_period_check(const struct ts_query_filter *filter, int64_t now_us);

/*
 * The texts of both options, each NULL where it was not given: a day, up to the end or to now, where no begin was. 0, or
 * -EINVAL with the sentence printed.
 */
int ts_period_recent(struct ts_query_filter *filter, const char *since, const char *until,
		     int64_t now_us);

/*
 * A line on stderr for what no trace is like: how the pipeline is spelt that was meant (then true), where in time there are
 * some, or that nothing is stored at all.
 */
bool ts_period_say_none(struct ts_query *query, const struct ts_query_filter *filter,
			int64_t now_us);

#endif
