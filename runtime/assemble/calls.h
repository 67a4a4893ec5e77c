/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CALLS_H
#define TS_CALLS_H

/* The calls of which one half was seen, by their ids. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../preload/abi.h"

struct ts_call {
	struct ts_call *next;
	uint64_t hash;
	const struct ts_event *event; /* the half that was seen: its begin or its end */
	struct ts_event_stack *stack; /* that came before its end; a copy on the heap, or NULL */
	bool owned;                   /* event is a copy on the heap, and not the reader's */
	bool in_open;                 /* event stands in the segment `open` */
	uint8_t rounds; /* of an end: passes over all rings that did not bring its begin */
	char thread_name[17];
};

struct ts_calls {
	struct ts_call **buckets;
	size_t n_buckets; /* a power of two */
	size_t n;
	size_t n_ends;
	uint64_t open_rows; /* that the begins make */
};

/* 0 or -ENOMEM. */
int ts_calls_init(struct ts_calls *calls);
void ts_calls_release(struct ts_calls *calls); /* a zeroed one is fine */

/* The call that `event`, a begin or an end, is a half of; or NULL. */
struct ts_call *ts_calls_find(const struct ts_calls *calls, const struct ts_event *event);

/* Adds the call of `event`, which is not there yet. NULL when there is no memory. */
struct ts_call *ts_calls_add(struct ts_calls *calls, const struct ts_event *event,
			     const char *thread_name);

/* Makes `event` the call's own. 0 or -ENOMEM. */
int ts_call_own(struct ts_call *call);

/* The call's stack is this one; a copy is made. 0 or -ENOMEM. */
int ts_call_keep_stack(struct ts_call *call, const struct ts_event_stack *stack);

/* Frees the call, and its event if it owns it. */
void ts_calls_remove(struct ts_calls *calls, struct ts_call *call);

/* Each call in turn: the first for NULL, NULL after the last. */
struct ts_call *ts_calls_next(const struct ts_calls *calls, const struct ts_call *call);

#endif
