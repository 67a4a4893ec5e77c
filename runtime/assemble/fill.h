/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FILL_H
#define TS_FILL_H

/* Fills the rows of one call from its begin and its end. */

#include <stdint.h>

#include "../../preload/abi.h"
#include "../log/clock.h"
#include "../log/dictionary.h"
#include "json.h"
#include "run.h"
#include "stack.h"
#include "../span.h"

/* What is the same for all calls of a spool. */
struct ts_fill {
	const struct ts_settings *settings;
	const struct ts_dictionary *dictionary;
	struct ts_stacks *stacks; /* NULL: those of native code are left out */
	struct ts_prices *prices; /* NULL: nothing is priced */
	struct ts_clock clock;
	struct ts_json json; /* rows' strings lie in its pool, or in the dictionary */
	int64_t pid;
	char interrupted[TS_ENDED_BYTES]; /* the error of a call without an end */
};

struct ts_ended_call {
	const struct ts_event_begin *begin;
	const struct ts_event_end *end;     /* NULL: it was interrupted, or ended with `exec` */
	bool exec;                          /* the process became another program */
	const struct ts_event_stack *stack; /* NULL: none was recorded */
	uint64_t end_ticks;
	const struct ts_thunk *thunk; /* NULL: unknown */
	const char *thread_name;      /* NULL: unknown */
	const uint64_t *dropped;      /* TS_LOST_COUNT counts for the trace row to tell, or NULL */
};

/* Whichever row `begin` says there is; the other stays untouched. 0 or -ENOMEM. */
int ts_fill_rows(struct ts_fill *fill, const struct ts_ended_call *call, struct ts_trace *ret_trace,
		 struct ts_span *ret_span);

#endif
