/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_CONTEXT_H
#define TS_HOT_CONTEXT_H

/* Where a call belongs: its thread, its stack, the calls it lies in, its trace. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../abi.h"
#include "failure.h"
#include "id.h"

/* Open at once on one thread; deeper calls run untouched and are counted. */
#define TS_FRAMES 1024

struct _Unwind_Exception;
struct ts_hook;
struct ts_pool;
struct ts_ring;
struct ts_stack;
struct ts_thrown;

enum ts_frame_flags {
	TS_FRAME_TRACE = TS_BEGIN_TRACE,
	TS_FRAME_SPAN = TS_BEGIN_SPAN,
};

/*
 * One wrapped call in progress. The pads know the first three fields. Frames are never unmapped, so
 * that another thread may look whether one is still open (serial).
 */
struct ts_frame {
	uint64_t caller_rbx;
	uint64_t return_address;
	uint64_t target; /* what a pad of a patched entry calls */
	uint64_t serial; /* unique to this call; 0 once it has ended: read by other threads */
	const struct ts_hook *hook;
	struct ts_frame *outer; /* on this stack; in a pool, the next free one */
	struct ts_stack *stack; /* NULL: on a stack the shim does not know, linked nowhere */
	uintptr_t slot;         /* address that held the return address */
	uint64_t generation;
	struct ts_id trace_id;
	struct ts_id span_id;
	struct ts_ring *ring; /* has the room for the end reserved */
	struct ts_pool *pool;
	int32_t begin_errno;
	uint32_t flags; /* enum ts_frame_flags */
};

/* The frames of one thread at a time: taken by its owner, given back by whoever ends the call. */
struct ts_pool {
	struct ts_frame *spare;
	struct ts_frame *given_back; /* by other threads: a stack that only the owner empties */
	uint32_t n_used;             /* frames[0..n_used) have been handed out once */
	struct ts_frame frames[TS_FRAMES];
	struct ts_failure failure;
};

/* The trace that calls on a stack belong to. */
struct ts_trace_context {
	struct ts_id id;
	uint8_t tenant_bytes; /* 0: the settings' default */
	char tenant[TS_ABI_MAX_TENANT];
};

/* The call that a thread or another stack began in: what runs there is inside it while it is open. */
struct ts_inherited {
	const struct ts_frame *frame; /* NULL: none */
	uint64_t serial;
	bool has_parent;
	struct ts_id parent_id;
	struct ts_trace_context trace;
};

enum ts_stack_flags {
	TS_STACK_ALTERNATE =
		1, /* a thread's for signals: what runs there lies in its innermost call */
	TS_STACK_UNKNOWN = 2, /* of no known bounds: calls on it are nobody's parents */
	TS_STACK_RESTARTED =
		4, /* another coroutine was made there: what was open will not return */
};

/* A thread's own, or a coroutine's, which any thread may run. */
struct ts_stack {
	uintptr_t low;
	uintptr_t high;
	struct ts_frame *top; /* innermost open call on it */
	/*
	 * Calls that were ended because a call higher up began or ended: left by longjmp, it seems.
	 * One of them may return all the same (it ran on a stack inside this one, or its part of this
	 * one was copied out and in), so a frame is given back only when its slot no longer holds the
	 * return pad, and many have been used. The last to be left first.
	 */
	struct ts_frame *left;
	struct ts_trace_context trace;     /* of the innermost call */
	struct ts_trace_context own_trace; /* ... of those that lie in no call of a front end */
	struct ts_inherited inherited;
	uint32_t flags; /* enum ts_stack_flags */
};

/* A thread, as the shim sees it. */
struct ts_context {
	uint32_t inside; /* first: thunks test it. 0: outside every trace, certainly */
	uint32_t tid;
	uintptr_t guard;     /* slot of the call whose begin or end runs now; 0: none */
	uint64_t generation; /* the process's; anything else: the next call takes the slow path */
	uint64_t made_ready; /* the generation in which the thread was made ready; slow path only */
	struct ts_ring *ring; /* NULL: none could be had */
	struct ts_pool *pool;
	int *error_number; /* this thread's errno */
	struct ts_id_generator ids;
	bool untraced;         /* the shim's own threads */
	uint32_t ring_retry;   /* calls until a thread without a ring asks again */
	bool left_return;      /* calls that seemed left have returned: any of them may */
	struct ts_stack stack; /* its own */
	/* What leaves the call that is being ended, or NULL. */
	const struct ts_thrown *thrown;
	const struct _Unwind_Exception *exception;
};

#define TS_STACK_PAGES_BITS 14
#define TS_STACK_PAGES      (1 << TS_STACK_PAGES_BITS)

/*
 * Other stacks, by the pages that calls on them were seen in. Filled by setup; a stack is never freed, one
 * that is no more has no bounds.
 */
extern struct ts_stack *ts_stacks[TS_STACK_PAGES];

/* A page's place in the table. Hashed: stacks are often a power of two apart. */
static inline struct ts_stack **ts_stack_at(uintptr_t address)
{
	return &ts_stacks[address / TS_ABI_PAGE * 0x9e3779b97f4a7c15 >> (64 - TS_STACK_PAGES_BITS)];
}

extern __thread struct ts_context ts_context __attribute__((tls_model("initial-exec")));

/* A frame that was never used or that another thread gave back, or NULL. [hot] */
struct ts_frame *ts_pool_refill(struct ts_pool *pool);

/* Back to the pool of another thread. [hot] */
void ts_pool_give_back(struct ts_pool *pool, struct ts_frame *frame);

/* A frame of this thread's pool, or NULL; not taken until ts_frame_take. [hot] */
static inline struct ts_frame *ts_frame_next(struct ts_context *context)
{
	struct ts_pool *pool = context->pool;

	return __builtin_expect(pool->spare != NULL, 1) ? pool->spare : ts_pool_refill(pool);
}

static inline void ts_frame_take(struct ts_context *context, struct ts_frame *frame)
{
	context->pool->spare = frame->outer;
}

/* Back to the pool it came from, whichever thread this is. [hot] */
static inline void ts_frame_give(struct ts_context *context, struct ts_frame *frame)
{
	struct ts_pool *pool = frame->pool;

	__atomic_store_n(&frame->serial, 0, __ATOMIC_RELAXED);
	if (__builtin_expect(pool != context->pool, 0)) {
		ts_pool_give_back(pool, frame);
		return;
	}
	frame->outer = pool->spare;
	pool->spare = frame;
}

/* The stack that holds `slot`, or NULL: setup has to find it. [hot] */
static inline struct ts_stack *ts_stack_of(struct ts_context *context, uintptr_t slot)
{
	struct ts_stack *stack = &context->stack;

	if (__builtin_expect(slot - stack->low < stack->high - stack->low, 1))
		return stack;
	stack = __atomic_load_n(ts_stack_at(slot), __ATOMIC_ACQUIRE);
	return stack && slot - stack->low < stack->high - stack->low ? stack : NULL;
}

/*
 * A handler's calls lie at least this far below the call it interrupted: our own frames, the red
 * zone (128) and the kernel's signal frame (440, and 512 of FXSAVE area) lie between.
 */
#define TS_HANDLER_BELOW 1024

static inline bool ts_on_own_stack(const struct ts_context *context, uintptr_t slot)
{
	return slot >= context->stack.low && slot < context->stack.high;
}

/* A guard found set: by code this call interrupts, or by code that a handler jumped out of? [hot] */
static inline bool ts_guard_is_stale(const struct ts_context *context, uintptr_t slot)
{
	return ts_on_own_stack(context, slot) && ts_on_own_stack(context, context->guard) &&
	       context->guard <= slot + TS_HANDLER_BELOW;
}

/* Makes `frame` the innermost of its stack, or no longer so. [hot] */
static inline void ts_context_push(struct ts_context *context, struct ts_frame *frame)
{
	struct ts_stack *stack = frame->stack;

	if (!stack)
		return;
	frame->outer = stack->top;
	stack->top = frame;
	context->inside = 1;
}

static inline void ts_context_pop(struct ts_context *context, struct ts_frame *frame)
{
	struct ts_stack *stack = frame->stack;

	if (!stack)
		return;
	stack->top = frame->outer;
	if (!stack->top && stack == &context->stack && !stack->inherited.frame)
		context->inside = 0;
}

/*
 * The stack that holds `here`, deeper on it than any call that was seen: stacks other than the thread's own
 * are known by the pages that calls were seen in. NULL: none that is known. [hot]
 */
struct ts_stack *ts_stack_near(struct ts_context *context, uintptr_t here);

/* What begins now, inside the innermost call of a thread's own stack, inherits. [hot] */
void ts_context_hand_on(const struct ts_context *context, struct ts_inherited *ret);

/* The same of whatever stack of the thread holds `here`. [setup] */
void ts_context_hand_on_from(struct ts_context *context, uintptr_t here, struct ts_inherited *ret);

/* Is the call that this thread was created in still open? [hot] */
static inline bool ts_inherited_open(const struct ts_inherited *inherited)
{
	return inherited->frame &&
	       __atomic_load_n(&inherited->frame->serial, __ATOMIC_RELAXED) == inherited->serial;
}

/*
 * Is the call, on a stack without open ones, inside the one in which the stack began? A coroutine begins
 * in the innermost call of the thread that enters it first, or again once that call has ended; a handler
 * on its own stack in what it interrupts. [hot]
 */
static inline bool ts_stack_inherits(const struct ts_context *context, struct ts_stack *stack)
{
	if (__builtin_expect(stack != &context->stack, 0) &&
	    (stack->flags & TS_STACK_ALTERNATE || !ts_inherited_open(&stack->inherited)))
		ts_context_hand_on(context, &stack->inherited);
	return ts_inherited_open(&stack->inherited);
}

#endif
