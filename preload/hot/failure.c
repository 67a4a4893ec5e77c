// SPDX-License-Identifier: Apache-2.0
/* The call stack of a failure. */

#include "failure.h"

#include "call.h"
#include "exception.h"
#include "ring.h"

#include "hot.h"

/* result = function(a, b) with all vector state as it was, on a stack of its own; 0: no memory. */
uintptr_t ts_with_vectors(const void *a, const void *b,
			  uintptr_t (*function)(const void *, void *));

/*
 * Registers here, as the unwind data of this function describes the place; the walk goes out through our
 * own frames.
 */
static always_inline void note_registers(struct ts_registers *registers)
{
	__asm__ volatile("leaq 1f(%%rip), %%rax\n"
			 "1:\tmovq %%rax, 0(%0)\n\t"
			 "movq %%rsp, 8(%0)\n\t"
			 "movq %%rbx, 16(%0)\n\t"
			 "movq %%rbp, 24(%0)\n\t"
			 "movq %%r12, 32(%0)\n\t"
			 "movq %%r13, 40(%0)\n\t"
			 "movq %%r14, 48(%0)\n\t"
			 "movq %%r15, 56(%0)\n\t"
			 :
			 : "r"(registers)
			 : "rax", "memory");
}

static cold void look(struct ts_context *context, const struct _Unwind_Exception *exception)
{
	struct ts_failure *failure = &context->pool->failure;
	struct ts_registers registers;

	failure->exception = exception;
	failure->left = failure->written = false;
	failure->n_frames = 0;
	note_registers(&registers);
	ts_with_vectors(&registers, failure, ts_hot.walk);
}

/*
 * An object that is thrown where another was freed is another exception: then calls were left by the old
 * one since, and this one was not thrown again.
 */
static bool is_known(const struct ts_failure *failure, const struct _Unwind_Exception *exception)
{
	return failure->exception == exception &&
	       (!failure->left || ts_exception_is_thrown_again(exception));
}

void ts_failure_raised(struct ts_context *context, const struct _Unwind_Exception *exception)
{
	uintptr_t guard = context->guard;

	if (!ts_hot.walk || !context->pool || context->generation != *ts_hot.generation ||
	    is_known(&context->pool->failure, exception))
		return;
	context->guard = (uintptr_t)__builtin_frame_address(0);
	ts_barrier();
	look(context, exception);
	ts_barrier();
	context->guard = guard;
}

/* The frames; or, where the log has them already, whose they are. */
static uint64_t put_body(struct ts_failure *failure, struct ts_event_stack *stack)
{
	struct ts_stack_frame *frames = (struct ts_stack_frame *)(stack + 1);

	if (failure->written) {
		stack->event.flags = TS_STACK_AS_OF;
		stack->n_frames = 0;
		*(struct ts_id *)frames = failure->span_id;
		return sizeof(struct ts_id);
	}
	failure->written = true;
	failure->span_id = *(const struct ts_id *)stack->span_id;
	stack->n_frames = failure->n_frames;
	for (uint32_t i = 0; i < failure->n_frames; i++)
		frames[i] = failure->frames[i];
	return failure->n_frames * sizeof(*frames);
}

/* Calls come before stacks: a ring that is half full has no room for these. */
static bool has_room(struct ts_ring *ring)
{
	uint64_t most = sizeof(struct ts_event_stack) +
			TS_MAX_STACK * sizeof(struct ts_stack_frame) + TS_EVENT_END_BYTES;

	return ts_ring_room(ring, ring->bytes / 2) >= ring->bytes / 2 && ring->bytes / 2 > most;
}

cold void ts_failure_put(struct ts_context *context, const struct ts_frame *frame,
			 struct ts_ring *ring, const struct _Unwind_Exception *exception)
{
	struct ts_failure *failure = &context->pool->failure;
	bool fresh = !exception || failure->exception != exception;
	struct ts_event_stack *stack;
	uint64_t bytes = sizeof(*stack);

	if (!has_room(ring))
		return;
	if (fresh)
		look(context, exception);
	failure->left = true;
	if (!failure->n_frames)
		return;
	stack = (struct ts_event_stack *)ts_ring_at_head(ring);
	stack->event.type = TS_EVENT_STACK;
	stack->event.flags = fresh ? TS_STACK_OF_CALLER : 0;
	*(struct ts_id *)stack->trace_id = frame->trace_id;
	*(struct ts_id *)stack->span_id = frame->span_id;
	stack->reserved = 0;
	bytes += put_body(failure, stack);
	stack->event.bytes = (uint32_t)bytes;
	ts_ring_commit(ring, bytes);
}
