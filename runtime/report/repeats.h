/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_REPEATS_H
#define TS_REPORT_REPEATS_H

/*
 * Calls of one name under one parent, folded: loops, retries, and calls of another model after one that failed. Which
 * call is the n-th is told by the order in which they started.
 *
 * A call is a retry where the last of its name under that parent, model and provider the same, had failed before it
 * started. It is a fallback where it is a call of a model and the last one under that parent, which had failed before it
 * started, was of another name, model or provider. Models are the same where one of the names that a call has for its
 * own, asked for or answered by, is one of the other's, but for hosts and dates (modelname.h). One that started before the last of its name had ended ran beside it.
 */

#include "keyed.h"
#include "tree.h"

enum ts_repeat_kind { TS_REPEAT_SAME, TS_REPEAT_FALLBACK };

/* Key: the parent's name, that of the call, and of a fallback that of the call that had failed. */
struct ts_repeat {
	enum ts_repeat_kind kind;
	uint64_t traces;  /* in which it was so */
	uint64_t parents; /* calls of the parent in which it was so */
	/* of TS_REPEAT_SAME: */
	uint64_t calls; /* under all these parents */
	uint64_t least; /* under one parent */
	uint64_t most;
	uint64_t beside;  /* that ran beside the last */
	uint64_t retries; /* that followed a failure */
	uint64_t fallbacks;
	uint64_t helped; /* of retries or fallbacks, that succeeded */
	uint64_t last_trace;
};

/* Adds those of a trace, the `number`-th (from 1), to a table of struct ts_repeat. 0 or -ENOMEM. */
int ts_repeats_add(struct ts_keyed *repeats, const struct ts_tree *tree, const char *root,
		   uint64_t number);

#endif
