/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PERIOD_H
#define TS_COMMAND_PERIOD_H

/* Which traces are meant: --since, --until, --pipeline and --user of the commands that look at many. */

#include <stdint.h>

#include "../query/query.h"

int64_t ts_now_us(void);

/* `option` is "--since" or "--until". 0, or -EINVAL with the sentence printed. */
int ts_period_take(struct ts_query_filter *filter, const char *option, const char *text,
		   int64_t now_us);

/* Is there any time between the two? 0, or -EINVAL with the sentence printed. */
int ts_period_check(const struct ts_query_filter *filter, int64_t now_us);

/*
 * A line on stderr for a period without traces: where there are some, or how the pipeline is spelt that was meant.
 */
void ts_period_say_none(struct ts_query *query, const struct ts_query_filter *filter,
			int64_t now_us);

#endif
