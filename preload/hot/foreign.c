// SPDX-License-Identifier: Apache-2.0
/* Calls of other languages. */

#include "foreign.h"

#include "clock.h"
#include "record.h"

#include "hot.h"

static void copy_trace(struct ts_trace_context *to, const struct ts_trace_context *from)
{
	to->id = from->id;
	to->tenant_bytes = from->tenant_bytes;
	for (uint32_t i = 0; i < from->tenant_bytes; i++)
		to->tenant[i] = from->tenant[i];
}

/* Words: values are 8-aligned, and so is what they are written to. */
static void copy_values(char *to, const char *from, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i += 8)
		*(uint64_t *)(to + i) = *(const uint64_t *)(from + i);
}

/* How much of the prepared values finds room, whole ones only. */
static uint64_t fitting(const struct ts_prepared *prepared, uint64_t room)
{
	uint64_t done = 0;

	while (done < prepared->bytes) {
		const struct ts_value *value = (const struct ts_value *)(prepared->values + done);
		uint64_t bytes = sizeof(*value) + TS_ALIGN8(value->bytes);

		if (done + bytes > room)
			break;
		done += bytes;
	}
	return done;
}

static bool is_open(const struct ts_frame *root, uint64_t serial)
{
	return !root || __atomic_load_n(&root->serial, __ATOMIC_RELAXED) == serial;
}

/* The outermost call on this one's stack that is of the same trace. */
static const struct ts_frame *outermost(const struct ts_frame *frame)
{
	while (frame->outer && frame->outer->trace_id.high == frame->trace_id.high &&
	       frame->outer->trace_id.low == frame->trace_id.low)
		frame = frame->outer;
	return frame;
}

/* The innermost call of a front end from this one of a stack on, or NULL. */
static const struct ts_foreign *innermost(const struct ts_frame *frame)
{
	while (frame && frame->pool)
		frame = frame->outer;
	return (const struct ts_foreign *)frame;
}

/* Unique to the call, also when it has ended; 0: none. */
static uint64_t serial_of(const struct ts_foreign *call)
{
	if (!call)
		return 0;
	return call->frame.span_id.low ? call->frame.span_id.low : call->frame.trace_id.low;
}

/* Ids begin with the time. */
static uint64_t begun(const struct ts_frame *frame)
{
	return __builtin_bswap64(frame->span_id.low ? frame->span_id.high : frame->trace_id.high);
}

/*
 * Does the innermost call of a stack lie in what the language says, or say so itself? A call of the machine's does if
 * it is of the same trace and the later one; else it runs what runs the language (an event loop).
 */
static bool counts_more(const struct ts_frame *top, const struct ts_foreign *parent)
{
	const struct ts_foreign *on_stack = innermost(top);

	if (serial_of(on_stack) == serial_of(parent))
		return true;
	if (parent && top->pool && top->trace_id.high == parent->frame.trace_id.high &&
	    top->trace_id.low == parent->frame.trace_id.low)
		return begun(top) >= begun(&parent->frame);
	return on_stack && !on_stack->says_so && on_stack->within == serial_of(parent);
}

static void set_root(struct ts_foreign *call, const struct ts_frame *root)
{
	call->root = root;
	call->root_serial = root ? root->serial : 0;
}

static void set_parent(struct ts_foreign *call, struct ts_id parent_id)
{
	call->parent_id = parent_id;
	call->flags |= TS_BEGIN_PARENT;
}

/* Inside what the language says. */
static void place_in_parent(struct ts_foreign *call, const struct ts_foreign *parent)
{
	copy_trace(&call->trace, &parent->trace);
	call->root = parent->root;
	call->root_serial = parent->root_serial;
	if (parent->frame.flags & TS_FRAME_SPAN)
		set_parent(call, parent->frame.span_id);
}

/* Inside `top`, the innermost call on the stack. */
static void place_on_stack(struct ts_foreign *call, const struct ts_stack *stack,
			   const struct ts_frame *top)
{
	copy_trace(&call->trace, &stack->trace);
	if (top->pool) {
		set_root(call, outermost(top));
	} else {
		call->root = ((const struct ts_foreign *)top)->root;
		call->root_serial = ((const struct ts_foreign *)top)->root_serial;
	}
	if (top->flags & TS_FRAME_SPAN)
		set_parent(call, top->span_id);
}

/* Inside the call that the thread, or the process, was made in. */
static void place_inherited(struct ts_foreign *call, const struct ts_inherited *inherited)
{
	copy_trace(&call->trace, &inherited->trace);
	set_root(call, inherited->frame);
	if (inherited->has_parent)
		set_parent(call, inherited->parent_id);
}

/* Inside which call of this process; false: of none. */
static bool place_within(struct ts_context *context, struct ts_stack *stack,
			 const struct ts_frame *top, struct ts_foreign *call,
			 const struct ts_foreign *parent)
{
	call->flags = TS_BEGIN_SPAN;
	call->parent_id = (struct ts_id){0, 0};
	call->within = serial_of(parent);
	if (top && counts_more(top, parent))
		place_on_stack(call, stack, top);
	else if (parent && is_open(parent->root, parent->root_serial))
		place_in_parent(call, parent);
	else if (ts_stack_inherits(context, stack))
		place_inherited(call, &stack->inherited);
	else
		return false;
	return true;
}

/* False: the call belongs nowhere. */
static bool place(struct ts_context *context, struct ts_stack *stack, struct ts_foreign *call,
		  const struct ts_foreign *parent)
{
	const struct ts_hook *hook = call->frame.hook;

	if (place_within(context, stack, stack->top, call, parent))
		return true;
	if (ts_hot.remote && hook->flags & TS_HOOK_PIPELINE)
		place_inherited(call, ts_hot.remote);
	else if (hook->flags & TS_HOOK_STARTS_TRACE)
		call->flags = TS_BEGIN_TRACE | (hook->flags & TS_HOOK_PIPELINE ? 0 : TS_BEGIN_SPAN);
	else
		return false;
	return true;
}

static bool is_ready(const struct ts_context *context)
{
	return context->generation == *ts_hot.generation && context->ring;
}

/* False: the guard is set, and not left behind by code that a signal handler jumped out of. */
static bool passes_guard(struct ts_context *context, uintptr_t slot)
{
	if (likely(!context->guard))
		return true;
	if (!ts_guard_is_stale(context, slot)) {
		ts_record_lost(context, TS_LOST_REENTERED);
		return false;
	}
	ts_record_lost(context, TS_LOST_ABANDONED);
	context->guard = 0;
	return true;
}

enum ts_foreign_placed ts_foreign_place(struct ts_foreign *call, const struct ts_hook *hook,
					const struct ts_foreign *parent, uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	struct ts_stack *stack = ts_stack_of(context, slot);

	if (context->untraced || ts_hot.passive || !passes_guard(context, slot))
		return TS_FOREIGN_OUTSIDE;
	if (unlikely(!is_ready(context) || !stack))
		return TS_FOREIGN_NOT_READY;
	if (stack->flags & TS_STACK_UNKNOWN)
		stack = &context->stack;
	call->frame.hook = hook;
	call->frame.stack = NULL;
	return place(context, stack, call, parent) ? TS_FOREIGN_INSIDE : TS_FOREIGN_OUTSIDE;
}

/*
 * The innermost call of the stack that is still open: of the thread's own, those further down have been jumped over
 * and not been ended yet. One at the same place has made this a tail call, if its return pad is there.
 */
static const struct ts_frame *open_top(const struct ts_context *context,
				       const struct ts_stack *stack, uintptr_t slot)
{
	const struct ts_frame *top = stack->top;

	if (stack != &context->stack || !ts_on_own_stack(context, slot))
		return top;
	while (top && (top->slot < slot ||
		       (top->slot == slot && !ts_is_return_pad(*(const void *const *)slot))))
		top = top->outer;
	return top;
}

bool ts_foreign_find(struct ts_foreign *ret, bool asked, const struct ts_foreign *parent,
		     uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	struct ts_stack *stack = ts_stack_of(context, slot);
	const struct ts_frame *top;

	if (!stack || stack->flags & TS_STACK_UNKNOWN)
		stack = &context->stack;
	top = open_top(context, stack, slot);
	if (place_within(context, stack, top, ret, asked ? parent : innermost(top)))
		return true;
	if (!ts_hot.remote)
		return false;
	place_inherited(ret, ts_hot.remote);
	return true;
}

unsigned ts_foreign_room(uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	const struct ts_stack *stack = ts_stack_of(context, slot);

	if (!stack || stack->flags & TS_STACK_UNKNOWN)
		return 8;
	return (unsigned)((slot - stack->low) / ((stack->high - stack->low) / 8));
}

/* --- begin --------------------------------------------------------------------------------------- */

static void start_trace(struct ts_context *context, struct ts_foreign *call,
			const struct ts_prepared *input, uint64_t ticks)
{
	call->trace.id = ts_id_make(&context->ids, ticks);
	call->trace.tenant_bytes = input->tenant_bytes;
	for (uint32_t i = 0; i < input->tenant_bytes; i++)
		call->trace.tenant[i] = input->tenant[i];
}

/* Ids and the rest of the frame, once its place is known. */
static void fill_frame(struct ts_context *context, struct ts_foreign *call, uint64_t ticks)
{
	struct ts_frame *frame = &call->frame;

	frame->trace_id = call->trace.id;
	frame->span_id = call->flags & TS_BEGIN_SPAN ? ts_id_make(&context->ids, ticks)
						     : (struct ts_id){0, 0};
	frame->serial = serial_of(call);
	frame->flags = call->flags & (TS_FRAME_TRACE | TS_FRAME_SPAN);
	frame->generation = context->generation;
	frame->ring = context->ring;
	if (call->flags & TS_BEGIN_TRACE)
		set_root(call, frame);
}

/* Builds the begin at the ring's head and commits it. False: there is no room. */
static bool write_begin(struct ts_context *context, struct ts_foreign *call,
			const struct ts_prepared *input, uint64_t ticks)
{
	struct ts_ring *ring = context->ring;
	struct ts_event_begin *begin = (struct ts_event_begin *)ts_ring_at_head(ring);
	uint64_t bytes = ts_record_begin_bytes(&call->trace), values;
	uint64_t room = ts_record_room_for_begin(ring, bytes + input->bytes);

	if (room < bytes)
		return false;
	ts_record_build_begin(begin, context, &call->trace, &call->frame, ticks, &call->parent_id,
			      call->flags);
	values = fitting(input, room - bytes);
	copy_values((char *)begin + bytes, input->values, values);
	begin->event.bytes = (uint32_t)(bytes + values);
	ring->reserved += TS_EVENT_END_BYTES;
	ts_record_commit_begin(ring, call->flags, bytes + values);
	return true;
}

bool ts_foreign_begin(struct ts_foreign *call, const struct ts_prepared *input)
{
	struct ts_context *context = &ts_context;
	uint64_t ticks = ts_clock_ticks();
	bool begun;

	if (unlikely(!is_ready(context) || context->guard))
		return false;
	context->guard = (uintptr_t)__builtin_frame_address(0);
	ts_barrier();
	if (call->flags & TS_BEGIN_TRACE)
		start_trace(context, call, input, ticks);
	fill_frame(context, call, ticks);
	begun = write_begin(context, call, input, ticks);
	if (unlikely(!begun)) {
		call->frame.serial = 0;
		ts_record_lost(context, TS_LOST_RING_FULL);
	}
	ts_barrier();
	context->guard = 0;
	if (unlikely(ts_ring_wants_reader(context->ring)))
		ts_record_wake(context);
	return begun;
}

void ts_foreign_enter(struct ts_foreign *call, uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	struct ts_stack *stack = ts_stack_of(context, slot);
	struct ts_frame *frame = &call->frame;

	if (!frame->serial || frame->stack || !stack || stack->flags & TS_STACK_UNKNOWN)
		return;
	if (!innermost(stack->top))
		copy_trace(&stack->own_trace, &stack->trace);
	frame->slot = slot;
	frame->stack = stack;
	call->thread = context;
	ts_context_push(context, frame);
	copy_trace(&stack->trace, &call->trace);
}

/*
 * Wherever it lies: coroutines that copy their part of a stack out and in (greenlet) do not leave in
 * the order in which they were entered. The machine's calls lie in the front end's that is next, or in none.
 */
void ts_foreign_unlink(struct ts_foreign *call)
{
	struct ts_stack *stack = call->frame.stack;
	struct ts_frame **link = &stack->top;
	const struct ts_foreign *next;

	while (*link && *link != &call->frame)
		link = &(*link)->outer;
	if (*link)
		*link = call->frame.outer;
	call->frame.stack = NULL;
	next = innermost(stack->top);
	copy_trace(&stack->trace, next ? &next->trace : &stack->own_trace);
}

bool ts_foreign_swap(struct ts_foreign_part *ret_left, const struct ts_foreign_part *entered)
{
	struct ts_context *context = &ts_context;
	struct ts_stack *stack = &context->stack;

	ret_left->top = stack->top;
	if (stack->top) {
		copy_trace(&ret_left->trace, &stack->trace);
		copy_trace(&ret_left->own_trace, &stack->own_trace);
	}
	stack->top = entered ? entered->top : NULL;
	if (entered) {
		copy_trace(&stack->trace, &entered->trace);
		copy_trace(&stack->own_trace, &entered->own_trace);
	}
	context->inside = stack->top || stack->inherited.frame;
	return ret_left->top != NULL;
}

void ts_foreign_leave(struct ts_foreign *call)
{
	struct ts_context *context = &ts_context;
	struct ts_stack *stack = call->frame.stack;

	if (!stack || call->thread != context)
		return;
	ts_foreign_unlink(call);
	if (!stack->top && stack == &context->stack && !stack->inherited.frame)
		context->inside = 0;
}

/* Builds the end at a ring's head and commits it. */
static void write_end(struct ts_context *context, struct ts_frame *frame, enum ts_outcome outcome,
		      const struct ts_prepared *output)
{
	struct ts_ring *ring = ts_record_ring_for_end(context, frame);
	struct ts_event_end *end;
	uint64_t bytes;

	if (!ring)
		return;
	end = ts_record_build_end(ring, frame, outcome, ts_clock_ticks());
	bytes = fitting(output, ts_record_room_behind_end(ring, frame));
	copy_values((char *)(end + 1), output->values, bytes);
	ts_record_commit_end(context, ring, end, sizeof(*end) + bytes);
}

bool ts_foreign_end(struct ts_foreign *call, enum ts_outcome outcome,
		    const struct ts_prepared *output)
{
	struct ts_context *context = &ts_context;
	struct ts_frame *frame = &call->frame;
	uintptr_t guard =
		context->guard; /* set while the program's own code is asked what to record */

	if (frame->serial && frame->generation == *ts_hot.generation) {
		if (!is_ready(context) && !context->untraced)
			return false;
		context->guard = (uintptr_t)__builtin_frame_address(0);
		ts_barrier();
		write_end(context, frame, outcome, output);
		ts_record_settle(context, frame);
		ts_barrier();
		context->guard = guard;
	}
	ts_foreign_leave(call);
	__atomic_store_n(&frame->serial, 0, __ATOMIC_RELAXED);
	return true;
}
