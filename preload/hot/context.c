// SPDX-License-Identifier: Apache-2.0
/* Frames and the stacks they lie on. */

#include "context.h"

#include "hot.h"

__thread struct ts_context ts_context __attribute__((tls_model("initial-exec")));

struct ts_frame *ts_frame_next(struct ts_context *context)
{
	struct ts_pool *pool = context->pool;

	if (likely(pool->spare))
		return pool->spare;
	if (pool->n_used < TS_FRAMES) {
		struct ts_frame *frame = &pool->frames[pool->n_used++];

		frame->outer = NULL;
		frame->pool = pool;
		pool->spare = frame;
		return frame;
	}
	/* acquire: pairs with the release in ts_frame_give */
	pool->spare = __atomic_exchange_n(&pool->given_back, NULL, __ATOMIC_ACQUIRE);
	return pool->spare;
}

void ts_frame_take(struct ts_context *context, struct ts_frame *frame)
{
	context->pool->spare = frame->outer;
}

void ts_frame_give(struct ts_context *context, struct ts_frame *frame)
{
	struct ts_pool *pool = frame->pool;

	__atomic_store_n(&frame->serial, 0, __ATOMIC_RELAXED);
	if (likely(pool == context->pool)) {
		frame->outer = pool->spare;
		pool->spare = frame;
		return;
	}
	frame->outer = __atomic_load_n(&pool->given_back, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&pool->given_back, &frame->outer, frame, true,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

void ts_context_push(struct ts_context *context, struct ts_frame *frame)
{
	struct ts_stack *stack = frame->stack;

	if (!stack)
		return;
	frame->outer = stack->top;
	stack->top = frame;
	context->inside = 1;
}

void ts_context_pop(struct ts_context *context, struct ts_frame *frame)
{
	struct ts_stack *stack = frame->stack;

	if (!stack)
		return;
	stack->top = frame->outer;
	if (!stack->top && !context->inherited.frame)
		context->inside = 0;
}

void ts_context_hand_on(const struct ts_context *context, struct ts_inherited *ret)
{
	const struct ts_frame *top = context->stack.top;

	if (!top) {
		*ret = context->inherited;
		return;
	}
	ret->frame = top;
	ret->serial = top->serial;
	ret->has_parent = top->flags & TS_FRAME_SPAN;
	ret->parent_id = top->span_id;
	ret->trace = context->stack.trace;
}
