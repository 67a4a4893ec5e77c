// SPDX-License-Identifier: Apache-2.0
/* Times as people write and read them, and as the stores do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../runtime/command/terminal/guess.c"
#include "../../runtime/command/terminal/when.c"

#define NOW 1795216051123456LL /* 2026-11-20T23:07:31.123456Z */

static void moments(void **state)
{
	int64_t us;

	(void)state;
	assert_string_equal(ts_moment_format(NOW).text, "2026-11-20T23:07:31.123456Z");
	assert_string_equal(ts_moment_format(-1).text, "1970-01-01T00:00:00.000000Z");
	assert_string_equal(ts_moment_format(951782400000000).text, "2000-02-29T00:00:00.000000Z");
	assert_string_equal(ts_moment_format(INT64_MAX).text, "9999-12-31T23:59:59.999999Z");
	assert_int_equal(ts_moment_parse("2026-11-20T23:07:31.123456Z", &us), 0);
	assert_int_equal(us, NOW);
	assert_int_equal(ts_moment_parse("2026-11-21 00:37:31.1234561+01:30", &us), 0);
	assert_int_equal(us, NOW);
	assert_int_equal(ts_moment_parse("2026-11-20T18:07:31-0500", &us), 0);
	assert_int_equal(us, NOW - 123456);
	assert_int_equal(ts_moment_parse("2026-11-20 23:07:31.123456+00", &us), 0);
	assert_int_equal(us, NOW);
}

static void moments_that_are_none(void **state)
{
	static const char *const wrong[] = {
		"",
		"2026-11-20",
		"2026-11-20T23:07:31",
		"2026-13-20T23:07:31Z",
		"2026-11-20T24:07:31Z",
		"2026-11-20T23:07:31Zx",
		"2026-11-20x23:07:31Z",
		"2026-11-20T23:07:31+",
		"2026-11-20T23:07:31+01:7x",
	};
	int64_t us = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(ts_moment_parse(wrong[i], &us), -EINVAL);
	assert_int_equal(us, 7);
}

static void since(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
		{"30s", NOW - 30 * SECOND},
		{"10m", NOW - 600 * SECOND},
		{"2h", NOW - 7200 * SECOND},
		{"3d", NOW - 259200 * SECOND},
		{"1w", NOW - 604800 * SECOND},
		/* Local time is two hours ahead in this test. */
		{"2026-11-21", 1795212000 * SECOND},
		{"2026-11-21T01:07", 1795216020 * SECOND},
		{"2026-11-21 01:07:31", 1795216051 * SECOND},
		{"2026-11-20T23:07:31.123456Z", NOW},
	};
	static const char *const wrong[] = {"",           "m",         "10",
					    "10x",        "-5m",       "10mm",
					    "2026-02-30", "yesterday", "99999999999999999999d",
					    "1000000000w"};
	int64_t us;

	(void)state;
	setenv("TZ", "EET-2", 1);
	tzset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ts_when_parse(cases[i].text, NOW, &us), 0);
		assert_int_equal(us, cases[i].us);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(ts_when_parse(wrong[i], NOW, &us), -EINVAL);
}

static void short_and_long(void **state)
{
	char text[64];

	(void)state;
	setenv("TZ", "EET-2", 1);
	tzset();
	ts_when_short(NOW, NOW + SECOND, text, sizeof(text));
	assert_string_equal(text, "01:07:31");
	ts_when_short(NOW - 7200 * SECOND, NOW, text, sizeof(text));
	assert_string_equal(text, "11-20 23:07");
	ts_when_short(NOW - 365 * 86400 * SECOND, NOW, text, sizeof(text));
	assert_string_equal(text, "2025-11-21");
	ts_when_long(NOW, text, sizeof(text));
	assert_string_equal(text, "2026-11-21 01:07:31.123 +0200");
}

static void durations(void **state)
{
	static const struct {
		double ms;
		const char *text;
	} cases[] = {
		{0, "0.00 us"},
		{0.0123, "12.3 us"},
		{0.9994, "999 us"},
		{0.9996, "1.00 ms"},
		{9.996, "10.0 ms"},
		{830.4, "830 ms"},
		{999.6, "1.00 s"},
		{59900, "59.9 s"},
		{59960, "1 m 00 s"},
		{3599400, "59 m 59 s"},
		{3599600, "1 h 00 m"},
		{86400000, "1 d 00 h"},
		{-1, "?"},
		{INFINITY, "?"},
		{NAN, "?"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ts_when_duration(cases[i].ms, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void guesses(void **state)
{
	static const char *const names[] = {"run", "check", "list", "show"};

	(void)state;
	assert_string_equal(ts_guess("lsit", names, 4), "list");
	assert_string_equal(ts_guess("chek", names, 4), "check");
	assert_string_equal(ts_guess("shwo", names, 4), "show");
	assert_null(ts_guess("xyzzy", names, 4));
	assert_null(ts_guess("", names, 4));
	assert_null(ts_guess("list", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments),   cmocka_unit_test(moments_that_are_none),
		cmocka_unit_test(since),     cmocka_unit_test(short_and_long),
		cmocka_unit_test(durations), cmocka_unit_test(guesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
