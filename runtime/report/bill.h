/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_BILL_H
#define TS_REPORT_BILL_H

/* What the calls of language models in one trace used and cost together. */

#include <stdbool.h>
#include <stddef.h>

#include "../span.h"

/* Of calls inside each other those that count (spend.h). A sum may be of some calls only: then it is the least there was. */
struct ts_bill {
	size_t calls;         /* 0: no call tells of anything */
	size_t unknown_costs; /* of them */
	int64_t nano_usd;     /* of the others */
	bool more_usd;        /* the cost of some is unknown, or a lower bound */
	int64_t input_tokens; /* likewise */
	int64_t output_tokens;
	bool more_input, more_output;
};

/* Of the n spans of a trace, in start order. 0 or -ENOMEM. */
int ts_bill_make(struct ts_bill *ret, const struct ts_trace *trace, const struct ts_span *spans,
		 size_t n);

#endif
