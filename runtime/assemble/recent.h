/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_RECENT_H
#define TS_RECENT_H

/* The call stacks read last: calls that one exception leaves have one stack, and refer to it by span id. */

#include <stddef.h>

#include "../../preload/abi.h"

#define TS_RECENT_STACKS 32

/* Zeroed: empty. The oldest is overwritten first. */
struct ts_recent {
	struct ts_event_stack *stacks[TS_RECENT_STACKS];
	size_t n; /* that were ever added */
};

/* Keeps a copy. 0 or -ENOMEM. */
int ts_recent_add(struct ts_recent *recent, const struct ts_event_stack *stack);

/* The stack itself, or the one it refers to, valid until the next is added; NULL: nobody knows any more. */
const struct ts_event_stack *ts_recent_resolve(const struct ts_recent *recent,
					       const struct ts_event_stack *stack);

void ts_recent_release(struct ts_recent *recent);

#endif
