/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BILL_H
#define TS_BILL_H

/* What the calls of language models in one trace used and cost together. */

#include <stdbool.h>
#include <stddef.h>

#include "../span.h"

/*
 * A call inside another that tells for itself what it used is part of that one, and counts once; a call that tells nothing,
 * but holds one that does, is that one. A sum may be of some calls only: then it is the least there was.
 */
struct ts_bill {
	size_t calls;         /* 0: no call tells of anything */
	size_t unknown_costs; /* of them */
	int64_t nano_usd;     /* of the others */
	bool more_usd;        /* the cost of some is unknown, or a lower bound */
	int64_t input_tokens; /* likewise */
	int64_t output_tokens;
	bool more_input, more_output;
};

/* Of the n spans of a trace. 0 or -ENOMEM. */
int ts_bill_make(struct ts_bill *ret, const struct ts_span *spans, size_t n);

#endif
