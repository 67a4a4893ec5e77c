// SPDX-License-Identifier: Apache-2.0
/* The critical path, against walks by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "runtime/report/path.h"
#include "report_fixture.h"

#define OFF TS_PATH_OFF

/* Own times on the path, in the order of the spans' ids from 1, then the pipeline's. */
static void expect(const struct ts_span *spans, size_t n, const double *wanted, double root)
{
	struct ts_tree tree = tree_of(&whole, spans, n);
	double own[32], found, sum;

	assert_int_equal(ts_path_find(&whole, &tree, own, &found), 0);
	assert_float_equal(found, root, 1e-9);
	sum = found;
	for (size_t i = 0; i < n; i++) {
		assert_float_equal(own[i], wanted[tree.nodes[i].span->span_id.bytes[0] - 1], 1e-9);
		sum += own[i] == OFF ? 0 : own[i];
	}
	assert_float_equal(sum, whole.duration_ms, 1e-9);
	ts_tree_release(&tree);
}

static void one_after_the_other(void **state)
{
	/* 0-10 own, 10-40 a (15-25 b inside), 40-50 own, 50-90 c, 90-100 own */
	const struct ts_span spans[] = {span(1, 0, "a", 10, 30), span(2, 1, "b", 15, 10),
					span(3, 0, "c", 50, 40)};

	(void)state;
	expect(spans, 3, (double[]){20, 10, 40}, 30);
}

static void of_two_at_once_the_last_to_end(void **state)
{
	/* a 10-60 and b 12-80 run at once; the pipeline waited for b last */
	const struct ts_span spans[] = {span(1, 0, "a", 10, 50), span(2, 0, "b", 12, 68)};

	(void)state;
	expect(spans, 2, (double[]){OFF, 68}, 32);
}

static void what_ended_before_it_began_was_waited_for(void **state)
{
	/* back from 100: c 50-95, then b 20-45 (a 10-47 ended before c began, later than b): a, not b */
	const struct ts_span spans[] = {span(1, 0, "a", 10, 37), span(2, 0, "b", 20, 25),
					span(3, 0, "c", 50, 45)};

	(void)state;
	expect(spans, 3, (double[]){37, OFF, 45}, 18);
}

static void what_still_ran_was_not(void **state)
{
	/* a 10-60 still ran when b 40-90 began: nobody waited for it before that */
	const struct ts_span spans[] = {span(1, 0, "a", 10, 50), span(2, 0, "b", 40, 50)};

	(void)state;
	expect(spans, 2, (double[]){OFF, 50}, 50);
}

static void who_outlives_its_parent_is_off(void **state)
{
	/* b ends 20 ms after the trace, and so does c inside of it; d 5-15 is inside a 0-30 */
	const struct ts_span spans[] = {span(1, 0, "a", 0, 30), span(2, 0, "b", 40, 80),
					span(3, 2, "c", 50, 60), span(4, 1, "d", 5, 10)};

	(void)state;
	expect(spans, 4, (double[]){20, OFF, OFF, 10}, 70);
}

static void a_child_before_its_parent_is_cut(void **state)
{
	/* b began 2 ms before a, its parent, as clocks of two processes may have it */
	const struct ts_span spans[] = {span(1, 0, "a", 10, 50), span(2, 1, "b", 8, 22)};

	(void)state;
	expect(spans, 2, (double[]){30, 20}, 50);
}

static void a_microsecond_of_grace(void **state)
{
	/* a: 10.0009-40.0009, written as 10.000 and 30.0009 long where b began at 40.0005, written as 40.000 */
	struct ts_span spans[] = {span(1, 0, "a", 10, 30.0009), span(2, 0, "b", 40, 60)};

	(void)state;
	expect(spans, 2, (double[]){30, 60}, 10);
	/* more is too much */
	spans[0].duration_ms = 30.0011;
	expect(spans, 2, (double[]){OFF, 60}, 40);
}

static void nothing_called(void **state)
{
	(void)state;
	expect(NULL, 0, NULL, 100);
}

static void children_without_length(void **state)
{
	const struct ts_span spans[] = {span(1, 0, "a", 50, 0), span(2, 0, "b", 50, 0),
					span(3, 0, "c", 100, 0)};

	(void)state;
	expect(spans, 3, (double[]){0, 0, 0}, 100);
}

/* Whatever the tree: the path is as long as the trace, and no window is longer than its span. */
static void any_tree(void **state)
{
	struct ts_span spans[24];

	(void)state;
	srand(7);
	for (int round = 0; round < 2000; round++) {
		size_t n = 1 + (size_t)rand() % 24;
		struct ts_tree tree;
		double own[24], root, sum;

		for (size_t i = 0; i < n; i++)
			spans[i] = span((uint8_t)(i + 1), (uint8_t)(rand() % (int)(i + 1)), "s",
					(double)(4 * i) + rand() % 4, rand() % 120 / 1.5);
		tree = tree_of(&whole, spans, n);
		assert_int_equal(ts_path_find(&whole, &tree, own, &root), 0);
		sum = root;
		for (size_t i = 0; i < n; i++) {
			if (own[i] == OFF)
				continue;
			sum += own[i];
			assert_true(own[i] >= 0 &&
				    own[i] <= tree.nodes[i].span->duration_ms + 1e-9);
			/* all that is around it is on it, too */
			if (tree.nodes[i].parent != TS_TREE_NONE)
				assert_true(own[tree.nodes[i].parent] != OFF);
		}
		assert_float_equal(sum, 100, 1e-6);
		ts_tree_release(&tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(of_two_at_once_the_last_to_end),
		cmocka_unit_test(what_ended_before_it_began_was_waited_for),
		cmocka_unit_test(what_still_ran_was_not),
		cmocka_unit_test(who_outlives_its_parent_is_off),
		cmocka_unit_test(a_child_before_its_parent_is_cut),
		cmocka_unit_test(a_microsecond_of_grace),
		cmocka_unit_test(nothing_called),
		cmocka_unit_test(children_without_length),
		cmocka_unit_test(any_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
