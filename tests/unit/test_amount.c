// SPDX-License-Identifier: Apache-2.0
/* How counts, shares and money are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../runtime/command/terminal/amount.c"
#include "../../runtime/command/terminal/display.c"
#include "../../runtime/command/terminal/print.c"

static void test_money(void **state)
{
	static const struct {
		int64_t nano_usd;
		const char *text;
	} sums[] = {
		{0, "$0.00"},
		{1, "$0.000000001"},
		{20, "$0.00000002"},
		{142500, "$0.000143"},
		{330000, "$0.00033"},
		{2280000, "$0.00228"},
		{9996000, "$0.01"},
		{120000000, "$0.12"},
		{123400000, "$0.123"},
		{123500000, "$0.124"},
		{999499999, "$0.999"},
		{999600000, "$1.00"},
		{1000000000, "$1.00"},
		{12345000000, "$12.35"},
		{999995000000, "$1,000.00"},
		{1204214999999, "$1,204.21"},
		{INT64_MAX, "$9,223,372,036.85"},
		{-330000, "-$0.00033"},
		{INT64_MIN, "-$9,223,372,036.85"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		assert_string_equal(ts_amount_money(sums[i].nano_usd).text, sums[i].text);
}

static void test_counts(void **state)
{
	(void)state;
	assert_string_equal(ts_amount_count(0).text, "0");
	assert_string_equal(ts_amount_count(999).text, "999");
	assert_string_equal(ts_amount_count(1000).text, "1,000");
	assert_string_equal(ts_amount_count(1234567).text, "1,234,567");
	assert_string_equal(ts_amount_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
	assert_string_equal(ts_amount_short(9999).text, "9,999");
	assert_string_equal(ts_amount_short(10000).text, "10.0 k");
	assert_string_equal(ts_amount_short(999499).text, "999 k");
	assert_string_equal(ts_amount_short(999500).text, "1.00 M");
	assert_string_equal(ts_amount_short(UINT64_MAX).text, "18.4 E");
}

static void test_shares(void **state)
{
	(void)state;
	assert_string_equal(ts_amount_share(0, 0).text, "0 %");
	assert_string_equal(ts_amount_share(1, 3).text, "33 %");
	assert_string_equal(ts_amount_share(58, 1000).text, "5.8 %");
	assert_string_equal(ts_amount_share(2, 10000).text, "0.02 %");
	assert_string_equal(ts_amount_share(1, 1000000).text, "<0.01 %");
}

/* What is not known is said, and is never 0. */
static void test_sums(void **state)
{
	struct ts_spend spend = {.calls = 0};

	(void)state;
	assert_string_equal(ts_amount_cost(&spend).text, "-");
	spend.calls = 2;
	assert_string_equal(ts_amount_cost(&spend).text, "$0.00");
	spend.cost_nano_usd = (struct ts_sum){.known = 1500000000, .unknown = 1};
	assert_string_equal(ts_amount_cost(&spend).text, ">=$1.50");
	spend.cost_nano_usd = (struct ts_sum){.unknown = 2};
	assert_string_equal(ts_amount_cost(&spend).text, "?");
	spend.input_tokens = (struct ts_sum){.known = 12000, .unknown = 1};
	assert_string_equal(ts_amount_tokens(&spend.input_tokens, 2).text, ">=12.0 k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
