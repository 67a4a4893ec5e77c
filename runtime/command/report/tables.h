/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_REPORT_TABLES_H
#define TS_COMMAND_REPORT_TABLES_H

/* The tables of a report, to standard output. */

#include "overview.h"

/* All of them. 0, or a negative errno. */
int ts_overview_tables(struct ts_query *query, const struct ts_overview *overview,
		       struct ts_error *err);

/* The one by what was asked for. 0 or -ENOMEM. */
int ts_overview_rows(const struct ts_overview *overview);

#endif
