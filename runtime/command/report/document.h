/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_REPORT_DOCUMENT_H
#define TS_COMMAND_REPORT_DOCUMENT_H

/* What `report --json` prints; traceshim-report(1) is its contract. */

#include "../../query/query.h"
#include "../../report/report.h"

/* At most `top` rows a table, 0: all. From malloc, or NULL where memory ran out. */
char *ts_document_report(struct ts_report *report, const struct ts_query_filter *filter,
			 size_t top);

#endif
