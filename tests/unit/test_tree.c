// SPDX-License-Identifier: Apache-2.0
/* Spans as a tree: order, depth, self time, and spans that name parents which are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../runtime/report/tree.c"

#define START 1795129651000000LL

static struct ts_span span(uint8_t id, uint8_t parent, int64_t at_ms, double duration_ms)
{
	return (struct ts_span){.span_id = {{id}},
				.has_parent = parent != 0,
				.parent_span_id = {{parent}},
				.started_us = START + at_ms * 1000,
				.duration_ms = duration_ms};
}

static const struct ts_trace trace = {.started_us = START, .duration_ms = 100};

static uint8_t id_at(const struct ts_tree *tree, size_t i)
{
	return tree->nodes[i].span->span_id.bytes[0];
}

static void order_and_depth(void **state)
{
	const struct ts_span spans[] = {span(1, 0, 0, 50), span(2, 1, 5, 10), span(3, 2, 6, 2),
					span(4, 1, 20, 10), span(5, 0, 60, 10)};
	static const uint8_t ids[] = {1, 2, 3, 4, 5};
	static const size_t depths[] = {0, 1, 2, 1, 0};
	static const bool last[] = {false, false, true, true, true};
	struct ts_tree tree;

	(void)state;
	assert_int_equal(ts_tree_init(&tree, &trace, spans, 5), 0);
	assert_int_equal(tree.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(id_at(&tree, i), ids[i]);
		assert_int_equal(tree.nodes[i].depth, depths[i]);
		assert_int_equal(tree.nodes[i].last, last[i]);
	}
	assert_true(tree.nodes[0].parent == TS_TREE_NONE);
	assert_int_equal(tree.nodes[2].parent, 1);
	ts_tree_release(&tree);
}

/* A child that starts before its parent's row, as those of another thread may by a microsecond. */
static void children_come_behind_parents(void **state)
{
	const struct ts_span spans[] = {span(2, 1, 0, 1), span(1, 0, 1, 5)};
	struct ts_tree tree;

	(void)state;
	assert_int_equal(ts_tree_init(&tree, &trace, spans, 2), 0);
	assert_int_equal(id_at(&tree, 0), 1);
	assert_int_equal(id_at(&tree, 1), 2);
	ts_tree_release(&tree);
}

static void self_is_without_the_union(void **state)
{
	/* 10..30 and 20..40 overlap, 60..80 is outside 0..50: covered are 10..40, 45..48. */
	const struct ts_span spans[] = {span(1, 0, 0, 50), span(2, 1, 10, 20), span(3, 1, 20, 20),
					span(4, 1, 45, 3), span(5, 1, 60, 20)};
	struct ts_tree tree;

	(void)state;
	assert_int_equal(ts_tree_init(&tree, &trace, spans, 5), 0);
	assert_true(tree.nodes[0].self_ms > 16.999 && tree.nodes[0].self_ms < 17.001);
	assert_true(tree.nodes[1].self_ms > 19.999 && tree.nodes[1].self_ms < 20.001);
	assert_true(tree.self_ms > 49.999 && tree.self_ms < 50.001);
	ts_tree_release(&tree);
}

/* What goes on after the pipeline's own end takes nothing of its time twice. */
static void child_outlives_parent(void **state)
{
	const struct ts_span spans[] = {span(1, 0, 0, 50), span(2, 1, 45, 155)};
	struct ts_tree tree;

	(void)state;
	assert_int_equal(ts_tree_init(&tree, &trace, spans, 2), 0);
	assert_true(tree.nodes[0].self_ms > 44.999 && tree.nodes[0].self_ms < 45.001);
	ts_tree_release(&tree);
}

static void lost_parents_and_cycles(void **state)
{
	/* 9 is not there; 2 and 3 are each other's parents, and 4 hangs on them; 5 is its own. */
	const struct ts_span spans[] = {span(1, 9, 0, 1), span(2, 3, 1, 1), span(3, 2, 2, 1),
					span(4, 3, 3, 1), span(5, 5, 4, 1)};
	bool seen[6] = {false};
	struct ts_tree tree;

	(void)state;
	assert_int_equal(ts_tree_init(&tree, &trace, spans, 5), 0);
	assert_int_equal(tree.n, 5);
	for (size_t i = 0; i < tree.n; i++) {
		assert_false(seen[id_at(&tree, i)]);
		seen[id_at(&tree, i)] = true;
		if (tree.nodes[i].parent != TS_TREE_NONE)
			assert_true(tree.nodes[i].parent < i);
	}
	assert_int_equal(id_at(&tree, 1), 2);
	assert_int_equal(tree.nodes[1].depth, 0);
	assert_int_equal(id_at(&tree, 2), 3);
	assert_int_equal(tree.nodes[2].depth, 1);
	ts_tree_release(&tree);
}

static void nothing(void **state)
{
	struct ts_tree tree;

	(void)state;
	assert_int_equal(ts_tree_init(&tree, &trace, NULL, 0), 0);
	assert_int_equal(tree.n, 0);
	assert_true(tree.self_ms == 100);
	ts_tree_release(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_depth),
		cmocka_unit_test(children_come_behind_parents),
		cmocka_unit_test(self_is_without_the_union),
		cmocka_unit_test(child_outlives_parent),
		cmocka_unit_test(lost_parents_and_cycles),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
