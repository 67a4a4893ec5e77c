/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_COMPARE_COMPARE_H
#define TS_COMMAND_COMPARE_COMPARE_H

/* What `compare` prints: of two sets, and of two traces. Each answers the exit status. */

#include "../../query/query.h"
#include "../../report/align.h"
#include "../../report/compare.h"

struct ts_compared_sets {
	const struct ts_compare *compare; /* finished */
	const struct ts_query_filter *filters[2];
	int64_t now_us;
};

int ts_compare_print_sets(const struct ts_compared_sets *sets);
int ts_compare_print_sets_json(const struct ts_compared_sets *sets);

struct ts_compared_traces {
	const struct ts_trace *traces[2];
	const struct ts_tree *trees[2];
	const struct ts_alignment *alignment;
};

int ts_compare_print_traces(const struct ts_compared_traces *traces);
int ts_compare_print_traces_json(const struct ts_compared_traces *traces);

#endif
