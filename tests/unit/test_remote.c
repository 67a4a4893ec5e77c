// SPDX-License-Identifier: Apache-2.0
/* TRACEPARENT and TRACESTATE, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/exec/remote.h"

#define TRACE  "0192f0a1b2c37d4e8f90a1b2c3d4e5f6"
#define SPAN   "0192f0a1b2c47fffb0c1d2e3f4a5b6c7"
#define LOW    "b0c1d2e3f4a5b6c7"
#define PARENT "00-" TRACE "-" LOW "-01"
#define STATE  "traceshim=" SPAN
#define NONE   "00000000000000000000000000000000"

static struct ts_inherited example(void)
{
	struct ts_inherited where;

	assert_true(ts_remote_parse(PARENT, STATE, &where));
	return where;
}

static void reads_what_was_written(void **state)
{
	struct ts_inherited where = example();
	char parent[TS_TRACEPARENT_BYTES], text[TS_TRACESTATE_BYTES];

	(void)state;
	assert_memory_equal(&where.trace.id, "\x01\x92\xf0\xa1\xb2\xc3\x7d\x4e", 8);
	assert_memory_equal(&where.parent_id.low, "\xb0\xc1\xd2\xe3\xf4\xa5\xb6\xc7", 8);
	assert_true(where.has_parent);
	assert_null(where.frame);
	assert_int_equal(where.trace.tenant_bytes, 0);
	ts_remote_put_parent(&where, parent);
	ts_remote_put_state(&where, NULL, text);
	assert_string_equal(parent, "TRACEPARENT=" PARENT);
	assert_int_equal(strlen(parent) + 1, TS_TRACEPARENT_BYTES);
	assert_string_equal(text, "TRACESTATE=" STATE);
}

/* No span: TRACEPARENT must not hold zeros, so it repeats half of the trace's id. */
static void directly_under_the_trace(void **state)
{
	struct ts_inherited where = example();
	char parent[TS_TRACEPARENT_BYTES], text[TS_TRACESTATE_BYTES];

	(void)state;
	where.has_parent = false;
	ts_remote_put_parent(&where, parent);
	ts_remote_put_state(&where, "", text);
	assert_string_equal(parent, "TRACEPARENT=00-" TRACE "-8f90a1b2c3d4e5f6-01");
	assert_string_equal(text, "TRACESTATE=traceshim=" NONE);
	assert_true(ts_remote_parse(strchr(parent, '=') + 1, strchr(text, '=') + 1, &where));
	assert_false(where.has_parent);
}

static void a_tenant_of_any_bytes_and_length(void **state)
{
	char text[TS_TRACESTATE_BYTES];
	struct ts_inherited where, read;

	(void)state;
	for (unsigned int bytes = 1; bytes <= TS_ABI_MAX_TENANT; bytes++) {
		where = example();
		where.trace.tenant_bytes = (uint8_t)bytes;
		for (unsigned int i = 0; i < bytes; i++)
			where.trace.tenant[i] = (char)(255 - i);
		ts_remote_put_state(&where, NULL, text);
		assert_true(ts_remote_parse(PARENT, strchr(text, '=') + 1, &read));
		assert_int_equal(read.trace.tenant_bytes, bytes);
		assert_memory_equal(read.trace.tenant, where.trace.tenant, bytes);
	}
}

static void other_vendors_stay_behind_ours(void **state)
{
	struct ts_inherited where = example();
	char text[TS_TRACESTATE_BYTES], many[2048] = "";

	(void)state;
	ts_remote_put_state(&where, "a=1,b@x=2", text);
	assert_string_equal(text, "TRACESTATE=" STATE ",a=1,b@x=2");
	ts_remote_put_state(&where, " a=1 , traceshim=old ,\tb=2 ,, c=3", text);
	assert_string_equal(text, "TRACESTATE=" STATE ",a=1,b=2,c=3");
	ts_remote_put_state(&where, "traceshim=" NONE, text);
	assert_string_equal(text, "TRACESTATE=" STATE);
	assert_true(ts_remote_parse(PARENT, "a=1, " STATE " ,b=2", &where));
	/* as many whole entries as fit, with the longest tenant, too */
	for (int i = 0; i < 100; i++)
		sprintf(many + strlen(many), "%svendor%03d=%d", i ? "," : "", i, i);
	where.trace.tenant_bytes = TS_ABI_MAX_TENANT;
	ts_remote_put_state(&where, many, text);
	assert_in_range(strlen(text), 1000, TS_TRACESTATE_BYTES - 1);
	assert_string_equal(strrchr(text, ','), ",vendor039=39");
}

static void is_not_ours(const char *parent, const char *tracestate)
{
	struct ts_inherited where, before;

	memset(&where, 0x55, sizeof(where));
	before = where;
	if (ts_remote_parse(parent, tracestate, &where))
		fail_msg("taken for ours: %s, %s", parent, tracestate);
	assert_memory_equal(&where, &before, sizeof(where));
}

static void a_foreign_parent_is_left_alone(void **state)
{
	(void)state;
	is_not_ours(NULL, NULL);
	is_not_ours(PARENT, NULL);
	is_not_ours(NULL, STATE);
	is_not_ours(PARENT, "");
	is_not_ours(PARENT, "congo=t61rcWkgMzE");
	is_not_ours(PARENT, "xtraceshim=" SPAN);
	/* another tracer's span below ours, or in place of it */
	is_not_ours("00-" TRACE "-b7ad6b7169203331-01", STATE);
	is_not_ours("00-" TRACE "-" LOW "-01", "traceshim=" NONE);
}

static void what_is_malformed_is_not_ours(void **state)
{
	static const char *const parents[] = {
		"",
		"00",
		"00-" TRACE,
		"00-" TRACE "-" LOW,
		"00-" TRACE "-" LOW "-",
		"00-" TRACE "-" LOW "-0",
		"00-" TRACE "-" LOW "-01-",
		"00-" TRACE "-" LOW "-011",
		"ff-" TRACE "-" LOW "-01",
		"0-" TRACE "-" LOW "-01",
		"00-" NONE "-" LOW "-01",
		"00-" TRACE "-0000000000000000-01",
		"00-0192F0A1B2C37D4E8F90A1B2C3D4E5F6-" LOW "-01",
		"00 " TRACE "-" LOW "-01",
		"00-" TRACE LOW "-01",
		" " PARENT,
	};
	static const char *const states[] = {
		"traceshim=",
		"traceshim",
		"traceshim=" LOW,
		"traceshim=" SPAN "0",
		"traceshim=" SPAN "-0",
		"traceshim=" SPAN "-zz",
		"traceshim=" SPAN "-00 00",
		"traceshim=" SPAN ";a",
		"traceshim= " SPAN,
	};
	char long_tenant[700] = STATE "-";

	(void)state;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		is_not_ours(parents[i], STATE);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		is_not_ours(PARENT, states[i]);
	memset(long_tenant + strlen(long_tenant), 'a', 512);
	is_not_ours(PARENT, long_tenant);
}

static void later_versions_may_say_more(void **state)
{
	struct ts_inherited where;

	(void)state;
	assert_true(ts_remote_parse("01-" TRACE "-" LOW "-01-more", STATE, &where));
	assert_true(ts_remote_parse("cc-" TRACE "-" LOW "-00", STATE, &where));
	is_not_ours("01-" TRACE "-" LOW "-01more", STATE);
}

/* Every text that is one byte off, and every beginning, is read without a fault. */
static void no_text_is_read_past_its_end(void **state)
{
	const char *whole = STATE "-61626364,a=1";
	struct ts_inherited where;

	(void)state;
	for (size_t n = 0; n <= strlen(whole); n++) {
		char *part = strndup(whole, n);

		ts_remote_parse(PARENT, part, &where);
		for (size_t at = 0; at < n; at++) {
			char kept = part[at];

			for (int byte = 1; byte < 256; byte += 7) {
				part[at] = (char)byte;
				ts_remote_parse(PARENT, part, &where);
			}
			part[at] = kept;
		}
		free(part);
	}
	for (size_t n = 0; n <= strlen(PARENT); n++) {
		char *part = strndup(PARENT, n);

		assert_int_equal(ts_remote_parse(part, STATE, &where), n == strlen(PARENT));
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_written),
		cmocka_unit_test(directly_under_the_trace),
		cmocka_unit_test(a_tenant_of_any_bytes_and_length),
		cmocka_unit_test(other_vendors_stay_behind_ours),
		cmocka_unit_test(a_foreign_parent_is_left_alone),
		cmocka_unit_test(what_is_malformed_is_not_ours),
		cmocka_unit_test(later_versions_may_say_more),
		cmocka_unit_test(no_text_is_read_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
