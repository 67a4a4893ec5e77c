// SPDX-License-Identifier: Apache-2.0
/* Frames and the stacks they lie on. */

#include "context.h"

#include "hot.h"

__thread struct ts_context ts_context __attribute__((tls_model("initial-exec")));
struct ts_stack *ts_stacks[TS_STACK_PAGES];

struct ts_frame *ts_pool_refill(struct ts_pool *pool)
{
	if (pool->n_used < TS_FRAMES) {
		struct ts_frame *frame = &pool->frames[pool->n_used++];

		frame->pool = pool;
		pool->spare = frame;
		return frame;
	}
	/* acquire: pairs with the release in ts_pool_give_back */
	pool->spare = __atomic_exchange_n(&pool->given_back, NULL, __ATOMIC_ACQUIRE);
	return pool->spare;
}

void ts_pool_give_back(struct ts_pool *pool, struct ts_frame *frame)
{
	frame->outer = __atomic_load_n(&pool->given_back, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&pool->given_back, &frame->outer, frame, true,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

void ts_context_hand_on(const struct ts_context *context, struct ts_inherited *ret)
{
	const struct ts_frame *top = context->stack.top;

	if (!top) {
		*ret = context->stack.inherited;
		return;
	}
	ret->frame = top;
	ret->serial = top->serial;
	ret->has_parent = top->flags & TS_FRAME_SPAN;
	ret->parent_id = top->span_id;
	ret->trace = context->stack.trace;
}
