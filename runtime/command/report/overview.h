/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_REPORT_OVERVIEW_H
#define TS_COMMAND_REPORT_OVERVIEW_H

/* A report in words and tables. */

#include "../../query/query.h"
#include "../../report/report.h"

struct ts_overview {
	struct ts_report *report; /* of at least one trace, finished */
	const struct ts_query_filter *filter;
	int64_t now_us;
	size_t top; /* lines a table */
};

/* To standard output. 0, or a negative errno. */
int ts_overview_print(struct ts_query *query, const struct ts_overview *overview,
		      struct ts_error *err);

#endif
