// SPDX-License-Identifier: Apache-2.0
/* Stacks other than the threads' own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preload/hook/definition.h"
#include "preload/hot/context.h"
#include "preload/stacks/stacks.h"
#include "preload/stacks/stacks_real.h"
#include "preload/elf/walk.h"

/* In place of that of stacks_x86_64.S. */
const char ts_stacks_makecontext_entry[1];

/* In place of what needs the whole shim: nothing has been hooked here. */
bool ts_walk_hold(void)
{
	return true;
}

void ts_walk_go_on(bool held)
{
	(void)held;
}

void ts_definitions_reach_everywhere(void)
{
}

#define BYTES  65536UL
#define STACKS 64
#define FIRST  0x100000000000UL

static struct ts_context context;

static struct ts_stack *made(uintptr_t low, uintptr_t high)
{
	ts_stacks_made(low, high);
	ts_stacks_find(high - 64);
	return ts_stack_of(&context, high - 64);
}

/* Their calls come in turns: each that is not found costs the slow path. */
static void test_stacks_that_are_a_power_of_two_apart(void **state)
{
	(void)state;
	for (unsigned shift = 17; shift < 32; shift++) {
		struct ts_stack *stacks[STACKS];
		size_t n = 0;

		for (uintptr_t i = 0; i < STACKS; i++)
			stacks[i] = made(FIRST + (i << shift), FIRST + (i << shift) + BYTES);
		for (uintptr_t i = 0; i < STACKS; i++)
			n += stacks[i] &&
			     ts_stack_of(&context, FIRST + (i << shift) + BYTES - 64) == stacks[i];
		assert_in_range(n, STACKS - 4, STACKS);
	}
}

/* Else its frames would be lost to the thread for ever. */
static void test_a_stack_takes_over_what_is_open_where_it_lies(void **state)
{
	struct ts_stack *low = made(FIRST, FIRST + BYTES);
	struct ts_stack *high = made(FIRST + BYTES, FIRST + 2 * BYTES);
	struct ts_frame frames[] = {{.stack = low, .outer = &frames[1]},
				    {.stack = low},
				    {.stack = high},
				    {.stack = high}};
	struct ts_stack *both;

	(void)state;
	assert_ptr_not_equal(low, high);
	low->top = &frames[0];
	high->top = &frames[2];
	high->left = &frames[3];
	both = made(FIRST + BYTES / 2, FIRST + BYTES / 2 + BYTES);
	assert_ptr_equal(ts_stack_of(&context, FIRST + BYTES / 2 + BYTES - 64), both);
	for (size_t i = 0; i < 4; i++)
		assert_ptr_equal(frames[i].stack, both);
	assert_null(low->top);
	assert_null(high->top);
	assert_null(high->left);
	assert_ptr_equal(both->left, &frames[3]);
	assert_true(both->flags & TS_STACK_RESTARTED);
	for (size_t i = 0; i < 3; i++, both->top = both->top->outer)
		assert_non_null(both->top);
	assert_null(both->top);
	both->left = NULL;
}

/* No place is in it any more, and its record serves again. */
static void test_a_stack_that_is_no_more(void **state)
{
	struct ts_stack *old = made(FIRST, FIRST + BYTES);

	(void)state;
	assert_ptr_equal(made(FIRST, FIRST + BYTES), old);
	for (int i = 0; i < 10000; i++)
		assert_non_null(made(FIRST + 64, FIRST + BYTES + 64 * (uintptr_t)(i % 7 + 1)));
	assert_null(ts_stack_of(&context, FIRST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks_that_are_a_power_of_two_apart),
		cmocka_unit_test(test_a_stack_takes_over_what_is_open_where_it_lies),
		cmocka_unit_test(test_a_stack_that_is_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
