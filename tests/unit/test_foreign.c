// SPDX-License-Identifier: Apache-2.0
/* Where something lies that is no call: by the stack, by what a front end says, by what the thread or process came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/hot/call.h"
#include "preload/hot/foreign.h"

/* As addresses: a stack that grows down from HIGH. */
#define LOW  0x10000000UL
#define HIGH 0x10100000UL
#define AT   0x10080000UL /* what is asked for */

static struct ts_pool pool;

static int make_thread(void **state)
{
	(void)state;
	memset(&ts_context, 0, sizeof(ts_context));
	ts_context.stack.low = LOW;
	ts_context.stack.high = HIGH;
	ts_hot.remote = NULL;
	return 0;
}

/* An id of a moment. */
static struct ts_id id(uint64_t ms, uint64_t low)
{
	return (struct ts_id){.high = __builtin_bswap64(ms << 16), .low = low};
}

static struct ts_frame *push(struct ts_frame *frame, uintptr_t slot, struct ts_id trace,
			     struct ts_id span)
{
	frame->slot = slot;
	frame->trace_id = trace;
	frame->span_id = span;
	frame->serial = span.low;
	frame->flags = TS_FRAME_SPAN;
	frame->stack = &ts_context.stack;
	ts_context_push(&ts_context, frame);
	ts_context.stack.trace.id = trace;
	return frame;
}

static void push_native(struct ts_frame *frame, uintptr_t slot, struct ts_id trace,
			struct ts_id span)
{
	push(frame, slot, trace, span)->pool = &pool;
}

/* A call of a front end that says of itself that calls lie in it. */
static void make(struct ts_foreign *call, struct ts_id trace, struct ts_id span)
{
	*call = (struct ts_foreign){.says_so = true};
	call->frame.trace_id = trace;
	call->frame.span_id = span;
	call->frame.serial = span.low;
	call->frame.flags = TS_FRAME_SPAN;
	call->trace.id = trace;
}

static void is_in(const struct ts_foreign *found, struct ts_id trace, uint64_t parent)
{
	assert_int_equal(found->trace.id.low, trace.low);
	assert_int_equal(!!(found->flags & TS_BEGIN_PARENT), parent != 0);
	assert_int_equal(found->parent_id.low, parent);
}

static void on_an_empty_stack_the_context_counts(void **state)
{
	struct ts_foreign agent, found;

	(void)state;
	make(&agent, id(1, 1), id(2, 2));
	assert_false(ts_foreign_find(&found, true, NULL, AT));
	assert_false(ts_foreign_find(&found, false, NULL, AT));
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	is_in(&found, id(1, 1), 2);
}

static void a_context_of_a_trace_that_is_over_says_nothing(void **state)
{
	struct ts_frame root = {.serial = 7};
	struct ts_foreign agent, found;

	(void)state;
	make(&agent, id(1, 1), id(2, 2));
	agent.root = &root;
	agent.root_serial = 7;
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	root.serial = 0;
	assert_false(ts_foreign_find(&found, true, &agent, AT));
}

/* asyncio.run() in a pipeline: all tasks run above its frame. */
static void the_context_counts_more_than_what_runs_the_loop(void **state)
{
	struct ts_foreign pipeline, agent, found;

	(void)state;
	make(&pipeline, id(1, 1), id(1, 11));
	make(&agent, id(1, 1), id(2, 2));
	push(&pipeline.frame, AT + 4096, id(1, 1), id(1, 11));
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	is_in(&found, id(1, 1), 2);
	/* in a context that knows of neither */
	assert_false(ts_foreign_find(&found, true, NULL, AT));
	/* which could not be asked */
	assert_true(ts_foreign_find(&found, false, NULL, AT));
	is_in(&found, id(1, 1), 11);
}

/* LLM calls and tools are in no context: it says what they lie in. */
static void a_call_inside_what_the_context_says_counts_more(void **state)
{
	struct ts_foreign agent, llm, found;

	(void)state;
	make(&agent, id(1, 1), id(2, 2));
	make(&llm, id(1, 1), id(3, 3));
	llm.says_so = false;
	llm.within = 2;
	push(&llm.frame, AT + 4096, id(1, 1), id(3, 3));
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	is_in(&found, id(1, 1), 3);
}

static void a_native_call_counts_more_if_it_is_the_later_one(void **state)
{
	struct ts_foreign agent, found;
	struct ts_frame loop = {0}, tool = {0};

	(void)state;
	make(&agent, id(1, 1), id(5, 5));
	push_native(&loop, AT + 8192, id(1, 1), id(4, 4));
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	is_in(&found, id(1, 1), 5);
	push_native(&tool, AT + 4096, id(1, 1), id(6, 6));
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	is_in(&found, id(1, 1), 6);
}

static void a_native_call_of_another_trace_does_not(void **state)
{
	struct ts_foreign agent, found;
	struct ts_frame tool = {0};

	(void)state;
	make(&agent, id(1, 1), id(5, 5));
	push_native(&tool, AT + 4096, id(3, 3), id(6, 6));
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	is_in(&found, id(1, 1), 5);
}

static void calls_that_were_jumped_over_do_not_count(void **state)
{
	struct ts_foreign found;
	struct ts_frame outer = {0}, left = {0};

	(void)state;
	push_native(&outer, AT + 4096, id(1, 1), id(2, 2));
	push_native(&left, AT - 4096, id(1, 1), id(3, 3));
	assert_true(ts_foreign_find(&found, false, NULL, AT));
	is_in(&found, id(1, 1), 2);
}

static void a_thread_lies_where_it_was_created_and_a_process_where_it_was_started(void **state)
{
	struct ts_frame creator = {.serial = 9};
	struct ts_inherited remote = {.has_parent = true, .parent_id = id(8, 8)};
	struct ts_foreign agent, found;

	(void)state;
	remote.trace.id = id(7, 7);
	ts_hot.remote = &remote;
	assert_true(ts_foreign_find(&found, true, NULL, AT));
	is_in(&found, id(7, 7), 8);
	ts_context.stack.inherited = (struct ts_inherited){
		.frame = &creator, .serial = 9, .has_parent = true, .parent_id = id(2, 2)};
	ts_context.stack.inherited.trace.id = id(1, 1);
	assert_true(ts_foreign_find(&found, true, NULL, AT));
	is_in(&found, id(1, 1), 2);
	make(&agent, id(3, 3), id(4, 4));
	assert_true(ts_foreign_find(&found, true, &agent, AT));
	is_in(&found, id(3, 3), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(on_an_empty_stack_the_context_counts, make_thread),
		cmocka_unit_test_setup(a_context_of_a_trace_that_is_over_says_nothing, make_thread),
		cmocka_unit_test_setup(the_context_counts_more_than_what_runs_the_loop,
				       make_thread),
		cmocka_unit_test_setup(a_call_inside_what_the_context_says_counts_more,
				       make_thread),
		cmocka_unit_test_setup(a_native_call_counts_more_if_it_is_the_later_one,
				       make_thread),
		cmocka_unit_test_setup(a_native_call_of_another_trace_does_not, make_thread),
		cmocka_unit_test_setup(calls_that_were_jumped_over_do_not_count, make_thread),
		cmocka_unit_test_setup(
			a_thread_lies_where_it_was_created_and_a_process_where_it_was_started,
			make_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
