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

#define NEAR_PAGES 4096 /* how far apart two calls on one stack are looked for */

struct ts_stack *ts_stack_near(struct ts_context *context, uintptr_t here)
{
	struct ts_stack *stack = ts_stack_of(context, here);

	for (uintptr_t page = 1; !stack && page < NEAR_PAGES; page++) {
		stack = __atomic_load_n(ts_stack_at(here + page * TS_ABI_PAGE), __ATOMIC_ACQUIRE);
		if (stack && here - stack->low >= stack->high - stack->low)
			stack = NULL;
	}
	return stack;
}

static void hand_on(const struct ts_stack *stack, struct ts_inherited *ret)
{
	const struct ts_frame *top = stack->top;

	if (!top) {
		*ret = stack->inherited;
		return;
	}
	ret->frame = top;
	ret->serial = top->serial;
	ret->has_parent = top->flags & TS_FRAME_SPAN;
	ret->parent_id = top->span_id;
	ret->trace = stack->trace;
}

void ts_context_hand_on(const struct ts_context *context, struct ts_inherited *ret)
{
	hand_on(&context->stack, ret);
}

void ts_context_hand_on_from(struct ts_context *context, uintptr_t here, struct ts_inherited *ret)
{
	const struct ts_stack *stack = ts_stack_near(context, here);

	hand_on(stack && !(stack->flags & TS_STACK_UNKNOWN) ? stack : &context->stack, ret);
}
