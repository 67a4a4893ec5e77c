/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_FAILURES_H
#define TS_REPORT_FAILURES_H

/*
 * What went wrong, alike errors together. A failure is counted where it arose: at a failed call none of whose children
 * failed, or at the trace itself. Errors are alike if they are so once numbers and ids are written as "#"; a number right
 * behind "HTTP", "status", "code", "error", "errno", "signal" or "exit" is a name, and stays.
 */

#include "keyed.h"
#include "tree.h"

#define TS_FAILURE_TEXT 256 /* bytes of an error that count */
#define TS_FAILURE_MOST 10000

/* Key: the name of the call, and the error with "#" in it. */
struct ts_failure {
	uint64_t calls;
	uint64_t traces;
	uint64_t fatal; /* traces of these that failed themselves */
	int64_t latest_us;
	struct ts_uuid latest; /* the newest trace in which it was so */
	char sample[TS_FAILURE_TEXT];
	bool varied; /* not all are like the sample to the letter */
	uint64_t last_trace;
};

struct ts_failures {
	struct ts_keyed groups; /* of struct ts_failure */
	uint64_t others;        /* failures that are in no group, for there were TS_FAILURE_MOST */
};

void ts_failures_init(struct ts_failures *failures);
/* Those of a trace, the `number`-th (from 1). `root` is what the trace itself is called. 0 or -ENOMEM. */
int ts_failures_add(struct ts_failures *failures, const struct ts_trace *trace,
		    const struct ts_tree *tree, const char *root, uint64_t number);
void ts_failures_release(struct ts_failures *failures);

/* The error with "#" for numbers and ids. */
void ts_failure_normalise(const char *error, char ret[TS_FAILURE_TEXT]);

#endif
