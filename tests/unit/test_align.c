// SPDX-License-Identifier: Apache-2.0
/* Two traces side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "runtime/report/align.h"
#include "report_fixture.h"

/* "a1b1 a2- -b3": of each row the ids on both sides, "-" where there is none, its depth before it. */
static void expect(const struct ts_span *a, size_t n, const struct ts_span *b, size_t m,
		   const char *wanted)
{
	struct ts_tree of_a = tree_of(&whole, a, n), of_b = tree_of(&whole, b, m);
	struct ts_alignment alignment;
	char text[512] = "";
	size_t used = 0;

	assert_int_equal(ts_align(&alignment, &of_a, &of_b), 0);
	for (size_t i = 0; i < alignment.n; i++) {
		const struct ts_aligned *row = &alignment.rows[i];

		used += (size_t)sprintf(text + used, "%s%zu:", i ? " " : "", row->depth);
		used += row->a ? (size_t)sprintf(text + used, "%d", row->a->span->span_id.bytes[0])
			       : (size_t)sprintf(text + used, "-");
		used += row->b ? (size_t)sprintf(text + used, "/%d", row->b->span->span_id.bytes[0])
			       : (size_t)sprintf(text + used, "/-");
	}
	assert_string_equal(text, wanted);
	ts_alignment_release(&alignment);
	ts_tree_release(&of_a);
	ts_tree_release(&of_b);
}

static void the_same_path(void **state)
{
	const struct ts_span a[] = {span(1, 0, "x", 0, 10), span(2, 1, "y", 1, 2),
				    span(3, 1, "y", 4, 2), span(4, 0, "z", 20, 1)};
	/* y has a third call, z comes first, and x has none of w in a */
	const struct ts_span b[] = {span(1, 0, "z", 0, 1),  span(2, 0, "x", 2, 30),
				    span(3, 2, "y", 3, 1),  span(4, 2, "w", 5, 1),
				    span(5, 2, "y", 8, 1),  span(6, 2, "y", 12, 1),
				    span(7, 6, "in", 13, 1)};

	(void)state;
	expect(a, 4, b, 7, "0:1/2 1:2/3 1:-/4 1:3/5 1:-/6 2:-/7 0:4/1");
	expect(b, 7, a, 4, "0:1/4 0:2/1 1:3/2 1:4/- 1:5/3 1:6/- 2:7/-");
}

static void nothing_in_common(void **state)
{
	const struct ts_span a[] = {span(1, 0, "x", 0, 10), span(2, 1, "y", 1, 2)};
	const struct ts_span b[] = {span(1, 0, "u", 0, 10), span(2, 1, "y", 1, 2)};

	(void)state;
	expect(a, 2, b, 2, "0:1/- 1:2/- 0:-/1 1:-/2");
	expect(a, 2, NULL, 0, "0:1/- 1:2/-");
	expect(NULL, 0, b, 2, "0:-/1 1:-/2");
	expect(NULL, 0, NULL, 0, "");
}

/* Every call of both is there once, whatever the trees. */
static void any_trees(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	struct ts_span spans[2][40];

	(void)state;
	srand(3);
	for (int round = 0; round < 500; round++) {
		struct ts_tree trees[2];
		struct ts_alignment alignment;
		size_t n[2], seen[2] = {0, 0};

		for (int side = 0; side < 2; side++) {
			n[side] = (size_t)(rand() % 40);
			for (size_t i = 0; i < n[side]; i++)
				spans[side][i] =
					span((uint8_t)(i + 1), (uint8_t)(rand() % (int)(i + 1)),
					     names[rand() % 3], (double)i, 1);
			trees[side] = tree_of(&whole, spans[side], n[side]);
		}
		assert_int_equal(ts_align(&alignment, &trees[0], &trees[1]), 0);
		for (size_t i = 0; i < alignment.n; i++) {
			const struct ts_aligned *row = &alignment.rows[i];

			seen[0] += row->a != NULL;
			seen[1] += row->b != NULL;
			assert_true(!row->a || row->a->depth == row->depth);
			assert_true(!row->b || row->b->depth == row->depth);
			if (row->a && row->b)
				assert_string_equal(row->a->span->span_name,
						    row->b->span->span_name);
		}
		assert_true(seen[0] == n[0] && seen[1] == n[1]);
		ts_alignment_release(&alignment);
		ts_tree_release(&trees[0]);
		ts_tree_release(&trees[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_path),
		cmocka_unit_test(nothing_in_common),
		cmocka_unit_test(any_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
