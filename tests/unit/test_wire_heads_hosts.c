// SPDX-License-Identifier: Apache-2.0
/* Shim and runtime agree on whose connections count: the runtime's tables are the only ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "preload/wire/host.h"
#include "runtime/wire/provider.h"
#include "runtime/wire/wire.h"

#define PROVIDER(name) extern const struct ts_provider ts_provider_##name;
#include "providers.inc"
#undef PROVIDER

static const struct ts_provider *const providers[] = {
#define PROVIDER(name) &ts_provider_##name,
#include "providers.inc"
#undef PROVIDER
};

#define N_PROVIDERS (sizeof(providers) / sizeof(*providers))

static bool counts(const char *host)
{
	static const struct ts_wire_conf none;

	return ts_heads_host_counts(&none, (struct ts_slice){host, strlen(host), 0});
}

/* Of a path that the provider has. */
static bool runtime_knows(const struct ts_provider *provider, const char *host)
{
	static const struct ts_wire_settings settings;
	struct ts_place place;
	char path[256];

	snprintf(path, sizeof(path), "/model/m%s", provider->paths->end);
	return ts_provider_find(&settings, host, path, &place);
}

static void test_every_host_of_every_provider(void **state)
{
	static const char *const around[][2] = {
		{"", ""},      {"", ":443"}, {"", ":80"}, {"", ":8080"}, {"x", ""}, {"x.", ""},
		{"", ".evil"}, {"", "."},    {"", ":44"}, {".", ""},     {"", "x"}};
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < N_PROVIDERS; i++) {
		for (const struct ts_provider_host *host = providers[i]->hosts; host->pattern;
		     host++) {
			const char *star = strchr(host->pattern, '*');
			size_t before =
				star ? (size_t)(star - host->pattern) : strlen(host->pattern);

			for (size_t j = 0; j < sizeof(around) / sizeof(*around); j++) {
				char name[256];

				snprintf(name, sizeof(name), "%s%.*s%s%s%s", around[j][0],
					 (int)before, host->pattern, star ? "any" : "",
					 star ? star + 1 : "", around[j][1]);
				if (counts(name) != runtime_knows(providers[i], name))
					fail_msg("%s: %d here", name, counts(name));
				n += counts(name);
			}
			if (star)
				assert_false(counts(host->pattern + before + 1));
		}
	}
	assert_true(n > 3 * N_PROVIDERS);
}

static void test_gateways(void **state)
{
	static const struct ts_wire_host hosts[] = {{"gw:8080", "", ""},
						    {"gw.example:443", "", ""}};
	static const struct ts_wire_conf conf = {.gateways = hosts, .n_gateways = 2};
	static const struct {
		const char *host;
		bool counts;
	} cases[] = {{"gw:8080", true}, {"GW:8080", true},         {"gw", false},
		     {"gw:80", false},  {"gw.example", true},      {"gw.example:443", true},
		     {"", false},       {"gw.example:444", false}, {"xgw.example", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ts_slice host = {cases[i].host, strlen(cases[i].host), 0};

		assert_int_equal(ts_heads_host_counts(&conf, host), cases[i].counts);
	}
}

static void test_what_is_a_host(void **state)
{
	static const struct {
		const char *sent, *host; /* NULL: none */
	} cases[] = {
		{"a.b:1", "a.b:1"},
		{"u:p@a", "a"},
		{"u@p@a", NULL},
		{"u\xf0@a", NULL},
		{"@a", "a"},
		{"u@", ""},
		{"[fe80::1]:80", "[fe80::1]:80"},
		{"", ""},
		{"a/b", NULL},
		{"a b", NULL},
		{"a\\b", NULL},
		{"a@b/c", NULL},
		{"a?b", NULL},
		{"a$", NULL},
	};
	char large[300];
	struct ts_slice host;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ts_slice sent = {cases[i].sent, strlen(cases[i].sent), 0};

		assert_int_equal(ts_heads_host_read(sent, &host), cases[i].host != NULL);
		if (cases[i].host)
			assert_true(ts_slice_is(host, cases[i].host));
	}
	memset(large, 'a', sizeof(large));
	assert_true(ts_heads_host_read((struct ts_slice){large, 255, 0}, &host));
	assert_false(ts_heads_host_read((struct ts_slice){large, 256, 0}, &host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_host_of_every_provider),
		cmocka_unit_test(test_gateways),
		cmocka_unit_test(test_what_is_a_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
