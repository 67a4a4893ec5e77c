// SPDX-License-Identifier: Apache-2.0
/* Percentiles, tables by key, tokens and money, steps of time: against values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "runtime/report/figures.h"
#include "runtime/report/keyed.h"
#include "runtime/report/timeline.h"
#include "report_fixture.h"

/* --- percentiles ----------------------------------------------------------------------------- */

static struct ts_samples samples_of(const double *values, size_t n)
{
	struct ts_samples samples = {.n = 0};

	for (size_t i = 0; i < n; i++)
		assert_int_equal(ts_samples_add(&samples, values[i]), 0);
	return samples;
}

static void nearest_ranks(void **state)
{
	/* the example of the definition: the 5th, 30th, 40th, 50th and 100th of five are 15, 20, 20, 35, 50 */
	struct ts_samples five = samples_of((double[]){50, 15, 40, 35, 20}, 5);
	struct ts_samples one = samples_of((double[]){7}, 1);
	struct ts_samples none = {.n = 0};
	double hundred[100];
	struct ts_samples many;

	(void)state;
	assert_true(ts_samples_percentile(&five, 5) == 15);
	assert_true(ts_samples_percentile(&five, 30) == 20);
	assert_true(ts_samples_percentile(&five, 40) == 20);
	assert_true(ts_samples_percentile(&five, 50) == 35);
	assert_true(ts_samples_percentile(&five, 100) == 50);
	assert_true(ts_samples_percentile(&one, 1) == 7);
	assert_true(ts_samples_percentile(&one, 99) == 7);
	assert_true(isnan(ts_samples_percentile(&none, 50)));
	for (int i = 0; i < 100; i++)
		hundred[i] = 100 - i;
	many = samples_of(hundred, 100);
	assert_true(ts_samples_percentile(&many, 50) == 50);
	assert_true(ts_samples_percentile(&many, 95) == 95);
	assert_true(ts_samples_percentile(&many, 99) == 99);
	/* one more: ceil(0.95 * 101) = 96 */
	assert_int_equal(ts_samples_add(&many, 0), 0);
	assert_true(ts_samples_percentile(&many, 95) == 95);
	assert_int_equal(ts_samples_below(&many, 0), 0);
	assert_int_equal(ts_samples_below(&many, 50), 50);
	assert_int_equal(ts_samples_below(&many, 50.5), 51);
	assert_int_equal(ts_samples_below(&many, 1e9), 101);
	ts_samples_release(&five);
	ts_samples_release(&one);
	ts_samples_release(&many);
}

/* --- keys ------------------------------------------------------------------------------------ */

static int downwards(const void *a, const void *b)
{
	return *(const int *)b - *(const int *)a;
}

static void things_are_found_again(void **state)
{
	struct ts_keyed keyed;
	char name[16];
	int *thing;

	(void)state;
	ts_keyed_init(&keyed, sizeof(int));
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++) {
			snprintf(name, sizeof(name), "%d", i);
			thing = ts_keyed_get(&keyed, &(struct ts_key){{"k", name}});
			assert_non_null(thing);
			assert_int_equal(*thing, round ? i : 0);
			*thing = i;
		}
	assert_int_equal(keyed.n, 1000);
	/* parts do not run into each other, and fewer are another key */
	assert_null(ts_keyed_find(&keyed, &(struct ts_key){{"k1", "2"}}));
	assert_null(ts_keyed_find(&keyed, &(struct ts_key){{"k12"}}));
	assert_null(ts_keyed_find(&keyed, &(struct ts_key){{"k", "12", ""}}));
	thing = ts_keyed_find(&keyed, &(struct ts_key){{"k", "12"}});
	assert_string_equal(ts_key_of(thing, 0), "k");
	assert_string_equal(ts_key_of(thing, 1), "12");
	assert_null(ts_key_of(thing, 2));
	ts_keyed_sort(&keyed, downwards);
	assert_int_equal(*(int *)keyed.things[0], 999);
	assert_string_equal(ts_key_of(keyed.things[999], 1), "0");
	ts_keyed_release(&keyed);
	assert_null(ts_keyed_find(&keyed, &(struct ts_key){{"k", "12"}}));
}

/* --- tokens and money ------------------------------------------------------------------------ */

static struct ts_span priced(struct ts_span it, const char *model, int64_t input, int64_t output,
			     int64_t cost)
{
	it.model = model;
	it.input_tokens = (struct ts_maybe){input >= 0, input};
	it.output_tokens = (struct ts_maybe){output >= 0, output};
	it.cost_nano_usd = (struct ts_maybe){cost >= 0, cost};
	return it;
}

/* All that is counted of a trace; which spans were, as digits of their ids. */
static struct ts_spend spend_of(const struct ts_span *spans, size_t n, int *ret_ids)
{
	struct ts_tree tree = tree_of(&whole, spans, n);
	struct ts_spend sum = {.calls = 0}, one;

	*ret_ids = 0;
	for (size_t i = ts_spend_next(&tree, 0, &one); i < tree.n;
	     i = ts_spend_next(&tree, tree.nodes[i].end, &one)) {
		ts_spend_add(&sum, &one);
		*ret_ids = *ret_ids * 10 + tree.nodes[i].span->span_id.bytes[0];
	}
	ts_tree_release(&tree);
	return sum;
}

static void unknown_is_not_zero(void **state)
{
	const struct ts_span spans[] = {span(1, 0, "agent:a", 0, 90),
					priced(span(2, 1, "llm:a", 1, 10), "m", 100, 20, 5000),
					priced(span(3, 1, "llm:b", 20, 10), "m", 7, -1, -1),
					span(4, 1, "llm:c", 40, 10),
					priced(span(5, 1, "llm:d", 60, 10), "m", 0, 0, 0)};
	struct ts_spend spend;
	int ids;

	(void)state;
	spend = spend_of(spans, 5, &ids);
	assert_int_equal(ids, 2345);
	assert_int_equal(spend.calls, 4);
	assert_int_equal(spend.input_tokens.known, 107);
	assert_int_equal(spend.input_tokens.unknown, 1);
	assert_int_equal(spend.output_tokens.known, 20);
	assert_int_equal(spend.output_tokens.unknown, 2);
	assert_int_equal(spend.cost_nano_usd.known, 5000);
	assert_int_equal(spend.cost_nano_usd.unknown, 2);
	assert_false(ts_sum_is_unknown(&spend.cost_nano_usd, spend.calls));
	spend = spend_of(&spans[3], 1, &ids);
	assert_true(ts_sum_is_unknown(&spend.cost_nano_usd, spend.calls));
	spend = spend_of(&spans[4], 1, &ids);
	assert_false(ts_sum_is_unknown(&spend.cost_nano_usd, spend.calls));
	spend = spend_of(spans, 1, &ids);
	assert_int_equal(spend.calls, 0);
	assert_false(ts_sum_is_unknown(&spend.cost_nano_usd, spend.calls));
}

static void wrappers_are_paid_once(void **state)
{
	/* 1 knows all, 2 inside says the same again; 3 knows tokens only, 4 inside its price, too;
	 * 5 knows nothing, 6 and 7 inside are the calls, of which 7 has no price */
	const struct ts_span spans[] = {priced(span(1, 0, "llm:sdk", 0, 20), "m", 10, 1, 100),
					priced(span(2, 1, "llm:wire", 1, 18), "m", 10, 1, 100),
					priced(span(3, 0, "llm:sdk", 20, 20), "m", 20, 2, -1),
					priced(span(4, 3, "llm:wire", 21, 18), "m", 20, 2, 200),
					span(5, 0, "llm:any", 40, 40),
					priced(span(6, 5, "llm:a", 41, 10), "m", 30, 3, 300),
					priced(span(7, 5, "llm:b", 55, 10), "n", 40, 4, -1)};
	struct ts_spend spend;
	int ids;

	(void)state;
	spend = spend_of(spans, 7, &ids);
	assert_int_equal(ids, 1367);
	assert_int_equal(spend.input_tokens.known, 10 + 20 + 30 + 40);
	assert_int_equal(spend.output_tokens.known, 1 + 2 + 3 + 4);
	assert_int_equal(spend.cost_nano_usd.known, 100 + 200 + 300);
	assert_int_equal(spend.cost_nano_usd.unknown, 1);
}

/* Who returns one answer of several does not tell of the others; who counts them all does. */
static void attempts_are_each_paid(void **state)
{
	/* 1 tells of 4 alone: 2 was paid, too, and 3, which was refused, is not known to be; 5 tells of 6 and 8, though
	 * 7, which is 8 once more, does not know the price of it; 9 knows more tokens than 10, which knows a higher price */
	const struct ts_span spans[] = {priced(span(1, 0, "llm:sdk", 0, 90), "m", 10, 1, 100),
					priced(span(2, 1, "llm:wire", 1, 18), "m", 10, 2, 101),
					span(3, 1, "llm:wire", 20, 10),
					priced(span(4, 1, "llm:wire", 31, 18), "m", 10, 1, 100),
					priced(span(5, 0, "llm:sum", 100, 90), "m", 30, 3, 300),
					priced(span(6, 5, "llm:a", 101, 18), "m", 10, 1, 100),
					priced(span(7, 5, "llm:sdk", 120, 18), "m", 20, 2, -1),
					priced(span(8, 7, "llm:wire", 121, 10), "m", 20, 2, 200),
					priced(span(9, 0, "llm:odd", 200, 9), "m", 9, 9, 1),
					priced(span(10, 9, "llm:odd", 201, 9), "m", 5, 5, 2)};
	struct ts_spend spend;
	int ids;

	(void)state;
	spend = spend_of(spans, 4, &ids);
	assert_int_equal(ids, 234);
	assert_int_equal(spend.calls, 3);
	assert_int_equal(spend.input_tokens.known, 20);
	assert_int_equal(spend.output_tokens.known, 3);
	assert_int_equal(spend.cost_nano_usd.known, 201);
	assert_int_equal(spend.cost_nano_usd.unknown, 1);
	spend = spend_of(spans + 4, 4, &ids);
	assert_int_equal(ids, 5);
	assert_int_equal(spend.cost_nano_usd.known, 300);
	assert_int_equal(spend.cost_nano_usd.unknown, 0);
	spend = spend_of(spans + 8, 2, &ids);
	assert_int_equal(ids, 9);
	assert_int_equal(spend.cost_nano_usd.known, 1);
}

/* By what is left of attributes, or all of them. Who waited for nothing but refusals used nothing either. */
static void what_was_refused_is_free(void **state)
{
	struct ts_span spans[] = {span(1, 0, "llm:wire", 0, 9),
				  priced(span(2, 0, "llm:wire", 10, 9), "m", 10, 1, 100),
				  span(3, 0, "llm:sdk", 20, 20),
				  span(4, 3, "llm:wire", 21, 9),
				  span(5, 3, "llm:wire", 31, 9),
				  span(6, 0, "llm:wire", 50, 9)};
	struct ts_spend spend;
	int ids;

	(void)state;
	spans[0].attributes = "429";
	spans[3].attributes = "{\"wire\":{\"http\":\"1.1\",\"status\":529}}";
	spans[4].attributes = "400";
	spans[5].attributes = "200";
	spend = spend_of(spans, 5, &ids);
	assert_int_equal(ids, 2);
	assert_int_equal(spend.calls, 1);
	assert_int_equal(spend.cost_nano_usd.unknown, 0);
	spend = spend_of(spans, 6, &ids);
	assert_int_equal(ids, 26);
	assert_int_equal(spend.cost_nano_usd.unknown, 1);
}

/* Each level is asked in turn: 2 is 1 again, but was tried twice. */
static void levels_of_wrappers(void **state)
{
	const struct ts_span spans[] = {priced(span(1, 0, "llm:lib", 0, 90), "m", 10, 1, 100),
					priced(span(2, 1, "llm:sdk", 1, 80), "m", 10, 1, 100),
					priced(span(3, 2, "llm:wire", 2, 20), "m", 10, 1, 100),
					priced(span(4, 2, "llm:wire", 30, 20), "m", 10, 1, 100),
					priced(span(5, 1, "llm:sdk", 82, 5), "m", 1, 1, 1)};
	struct ts_spend spend;
	int ids;

	(void)state;
	spend = spend_of(spans, 5, &ids);
	assert_int_equal(ids, 345);
	assert_int_equal(spend.cost_nano_usd.known, 201);
	spend = spend_of(spans, 3, &ids);
	assert_int_equal(ids, 1);
}

static void a_lower_bound_is_not_all(void **state)
{
	struct ts_span spans[] = {priced(span(1, 0, "llm:a", 0, 20), "m", 1, 1, 11),
				  priced(span(2, 0, "llm:a", 30, 1), "m", 1, 1, 22)};
	struct ts_spend spend;
	int ids;

	(void)state;
	spans[0].attributes = "\"estimated\"";
	spans[1].attributes = "\"lower_bound\"";
	spend = spend_of(spans, 2, &ids);
	assert_int_equal(spend.cost_nano_usd.known, 33);
	assert_int_equal(spend.cost_nano_usd.unknown, 1);
	assert_int_equal(spend.input_tokens.unknown, 0);
}

/* The wrapper was given the model, and the calls inside it tell what they used. */
static void models_are_those_of_who_names_them(void **state)
{
	struct ts_span spans[] = {span(1, 0, "llm:any", 0, 90),
				  priced(span(2, 1, "llm:a", 1, 10), NULL, 1, 1, 5),
				  priced(span(3, 1, "llm:b", 20, 10), "own", 1, 1, 5)};
	struct ts_tree tree;
	struct ts_spend spend;

	(void)state;
	spans[0].model = "given";
	tree = tree_of(&whole, spans, 3);
	assert_int_equal(ts_spend_next(&tree, 0, &spend), 1);
	assert_string_equal(ts_spend_model(&tree, 1), "given");
	assert_int_equal(ts_spend_next(&tree, 2, &spend), 2);
	assert_string_equal(ts_spend_model(&tree, 2), "own");
	ts_tree_release(&tree);
}

static void a_tool_with_a_price_is_a_call(void **state)
{
	const struct ts_span spans[] = {priced(span(1, 0, "agent:a", 0, 20), NULL, -1, -1, 11),
					span(2, 0, "agent:b", 30, 1)};
	struct ts_spend spend;
	int ids;

	(void)state;
	spend = spend_of(spans, 2, &ids);
	assert_int_equal(ids, 1);
	assert_int_equal(spend.cost_nano_usd.known, 11);
}

static void sums_do_not_overflow(void **state)
{
	struct ts_spend sum = {.cost_nano_usd = {INT64_MAX - 1, 0}};
	const struct ts_spend more = {.cost_nano_usd = {2, 0}};

	(void)state;
	ts_spend_add(&sum, &more);
	assert_true(sum.cost_nano_usd.known == INT64_MAX);
}

/* --- steps of time --------------------------------------------------------------------------- */

static void steps_people_count_in(void **state)
{
	static const struct {
		int64_t seconds, step;
	} cases[] = {{50, 1},
		     {51, 2},
		     {3600, 120},
		     {86400, 1800},
		     {7 * 86400, 21600},
		     {86400 * 30, 86400},
		     {86400 * 365LL * 10, 604800 * 16}};
	struct ts_timeline timeline;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ts_timeline_init(&timeline, 0, cases[i].seconds * 1000000);
		assert_int_equal(timeline.step_us, cases[i].step * 1000000);
		assert_true(timeline.n <= TS_TIMELINE_STEPS);
		assert_true(timeline.since_us + (int64_t)timeline.n * timeline.step_us >=
			    cases[i].seconds * 1000000);
	}
}

static void traces_fall_into_steps(void **state)
{
	struct ts_timeline timeline;

	(void)state;
	/* from 10.5 s to 60 s: steps of 1 s from 10 s on */
	ts_timeline_init(&timeline, 10500000, 60000000);
	assert_int_equal(timeline.since_us, 10000000);
	assert_int_equal(timeline.n, 50);
	ts_timeline_add(&timeline, 10500000, true);
	ts_timeline_add(&timeline, 10999999, false);
	ts_timeline_add(&timeline, 11000000, true);
	ts_timeline_add(&timeline, 59999999, false);
	ts_timeline_add(&timeline, 60000000, true);
	ts_timeline_add(&timeline, 9999999, true);
	assert_int_equal(timeline.traces[0], 2);
	assert_int_equal(timeline.failed[0], 1);
	assert_int_equal(timeline.traces[1], 1);
	assert_int_equal(timeline.traces[49], 1);
	assert_int_equal(timeline.failed[49], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_ranks),
		cmocka_unit_test(things_are_found_again),
		cmocka_unit_test(unknown_is_not_zero),
		cmocka_unit_test(wrappers_are_paid_once),
		cmocka_unit_test(attempts_are_each_paid),
		cmocka_unit_test(levels_of_wrappers),
		cmocka_unit_test(what_was_refused_is_free),
		cmocka_unit_test(a_lower_bound_is_not_all),
		cmocka_unit_test(models_are_those_of_who_names_them),
		cmocka_unit_test(a_tool_with_a_price_is_a_call),
		cmocka_unit_test(sums_do_not_overflow),
		cmocka_unit_test(steps_people_count_in),
		cmocka_unit_test(traces_fall_into_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
