/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_COMPARE_SET_H
#define TS_COMMAND_COMPARE_SET_H

/* Conditions as `compare --before` and `--after` take them: which traces stand on that side. */

#include "../../query/query.h"

/*
 * One condition, which is taken apart where it stands: A..B (either may be missing), a date (that day), program=,
 * pipeline=, user= or attributes.KEY=. 0, or -EINVAL with the sentence printed.
 */
int ts_set_take(struct ts_query_filter *filter, const char *option, char *condition,
		int64_t now_us);

/* "2026-11-01 00:00 to now, program bot": the filter in words, to standard output. */
void ts_set_print(const struct ts_query_filter *filter, int64_t now_us);

#endif
