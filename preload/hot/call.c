// SPDX-License-Identifier: Apache-2.0
/* Begin and end of a wrapped call. */

#include "call.h"

#include <signal.h>
#include <sys/syscall.h>

#include "clock.h"
#include "exception.h"
#include "failure.h"
#include "foreign.h"
#include "guarded.h"
#include "record.h"

#include "hot.h"

struct ts_thunk ts_thunks[TS_THUNKS];
struct ts_clock ts_clock;
struct ts_hot ts_hot;

extern const char ts_return_pad_a[], ts_return_pad_b[], ts_return_pad_a_vector[],
	ts_return_pad_b_vector[], ts_return_pad_a_entry[], ts_return_pad_b_entry[],
	ts_return_pad_a_entry_vector[], ts_return_pad_b_entry_vector[];

/* Builds the end event and commits it. */
static always_inline void write_end(struct ts_context *context, struct ts_frame *frame,
				    enum ts_outcome outcome, uint64_t ticks, uintptr_t slot)
{
	const struct ts_hook *hook = frame->hook;
	struct ts_ring *ring = ts_record_ring_for_end(context, frame);
	struct ts_event_end *end;
	uint64_t bytes = sizeof(*end);

	if (unlikely(!ring))
		return;
	if (unlikely(outcome == TS_OUTCOME_FAILED || outcome == TS_OUTCOME_EXCEPTION) &&
	    hook->flags & TS_HOOK_STACK && ts_hot.walk && ring == context->ring)
		ts_failure_put(context, frame, ring,
			       outcome == TS_OUTCOME_EXCEPTION ? context->exception : NULL);
	end = ts_record_build_end(ring, frame, outcome, ticks);
	if (unlikely(outcome == TS_OUTCOME_FAILED)) {
		end->error_number = *context->error_number;
		if (end->error_number == frame->begin_errno)
			end->event.flags = TS_END_ERRNO_KEPT;
	}
	if (slot && hook->n_results)
		bytes += ts_capture_values(&hook->result, 1, slot, (char *)(end + 1),
					   ts_record_room_behind_end(ring, frame),
					   ts_hot.capture_bytes);
	if (unlikely(outcome == TS_OUTCOME_EXCEPTION) && context->thrown)
		bytes += ts_exception_put(context->thrown, (char *)(end + 1),
					  ts_record_room_behind_end(ring, frame));
	ts_record_commit_end(context, ring, end, bytes);
}

/*
 * Records the end of a call and takes it off its stack. Should a handler jump out of this half-way, the
 * call is still there for the next look, until its end stands in the log.
 */
static always_inline void finish(struct ts_context *context, struct ts_frame *frame,
				 enum ts_outcome outcome, uint64_t ticks, uintptr_t slot)
{
	if (likely(frame->serial && frame->generation == *ts_hot.generation)) {
		write_end(context, frame, outcome, ticks, slot);
		ts_record_settle(context, frame);
	}
	ts_context_pop(context, frame);
}

bool ts_is_return_pad(const void *address)
{
	const char *back = address;

	return back == ts_return_pad_a || back == ts_return_pad_b ||
	       back == ts_return_pad_a_vector || back == ts_return_pad_b_vector ||
	       back == ts_return_pad_a_entry || back == ts_return_pad_b_entry ||
	       back == ts_return_pad_a_entry_vector || back == ts_return_pad_b_entry_vector;
}

/* Does the slot of a call still lead to a return pad? Then the call may yet return. */
static bool may_return(const struct ts_frame *frame)
{
	const void *back;

	return ts_guarded_copy(&back, (const void *)frame->slot, sizeof(back)) &&
	       ts_is_return_pad(back);
}

/*
 * Ends the innermost call of a stack, which something jumps or has jumped over. Its
 * frame is not given back yet: the call may return after all, and an unwinder may still read what
 * the frame keeps.
 */
static cold void leave(struct ts_context *context, struct ts_stack *stack, enum ts_outcome outcome,
		       uint64_t ticks)
{
	struct ts_frame *frame = stack->top;

	if (!frame->pool) { /* a front end's, which ends it by hand: it only takes turns there */
		ts_foreign_unlink((struct ts_foreign *)frame);
		return;
	}
	finish(context, frame, outcome, ticks, 0);
	frame->outer = stack->left;
	stack->left = frame;
}

/* Gives back what was left and can no longer return. */
static cold void reclaim(struct ts_context *context, struct ts_stack *stack)
{
	struct ts_frame *frame;

	while ((frame = stack->left) && !may_return(frame)) {
		stack->left = frame->outer;
		ts_frame_give(context, frame);
	}
}

/*
 * What was left on the thread's own stack serves again once half of all frames have been used, and never
 * once such a call has returned: coroutines may take turns there, whose part of the stack is copied out and
 * in (greenlet), and what their slots hold meanwhile tells nothing.
 */
static bool may_reclaim(const struct ts_context *context, const struct ts_stack *stack)
{
	return stack != &context->stack ||
	       (!context->left_return && context->pool->n_used >= TS_FRAMES / 2);
}

/* A call that was taken for left has returned after all. */
static cold void forget_left(struct ts_context *context, struct ts_frame *frame)
{
	struct ts_frame **link = frame->stack ? &frame->stack->left : NULL;

	while (link && *link && *link != frame)
		link = &(*link)->outer;
	if (!link || !*link)
		return;
	*link = frame->outer;
	context->left_return |= frame->stack == &context->stack;
	ts_frame_give(context, frame);
}

/*
 * An alternate signal stack may lie inside the thread's own: then places on them compare wrongly.
 */
static bool on_alternate_stack(void)
{
	stack_t stack;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_sigaltstack), "D"(0), "S"(&stack)
			 : "rcx", "r11", "memory");
	return result == 0 && stack.ss_flags & SS_ONSTACK;
}

/*
 * Ends the calls that were left without a return: those deeper than a call at `slot`. A call at the
 * same slot is still there if its return pad is what lies in the slot: then this is a tail call
 * from it. False: this is not the stack it seems to be.
 */
static cold bool prune(struct ts_context *context, struct ts_stack *stack, uintptr_t slot)
{
	const struct ts_frame *top = stack->top;

	if (top->slot == slot && may_return(top))
		return true;
	if (on_alternate_stack())
		return false;
	for (; top && top->slot <= slot; top = stack->top)
		leave(context, stack, TS_OUTCOME_LONGJMP, ts_clock_ticks());
	return true;
}

/*
 * What is open on a coroutine's stack and will not return: it was thrown away, and another runs there.
 */
static cold void prune_coroutine(struct ts_context *context, struct ts_stack *stack)
{
	bool restarted = stack->flags & TS_STACK_RESTARTED;

	while (stack->top && (restarted || !may_return(stack->top)))
		leave(context, stack, TS_OUTCOME_LONGJMP, ts_clock_ticks());
	if (restarted)
		stack->inherited.frame = NULL;
	stack->flags &= ~(uint32_t)TS_STACK_RESTARTED;
}

/* Fills in where the call belongs. False: nowhere, it is outside every trace. */
static bool place(struct ts_context *context, struct ts_stack *stack, struct ts_frame *frame,
		  const struct ts_hook *hook, uintptr_t slot, uint64_t ticks,
		  struct ts_id *ret_parent, uint32_t *ret_flags)
{
	const struct ts_frame *top = stack->top;
	const struct ts_inherited *inherited = &stack->inherited;

	*ret_parent = (struct ts_id){0, 0};
	*ret_flags = TS_BEGIN_SPAN;
	if (top) {
		if (top->flags & TS_FRAME_SPAN) {
			*ret_parent = top->span_id;
			*ret_flags |= TS_BEGIN_PARENT;
		}
	} else if (ts_stack_inherits(context, stack)) {
		stack->trace = inherited->trace;
		*ret_parent = inherited->parent_id;
		*ret_flags |= inherited->has_parent ? TS_BEGIN_PARENT : 0;
	} else if (unlikely(ts_hot.remote) && hook->flags & TS_HOOK_PIPELINE) {
		stack->inherited.frame = NULL;
		stack->trace = ts_hot.remote->trace;
		*ret_parent = ts_hot.remote->parent_id;
		*ret_flags |= ts_hot.remote->has_parent ? TS_BEGIN_PARENT : 0;
	} else if (hook->flags & TS_HOOK_STARTS_TRACE) {
		stack->inherited.frame = NULL;
		stack->trace.id = ts_id_make(&context->ids, ticks);
		stack->trace.tenant_bytes =
			hook->flags & TS_HOOK_HAS_TENANT
				? ts_capture_tenant(&hook->tenant, slot, stack->trace.tenant)
				: 0;
		*ret_flags = TS_BEGIN_TRACE | (hook->flags & TS_HOOK_PIPELINE ? 0 : TS_BEGIN_SPAN);
	} else {
		stack->inherited.frame = NULL;
		if (!context->stack.top)
			context->inside = 0;
		return false;
	}
	frame->trace_id = stack->trace.id;
	frame->span_id = *ret_flags & TS_BEGIN_SPAN ? ts_id_make(&context->ids, ticks)
						    : (struct ts_id){0, 0};
	frame->serial = frame->span_id.low ? frame->span_id.low : frame->trace_id.low;
	frame->flags = *ret_flags & (TS_FRAME_TRACE | TS_FRAME_SPAN);
	return true;
}

/* Builds the begin event at the ring's head. Answers its length; 0: there is no room. */
static always_inline uint64_t build_begin(struct ts_context *context, struct ts_ring *ring,
					  const struct ts_trace_context *trace,
					  struct ts_frame *frame, uintptr_t slot, uint64_t ticks,
					  const struct ts_id *parent, uint32_t flags)
{
	const struct ts_hook *hook = frame->hook;
	struct ts_event_begin *begin = (struct ts_event_begin *)ts_ring_at_head(ring);
	uint64_t bytes = ts_record_begin_bytes(trace);
	uint64_t room = ts_record_room_for_begin(
		ring,
		bytes + (hook->n_arguments ? ts_hot.capture_bytes + 16 * TS_EVENT_END_BYTES : 0));

	if (unlikely(room < bytes))
		return 0;
	ts_record_build_begin(begin, context, trace, frame, ticks, parent, flags);
	if (hook->n_arguments)
		bytes += ts_capture_values(hook->arguments, hook->n_arguments, slot,
					   (char *)begin + bytes, room - bytes,
					   ts_hot.capture_bytes);
	begin->event.bytes = (uint32_t)bytes;
	return bytes;
}

static struct ts_frame *begin_call(struct ts_context *context, struct ts_stack *stack,
				   const struct ts_thunk *thunk, uintptr_t slot)
{
	struct ts_stack *own = stack; /* where the call is to be linked: NULL, nowhere */
	struct ts_ring *ring = context->ring;
	struct ts_frame *frame;
	struct ts_id parent;
	uint64_t ticks, bytes;
	uint32_t flags;

	if (unlikely(stack != &context->stack)) {
		if (stack->flags & TS_STACK_UNKNOWN)
			own = NULL;
		else
			prune_coroutine(context, stack);
	}
	if (unlikely(own && own->top && own->top->slot <= slot) && !prune(context, own, slot))
		own = NULL;
	if (unlikely(!own))
		stack = &context->stack;
	if (unlikely(stack->left) && may_reclaim(context, stack))
		reclaim(context, stack);
	frame = ts_frame_next(context);
	if (unlikely(!frame)) {
		ts_record_lost(context, TS_LOST_TOO_DEEP);
		return NULL;
	}
	ticks = ts_clock_ticks();
	if (!place(context, stack, frame, thunk->hook, slot, ticks, &parent, &flags))
		return NULL;
	frame->hook = thunk->hook;
	frame->stack = own;
	frame->slot = slot;
	frame->generation = context->generation;
	frame->ring = ring;
	frame->begin_errno = *context->error_number;
	bytes = build_begin(context, ring, &stack->trace, frame, slot, ticks, &parent, flags);
	if (unlikely(!bytes)) {
		ts_record_lost(context, TS_LOST_RING_FULL);
		return NULL;
	}
	ring->reserved += TS_EVENT_END_BYTES;
	ts_frame_take(context, frame);
	ts_context_push(context, frame);
	ts_record_commit_begin(ring, flags, bytes);
	return frame;
}

/* The thread is not ready in this process, or there was no ring for it: then it asks again now and
 * then. */
static uintptr_t not_ready(struct ts_context *context)
{
	if (context->untraced || ts_hot.passive)
		return 0;
	if (!context->generation || context->generation != *ts_hot.generation)
		return TS_SLOW;
	if (ts_record_asks(context))
		return TS_SLOW; /* where it is counted, if in vain */
	ts_record_lost(context, TS_LOST_NO_RING);
	return 0;
}

uintptr_t ts_call_begin(const struct ts_thunk *thunk, uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	struct ts_stack *stack = ts_stack_of(context, slot);
	struct ts_frame *frame;

	if (unlikely(context->guard)) {
		if (!ts_guard_is_stale(context, slot)) {
			ts_record_lost(context, TS_LOST_REENTERED);
			return 0;
		}
		ts_record_lost(context, TS_LOST_ABANDONED);
	}
	/* the guard comes before the look at the generation: at exit the other side looks after it
	 * changed it */
	context->guard = slot;
	ts_barrier();
	if (unlikely(context->generation != *ts_hot.generation || !context->ring)) {
		context->guard = 0;
		return not_ready(context);
	}
	if (unlikely(!stack)) {
		context->guard = 0;
		return TS_SLOW;
	}
	frame = begin_call(context, stack, thunk, slot);
	ts_barrier();
	context->guard = 0;
	if (unlikely(ts_ring_wants_reader(context->ring)))
		ts_record_wake(context);
	return (uintptr_t)frame;
}

static always_inline void end_call(struct ts_frame *frame, enum ts_outcome outcome, uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	struct ts_stack *stack = frame->stack;
	uint64_t ticks = ts_clock_ticks();

	context->guard = frame->slot;
	ts_barrier();
	if (likely(frame->serial)) {
		while (stack && unlikely(stack->top != frame) && stack->top)
			leave(context, stack, TS_OUTCOME_LONGJMP, ticks);
		finish(context, frame, outcome, ticks, slot);
		ts_frame_give(context, frame);
	} else {
		forget_left(context, frame);
	}
	ts_barrier();
	context->guard = 0;
}

static bool result_fails(const struct ts_hook *hook, uintptr_t slot)
{
	int64_t result;

	if (hook->fails == TS_WHEN_NEVER)
		return false;
	result = (int64_t)ts_capture_integer(&hook->fails_result, slot);
	switch (hook->fails) {
	case TS_WHEN_NEGATIVE:
		return result < 0;
	case TS_WHEN_ZERO:
		return result == 0;
	default:
		return result != 0;
	}
}

/* Apart, so that the calls that succeed pay nothing for it. */
static cold void end_failed(struct ts_frame *frame, uintptr_t slot)
{
	end_call(frame, TS_OUTCOME_FAILED, slot);
}

void ts_call_end(struct ts_frame *frame, uintptr_t slot)
{
	if (unlikely(result_fails(frame->hook, slot)))
		end_failed(frame, slot);
	else
		end_call(frame, TS_OUTCOME_OK, slot);
}

/*
 * Asks an exception what it is. The guard lies where a call of what() is taken for one of a handler and
 * passes through, and where one that comes after a handler jumped out of what() finds it stale.
 */
static void look_at(struct ts_context *context, const struct ts_frame *frame,
		    const struct _Unwind_Exception *exception, struct ts_thrown *thrown)
{
	uintptr_t below = (uintptr_t)__builtin_frame_address(0) + TS_HANDLER_BELOW;

	context->guard = ts_on_own_stack(context, below) ? below : frame->slot;
	ts_barrier();
	ts_exception_describe(exception, thrown);
	ts_barrier();
	context->guard = 0;
	context->thrown = thrown;
	context->exception = exception;
}

/* Is the end of this call to be told here? */
static bool is_ours(const struct ts_frame *frame)
{
	return frame->serial && frame->generation == *ts_hot.generation;
}

cold void ts_call_unwound(struct ts_frame *frame, enum ts_outcome outcome,
			  const struct _Unwind_Exception *exception)
{
	struct ts_thrown thrown;

	if (outcome == TS_OUTCOME_EXCEPTION && is_ours(frame))
		look_at(&ts_context, frame, exception, &thrown);
	end_call(frame, outcome, 0);
	ts_context.thrown = NULL;
}

void ts_call_passed(struct ts_stack *stack, enum ts_outcome outcome,
		    const struct _Unwind_Exception *exception)
{
	struct ts_context *context = &ts_context;
	const struct ts_frame *frame = stack->top;
	struct ts_thrown thrown;

	if (outcome == TS_OUTCOME_EXCEPTION && is_ours(frame))
		look_at(context, frame, exception, &thrown);
	context->guard = frame->slot;
	ts_barrier();
	leave(context, stack, outcome, ts_clock_ticks());
	ts_barrier();
	context->guard = 0;
	context->thrown = NULL;
}

void ts_call_thread_ends(void)
{
	struct ts_context *context = &ts_context;
	struct ts_frame *frame;

	while ((frame = context->stack.top)) {
		finish(context, frame, TS_OUTCOME_THREAD_EXITED, ts_clock_ticks(), 0);
		if (frame->pool)
			ts_frame_give(context, frame);
		else
			frame->stack = NULL;
	}
	while ((frame = context->stack.left)) {
		context->stack.left = frame->outer;
		ts_frame_give(context, frame);
	}
}

/* What the assembly knows of these structures. */
_Static_assert(offsetof(struct ts_frame, caller_rbx) == 0, "pads");
_Static_assert(offsetof(struct ts_frame, return_address) == 8, "pads");
_Static_assert(offsetof(struct ts_frame, target) == 16, "pads");
_Static_assert(offsetof(struct ts_thunk, original) == 0, "pads");
_Static_assert(offsetof(struct ts_thunk, outside) == 8, "thunks");
_Static_assert(offsetof(struct ts_thunk, pad) == 16, "thunks");
_Static_assert(sizeof(struct ts_thunk) == 32, "thunks");
_Static_assert(offsetof(struct ts_context, inside) == 0, "thunks");
_Static_assert(offsetof(struct ts_hot, slow) == 8, "pads");
_Static_assert(offsetof(struct ts_hot, missed) == 36, "pads");
_Static_assert(offsetof(struct ts_hot, xsave_bytes) == 40, "pads");
_Static_assert(offsetof(struct ts_hot, xsave_mask) == 48, "pads");
