// SPDX-License-Identifier: Apache-2.0
/* What a trace cost: calls inside calls, unknown ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "runtime/report/bill.h"

#define NONE (-1)

static struct ts_maybe maybe_of(int64_t value)
{
	return (struct ts_maybe){value != NONE, value != NONE ? value : 0};
}

static struct ts_span span(const char *kind, uint8_t id, uint8_t parent, int64_t tokens,
			   int64_t nano_usd)
{
	return (struct ts_span){
		.kind = kind,
		.span_id = {{id}},
		.has_parent = parent != 0,
		.parent_span_id = {{parent}},
		.input_tokens = maybe_of(tokens),
		.output_tokens = maybe_of(tokens == NONE ? NONE : 2 * tokens),
		.cost_nano_usd = maybe_of(nano_usd),
	};
}

static struct ts_bill bill_of(const struct ts_span *spans, size_t n)
{
	static const struct ts_trace trace = {.duration_ms = 1};
	struct ts_bill bill;

	assert_int_equal(ts_bill_make(&bill, &trace, spans, n), 0);
	return bill;
}

static void expect(const struct ts_bill *bill, size_t calls, size_t unknown, int64_t nano_usd,
		   bool more)
{
	assert_int_equal(bill->calls, calls);
	assert_int_equal(bill->unknown_costs, unknown);
	assert_int_equal(bill->nano_usd, nano_usd);
	assert_int_equal(bill->more_usd, more);
}

static void test_calls_add_up(void **state)
{
	const struct ts_span spans[] = {span("agent", 1, 0, NONE, NONE), span("llm", 2, 1, 10, 100),
					span("llm", 3, 1, 20, 200), span("tool", 4, 0, NONE, NONE)};
	struct ts_bill bill = bill_of(spans, 4);

	(void)state;
	expect(&bill, 2, 0, 300, false);
	assert_int_equal(bill.input_tokens, 30);
	assert_int_equal(bill.output_tokens, 60);
	assert_false(bill.more_input || bill.more_output);
	bill = bill_of(spans, 0);
	expect(&bill, 0, 0, 0, false);
}

/* What a client's method and the function below it both tell was used once. */
static void test_a_call_inside_a_call_counts_once(void **state)
{
	/* it tried twice, and tells of the second */
	const struct ts_span tried[] = {span("llm", 1, 0, 10, 100), span("llm", 2, 1, 10, 100),
					span("llm", 3, 1, NONE, NONE), span("llm", 4, 1, 10, 100)};
	const struct ts_span spans[] = {
		span("llm", 3, 2, 10, 100), /* children first */
		span("step", 2, 1, NONE, NONE),
		span("llm", 1, 0, 10, 100),
	};
	/* only the inner one tells, and is the outer one */
	const struct ts_span wrapped[] = {
		span("llm", 1, 0, NONE, NONE), span("step", 2, 1, NONE, NONE),
		span("llm", 3, 2, 10, 100), span("llm", 4, 3, NONE, NONE)};
	struct ts_bill bill = bill_of(spans, 3);

	(void)state;
	expect(&bill, 1, 0, 100, false);
	bill = bill_of(wrapped, 4);
	expect(&bill, 1, 0, 100, false);
	bill = bill_of(tried, 4);
	expect(&bill, 3, 1, 200, true);
	bill = bill_of(tried, 3);
	expect(&bill, 1, 0, 100, false);
}

static void test_unknown_costs_make_a_lower_bound(void **state)
{
	struct ts_span spans[] = {span("llm", 1, 0, 10, 100), span("llm", 2, 0, 10, NONE),
				  span("llm", 3, 0, NONE, NONE)};
	struct ts_bill bill = bill_of(spans, 3);

	(void)state;
	expect(&bill, 3, 2, 100, true);
	assert_true(bill.more_input && bill.more_output);
	/* nothing told by anybody: nothing to be told */
	bill = bill_of(spans + 2, 1);
	expect(&bill, 0, 0, 0, false);
	spans[0].attributes = "{\"cost_status\":\"lower_bound\"}";
	bill = bill_of(spans, 1);
	expect(&bill, 1, 0, 100, true);
}

static void test_sums_that_do_not_fit(void **state)
{
	const struct ts_span spans[] = {span("llm", 1, 0, 1, INT64_MAX), span("llm", 2, 0, 1, 1)};
	struct ts_bill bill = bill_of(spans, 2);

	(void)state;
	assert_true(bill.more_usd);
}

static void test_parents_in_a_circle(void **state)
{
	const struct ts_span spans[] = {span("step", 1, 2, NONE, NONE),
					span("step", 2, 1, NONE, NONE), span("llm", 3, 1, 10, 100),
					span("llm", 4, 4, NONE, NONE)};
	struct ts_bill bill = bill_of(spans, 4);

	(void)state;
	expect(&bill, 2, 1, 100, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_add_up),
		cmocka_unit_test(test_a_call_inside_a_call_counts_once),
		cmocka_unit_test(test_unknown_costs_make_a_lower_bound),
		cmocka_unit_test(test_sums_that_do_not_fit),
		cmocka_unit_test(test_parents_in_a_circle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
