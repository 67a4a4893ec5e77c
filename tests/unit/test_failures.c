// SPDX-License-Identifier: Apache-2.0
/* Which errors are alike, where a failure is counted, what is a retry and what a fallback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "runtime/report/failures.h"
#include "runtime/report/repeats.h"
#include "report_fixture.h"

static void alike_errors(void **state)
{
	static const char *const cases[][2] = {
		{"took 1234 ms", "took # ms"},
		{"took 12ms, limit 1.5s", "took #ms, limit #s"},
		{"HTTP 429: retry in 7 s", "HTTP 429: retry in # s"},
		{"HTTP/1.1 503 Service Unavailable", "HTTP/1.1 503 Service Unavailable"},
		{"status=500 id=500", "status=500 id=#"},
		{"error code: 1045, at 1045", "error code: 1045, at #"},
		{"killed by signal 9", "killed by signal 9"},
		{"exit status 123456", "exit status #"},
		{"Connection refused (returned -1)", "Connection refused (returned -#)"},
		{"no row 0190a1b2-0c3d-7e4f-8a5b-6c7d8e9f0a1b here", "no row # here"},
		{"at 0x7ffd12ab: bad", "at #: bad"},
		{"commit deadbeef01 is gone", "commit # is gone"},
		{"request req_011CSHoEeqs5C35K2UUqR7Fy failed", "request # failed"},
		{"10.0.0.12:5432 does not answer", "# does not answer"},
		{"localhost:5432 does not answer", "localhost:# does not answer"},
		{"since 2026-11-20T23:07:31.123Z", "since #"},
		{"model gpt-4o is not UTF-8", "model gpt-4o is not UTF-8"},
		{"claude-3-5-sonnet is overloaded", "claude-3-5-sonnet is overloaded"},
		{"facade is no number, nor cafe", "facade is no number, nor cafe"},
		{"表 12 がない", "表 # がない"},
		{"", ""},
	};
	char text[TS_FAILURE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ts_failure_normalise(cases[i][0], text);
		assert_string_equal(text, cases[i][1]);
	}
}

static void long_errors_end_between_characters(void **state)
{
	char error[1024] = "", text[TS_FAILURE_TEXT];

	(void)state;
	for (int i = 0; i < 300; i++)
		strcat(error, "é");
	ts_failure_normalise(error, text);
	assert_int_equal(strlen(text), TS_FAILURE_TEXT - 2);
	memmove(error + 1, error, sizeof(error) - 2);
	error[0] = 'x';
	ts_failure_normalise(error, text);
	assert_int_equal(strlen(text), TS_FAILURE_TEXT - 1);
	/* any bytes */
	for (int i = 0; i < 1000; i++)
		error[i] = (char)(1 + i * 7 % 255);
	ts_failure_normalise(error, text);
	assert_true(strlen(text) < TS_FAILURE_TEXT);
}

static const struct ts_failure *group(const struct ts_failures *failures, const char *name,
				      const char *error)
{
	return ts_keyed_find(&failures->groups, &(struct ts_key){{name, error}});
}

static void failures_count_where_they_arose(void **state)
{
	/* 2 fails inside 1, which fails for it; 4 inside 3 does, which 3 gets over */
	const struct ts_span spans[] = {failing(span(1, 0, "agent:a", 0, 10), "no answer"),
					failing(span(2, 1, "llm:x", 1, 5), "HTTP 500 after 12 s"),
					span(3, 0, "agent:b", 20, 10),
					failing(span(4, 3, "llm:x", 21, 5), "HTTP 500 after 7 s")};
	struct ts_trace failed = whole, later = whole;
	struct ts_tree tree = tree_of(&whole, spans, 4);
	struct ts_failures failures;
	const struct ts_failure *found;

	(void)state;
	failed.success = false;
	failed.error = "no answer";
	failed.trace_id.bytes[15] = 1;
	later.started_us += 1000;
	later.trace_id.bytes[15] = 2;
	ts_failures_init(&failures);
	assert_int_equal(ts_failures_add(&failures, &failed, &tree, "pipeline:p", 1), 0);
	assert_int_equal(ts_failures_add(&failures, &later, &tree, "pipeline:p", 2), 0);
	assert_int_equal(failures.groups.n, 1);
	found = group(&failures, "llm:x", "HTTP 500 after # s");
	assert_non_null(found);
	assert_int_equal(found->calls, 4);
	assert_int_equal(found->traces, 2);
	assert_int_equal(found->fatal, 1);
	assert_int_equal(found->latest.bytes[15], 2);
	assert_string_equal(found->sample, "HTTP 500 after 12 s");
	assert_true(found->varied);
	ts_tree_release(&tree);
	/* a pipeline that fails by itself */
	tree = tree_of(&whole, &spans[2], 1);
	assert_int_equal(ts_failures_add(&failures, &failed, &tree, "pipeline:p", 3), 0);
	found = group(&failures, "pipeline:p", "no answer");
	assert_non_null(found);
	assert_false(found->varied);
	ts_tree_release(&tree);
	ts_failures_release(&failures);
}

static void too_many_errors_are_counted(void **state)
{
	struct ts_failures failures;
	struct ts_trace failed = whole;
	struct ts_tree tree = tree_of(&whole, NULL, 0);
	char error[8] = "aaaaa";

	(void)state;
	failed.success = false;
	failed.error = error;
	ts_failures_init(&failures);
	for (int i = 0; i < TS_FAILURE_MOST + 7; i++) {
		for (int k = 0, rest = i; k < 5; k++, rest /= 20)
			error[k] = (char)('g' + rest % 20);
		assert_int_equal(
			ts_failures_add(&failures, &failed, &tree, "pipeline:p", (uint64_t)i + 1),
			0);
	}
	assert_int_equal(failures.groups.n, TS_FAILURE_MOST);
	assert_int_equal(failures.others, 7);
	/* one that is known is still counted where it belongs */
	strcpy(error, "ggggg");
	assert_int_equal(ts_failures_add(&failures, &failed, &tree, "pipeline:p", 99999), 0);
	assert_true(group(&failures, "pipeline:p", "ggggg")->calls > 1);
	ts_tree_release(&tree);
	ts_failures_release(&failures);
}

/* --- again ----------------------------------------------------------------------------------- */

static struct ts_keyed repeats_of(const struct ts_span *spans, size_t n)
{
	struct ts_tree tree = tree_of(&whole, spans, n);
	struct ts_keyed repeats;

	ts_keyed_init(&repeats, sizeof(struct ts_repeat));
	assert_int_equal(ts_repeats_add(&repeats, &tree, "pipeline:p", 1), 0);
	ts_tree_release(&tree);
	return repeats;
}

static const struct ts_repeat *repeat(const struct ts_keyed *repeats, const char *parent,
				      const char *name, const char *after)
{
	return ts_keyed_find(repeats, &(struct ts_key){{parent, name, after}});
}

static void loops_and_what_runs_beside(void **state)
{
	/* three in a row, and under another parent two at once */
	const struct ts_span spans[] = {span(1, 0, "agent:a", 0, 40),  span(2, 1, "tool:t", 1, 5),
					span(3, 1, "tool:t", 10, 5),   span(4, 1, "tool:t", 20, 5),
					span(5, 0, "agent:b", 50, 40), span(6, 5, "tool:t", 51, 20),
					span(7, 5, "tool:t", 55, 20),  span(8, 5, "tool:u", 60, 1)};
	struct ts_keyed repeats = repeats_of(spans, 8);
	const struct ts_repeat *found = repeat(&repeats, "agent:a", "tool:t", NULL);

	(void)state;
	assert_int_equal(repeats.n, 2);
	assert_non_null(found);
	assert_int_equal(found->calls, 3);
	assert_int_equal(found->least, 3);
	assert_int_equal(found->most, 3);
	assert_int_equal(found->beside + found->retries, 0);
	found = repeat(&repeats, "agent:b", "tool:t", NULL);
	assert_int_equal(found->calls, 2);
	assert_int_equal(found->beside, 1);
	ts_keyed_release(&repeats);
}

static void retries_and_fallbacks(void **state)
{
	/* x fails, x again fails, y instead works; z of another model of x's name is a fallback, too */
	struct ts_span spans[] = {
		failing(span(1, 0, "llm:x", 0, 5), "e"), failing(span(2, 0, "llm:x", 10, 5), "e"),
		span(3, 0, "llm:y", 20, 5), failing(span(4, 0, "llm:y", 30, 5), "e"),
		span(5, 0, "llm:y", 40, 5)};
	struct ts_keyed repeats;
	const struct ts_repeat *found;

	(void)state;
	spans[3].model = "small";
	spans[4].model = "large";
	repeats = repeats_of(spans, 5);
	found = repeat(&repeats, "pipeline:p", "llm:x", NULL);
	assert_int_equal(found->retries, 1);
	assert_int_equal(found->helped, 0);
	found = repeat(&repeats, "pipeline:p", "llm:y", "llm:x");
	assert_int_equal(found->kind, TS_REPEAT_FALLBACK);
	assert_int_equal(found->fallbacks, 1);
	assert_int_equal(found->helped, 1);
	found = repeat(&repeats, "pipeline:p", "llm:y", "llm:y");
	assert_int_equal(found->fallbacks, 1);
	assert_int_equal(found->helped, 1);
	found = repeat(&repeats, "pipeline:p", "llm:y", NULL);
	assert_int_equal(found->calls, 3);
	assert_int_equal(found->retries, 0);
	ts_keyed_release(&repeats);
}

static void a_model_has_the_name_that_was_asked_for_and_that_which_answered(void **state)
{
	/* of x what answers has a date, of y another name; w is asked for twice, of another provider then */
	struct ts_span spans[] = {
		failing(span(1, 0, "llm:x", 0, 5), "429"),  span(2, 0, "llm:x", 10, 5),
		failing(span(3, 0, "llm:y", 20, 5), "429"), span(4, 0, "llm:y", 30, 5),
		failing(span(5, 0, "llm:w", 40, 5), "429"), span(6, 0, "llm:w", 50, 5)};
	struct ts_keyed repeats;

	(void)state;
	spans[0].model = "gpt-4o";
	spans[1].model = "gpt-4o-2024-08-06";
	spans[2].model = "ours";
	spans[3].model = "gpt-4o-mini-2024-07-18";
	spans[3].requested_model = "ours";
	spans[4].model = spans[5].model = "llama";
	spans[4].provider = "groq";
	spans[5].provider = "ollama";
	repeats = repeats_of(spans, 6);
	assert_int_equal(repeat(&repeats, "pipeline:p", "llm:x", NULL)->retries, 1);
	assert_int_equal(repeat(&repeats, "pipeline:p", "llm:x", NULL)->helped, 1);
	assert_int_equal(repeat(&repeats, "pipeline:p", "llm:y", NULL)->retries, 1);
	assert_null(repeat(&repeats, "pipeline:p", "llm:x", "llm:x"));
	assert_null(repeat(&repeats, "pipeline:p", "llm:y", "llm:y"));
	assert_int_equal(repeat(&repeats, "pipeline:p", "llm:w", NULL)->retries, 0);
	assert_int_equal(repeat(&repeats, "pipeline:p", "llm:w", "llm:w")->fallbacks, 1);
	ts_keyed_release(&repeats);
}

static void what_began_before_the_failure_is_no_retry(void **state)
{
	struct ts_span spans[] = {failing(span(1, 0, "llm:x", 0, 20), "e"),
				  span(2, 0, "llm:x", 10, 5), span(3, 0, "llm:y", 12, 5)};
	struct ts_keyed repeats = repeats_of(spans, 3);

	(void)state;
	assert_int_equal(repeats.n, 1);
	assert_int_equal(repeat(&repeats, "pipeline:p", "llm:x", NULL)->retries, 0);
	assert_int_equal(repeat(&repeats, "pipeline:p", "llm:x", NULL)->beside, 1);
	ts_keyed_release(&repeats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alike_errors),
		cmocka_unit_test(long_errors_end_between_characters),
		cmocka_unit_test(failures_count_where_they_arose),
		cmocka_unit_test(too_many_errors_are_counted),
		cmocka_unit_test(loops_and_what_runs_beside),
		cmocka_unit_test(retries_and_fallbacks),
		cmocka_unit_test(a_model_has_the_name_that_was_asked_for_and_that_which_answered),
		cmocka_unit_test(what_began_before_the_failure_is_no_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
