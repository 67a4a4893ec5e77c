// SPDX-License-Identifier: Apache-2.0
/* What people see of a store's URL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/shown.h"

static void expect(const char *url, const char *wanted)
{
	assert_string_equal(ts_shown(url).text, wanted);
}

static void place_is_shown(void **state)
{
	(void)state;
	expect("sqlite:/var/lib/x y@z.db", "sqlite:/var/lib/x y@z.db");
	expect("jsonl:/var/log/traces?size=1MB", "jsonl:/var/log/traces?size=1MB");
	expect("postgresql://db/traces", "postgresql://db/traces");
	expect("postgresql://", "postgresql://");
	expect("postgresql:///traces", "postgresql:///traces");
	expect("postgresql://db.example:5433", "postgresql://db.example:5433");
	expect("postgresql://a:1,[::1]:2,c/traces", "postgresql://a:1,[::1]:2,c/traces");
	expect("postgresql://%2Frun%2Fpg/traces", "postgresql://%2Frun%2Fpg/traces");
}

static void secrets_are_not(void **state)
{
	(void)state;
	expect("postgresql://bot@db/traces", "postgresql://db/traces");
	expect("postgresql://bot:secret@db:5432/traces", "postgresql://db:5432/traces");
	expect("postgresql://:secret@/traces", "postgresql:///traces");
	expect("postgresql://db/traces?password=secret", "postgresql://db/traces");
	expect("postgresql://db?user=bot&password=secret", "postgresql://db");
	expect("postgresql://db/traces#secret", "postgresql://db/traces");
}

static void what_is_not_clear_is_not_shown(void **state)
{
	static const char *const urls[] = {
		"postgresql://bot:sec@ret@db/traces",
		"postgresql://bot:sec/ret@db/traces",
		"postgresql://bot:sec?ret@db/traces",
		"postgresql://bot:sec#ret@db/traces",
		"postgresql://bot:secret",
		"postgresql://[::1:secret",
		"postgresql://[secret]/traces",
		"postgresql://db/traces?password=sec@ret",
		"postgresql://db secret/traces",
		"postgresql://db\nsecret",
		"postgresql://bot:@db/traces/sec/ret",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		expect(urls[i], "postgresql://");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(place_is_shown),
		cmocka_unit_test(secrets_are_not),
		cmocka_unit_test(what_is_not_clear_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
