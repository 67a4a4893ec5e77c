// SPDX-License-Identifier: Apache-2.0
/* Ids as text, and look-ups by the beginning of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "runtime/uuid.h"

static void test_text(void **state)
{
	struct ts_uuid uuid = {{0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, 0x7a, 0xbc, 0x8d, 0xef, 0x01,
				0x23, 0x45, 0x67, 0x89, 0xab}};
	char text[TS_UUID_TEXT];

	(void)state;
	ts_uuid_format(&uuid, text);
	assert_string_equal(text, "018bcfe5-6800-7abc-8def-0123456789ab");
}

static void check_range(const char *prefix, const char *low, const char *high)
{
	struct ts_uuid first, last;
	char text[TS_UUID_TEXT];

	assert_int_equal(ts_uuid_prefix_range(prefix, &first, &last), 0);
	ts_uuid_format(&first, text);
	assert_string_equal(text, low);
	ts_uuid_format(&last, text);
	assert_string_equal(text, high);
}

static void test_prefixes(void **state)
{
	static const char *const wrong[] = {"",
					    "-",
					    "g",
					    "01 ",
					    "0-1",
					    "last",
					    "018bcfe5--6800",
					    "018bcfe568007abc8def0123456789abc"};
	struct ts_uuid low, high;

	(void)state;
	check_range("0", "00000000-0000-0000-0000-000000000000",
		    "0fffffff-ffff-ffff-ffff-ffffffffffff");
	check_range("018BC", "018bc000-0000-0000-0000-000000000000",
		    "018bcfff-ffff-ffff-ffff-ffffffffffff");
	check_range("018bcfe5-", "018bcfe5-0000-0000-0000-000000000000",
		    "018bcfe5-ffff-ffff-ffff-ffffffffffff");
	check_range("018bcfe56800-7", "018bcfe5-6800-7000-0000-000000000000",
		    "018bcfe5-6800-7fff-ffff-ffffffffffff");
	check_range("018bcfe5-6800-7abc-8def-0123456789ab", "018bcfe5-6800-7abc-8def-0123456789ab",
		    "018bcfe5-6800-7abc-8def-0123456789ab");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(ts_uuid_prefix_range(wrong[i], &low, &high), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
