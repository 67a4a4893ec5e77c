/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_FOREIGN_H
#define TS_HOT_FOREIGN_H

/*
 * Calls that a front end begins and ends by hand: those of a language whose calls are none of the machine's.
 * They leave a thread's stack and come back to it (coroutines), and the language itself may know what
 * they lie in. While such a call is entered it lies on the stack it runs on, and native calls from there
 * are inside it.
 */

#include "context.h"
#include "call.h"

struct ts_foreign {
	struct ts_frame
		frame; /* of no pool; serial is 0 before it has begun and after it has ended */
	struct ts_trace_context trace;
	/*
	 * The outermost call of its trace in this process: what says that it lies in this one is
	 * believed while that is open. NULL: it is elsewhere.
	 */
	const struct ts_frame *root;
	uint64_t root_serial;
	struct ts_id parent_id; /* while flags has TS_BEGIN_PARENT */
	uint32_t flags;         /* enum ts_begin_flags */
	/* Set before it is placed: inside it the language says that calls lie in it. */
	bool says_so;
	uint64_t within; /* the call that the language said when it was placed; 0: none */
	const struct ts_context *thread; /* on whose stack it is entered */
};

/* What a front end has captured: whole values, 8-aligned. */
struct ts_prepared {
	const char *values;
	uint64_t bytes;
	const char *tenant; /* tenant_bytes of it, for a call that turns out to begin a trace */
	uint8_t tenant_bytes;
};

enum ts_foreign_placed {
	TS_FOREIGN_OUTSIDE,   /* of every trace, or lost and counted: to run as if not wrapped */
	TS_FOREIGN_INSIDE,    /* to be begun */
	TS_FOREIGN_NOT_READY, /* first the thread takes the slow path */
};

/*
 * Finds where `call` belongs, of which nothing is open. `parent` is what the language says that it lies in,
 * or NULL. A call that was entered inside that one counts more; what others entered counts for nothing, for
 * contexts of the language take turns on a stack (greenlets). `slot` is an address in the machine's frame
 * that runs it. [hot]
 */
enum ts_foreign_placed ts_foreign_place(struct ts_foreign *call, const struct ts_hook *hook,
					const struct ts_foreign *parent, uintptr_t slot);

/*
 * Finds where something lies that is no call, as a call there would: into the trace, parent_id and flags of `ret`. It starts
 * no trace, and lies, as of calls pipelines alone do, in the call of another process that this one runs in. Where the
 * language could not be asked (`asked` is false), the stack counts. `parent` and `slot` as above. False: it is outside
 * every trace. [hot]
 */
bool ts_foreign_find(struct ts_foreign *ret, bool asked, const struct ts_foreign *parent,
		     uintptr_t slot);

/* Begins what was placed, on the same thread. False: it was lost, and counted. [hot] */
bool ts_foreign_begin(struct ts_foreign *call, const struct ts_prepared *input);

/* It runs on this thread from now on, in the frame at `slot`, and no more. [hot] */
void ts_foreign_enter(struct ts_foreign *call, uintptr_t slot);
void ts_foreign_leave(struct ts_foreign *call);

/* What is open on a thread's own stack, while others take their turn there (greenlets). */
struct ts_foreign_part {
	struct ts_frame *top;
	struct ts_trace_context trace, own_trace;
};

/*
 * Another coroutine goes on where this one was: what is open leaves with this one, and `entered`, if any, comes
 * back. False: nothing is open. [hot]
 */
bool ts_foreign_swap(struct ts_foreign_part *ret_left, const struct ts_foreign_part *entered);

/* Takes what is entered off its stack. [hot] */
void ts_foreign_unlink(struct ts_foreign *call);

/* How many eighths of its stack lie below `slot`; 8 where that is not known. [hot] */
unsigned ts_foreign_room(uintptr_t slot);

/*
 * Ends it, on whatever thread, and leaves it first where it is entered. Values that find no room are left
 * out. False: nothing was done, the thread takes the slow path first. [hot]
 */
bool ts_foreign_end(struct ts_foreign *call, enum ts_outcome outcome,
		    const struct ts_prepared *output);

#endif
