/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_FAILURE_H
#define TS_HOT_FAILURE_H

/*
 * The call stack of a failure. Walking it is not for this folder: setup code does that (ts_hot.walk), on a
 * stack of its own and with all vector state saved. Here is when it is asked, and the event.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../abi.h"
#include "id.h"

struct _Unwind_Exception;
struct ts_context;
struct ts_frame;
struct ts_ring;

/* Where a walk begins. The assembly of failure.c knows the order. */
struct ts_registers {
	uint64_t rip, rsp, rbx, rbp, r12, r13, r14, r15;
};

/* The last stack of a thread's that was walked. */
struct ts_failure {
	const struct _Unwind_Exception *exception; /* it was raised there; NULL: none was */
	bool left;                                 /* a call was left by it since */
	bool written;                              /* as the stack of the call with this id */
	struct ts_id span_id;
	uint32_t n_frames;
	struct ts_stack_frame frames[TS_MAX_STACK];
};

/*
 * An exception looks for its handler, and has come to a wrapped call: nothing is left yet, so the stack
 * is that of the throw. Taken once for each throw. Vector registers may change. [hot]
 */
void ts_failure_raised(struct ts_context *context, const struct _Unwind_Exception *exception);

/*
 * Writes the stack of the call that ends now to `ring`: that of the throw for what `exception` leaves,
 * else the calls around it. Nothing where there is no room. The guard must be set. [hot]
 */
void ts_failure_put(struct ts_context *context, const struct ts_frame *frame, struct ts_ring *ring,
		    const struct _Unwind_Exception *exception);

#endif
