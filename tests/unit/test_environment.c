// SPDX-License-Identifier: Apache-2.0
/* The environment of the next program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/exec/environment.h"

#define LIBRARY "/opt/lib/libtraceshim.so"

static const char *const nothing[] = {NULL};
static const char *const missing[] = {"TRACESHIM_CONF=/c", "TRACESHIM_STORE=s", NULL};
static const char *const ours[] = {"TRACEPARENT=p", "TRACESTATE=s", NULL};

/*
 * Makes it in as many bytes as were planned, on a heap that notices one too many, and compares it with
 * what is expected, one a line; "" says that nothing is to be changed.
 */
static void makes(const struct ts_environment_wish *wish, char *const *from, const char *expected)
{
	struct ts_environment plan;
	size_t bytes = ts_environment_plan(&plan, from, wish);
	char text[4096] = "";
	char **made;
	void *memory;

	if (bytes) {
		memory = malloc(bytes);
		made = ts_environment_make(&plan, memory);
		for (char **entry = made; *entry; entry++)
			sprintf(text + strlen(text), "%s%s", entry == made ? "" : "\n", *entry);
		free(memory);
	}
	assert_string_equal(text, expected);
}

#define FROM(...) ((char *const[]){__VA_ARGS__, NULL})

static void preloads(const char *before, const char *after)
{
	const struct ts_environment_wish wish = {LIBRARY, nothing, nothing};
	char from[256], expected[512];

	snprintf(from, sizeof(from), "LD_PRELOAD=%s", before);
	snprintf(expected, sizeof(expected), "A=1\nLD_PRELOAD=%s", after);
	makes(&wish, FROM("A=1", from), strcmp(before, after) == 0 ? "" : expected);
}

static void the_library_is_appended_never_put_in_place(void **state)
{
	(void)state;
	preloads("", LIBRARY);
	preloads("/lib/a.so", "/lib/a.so:" LIBRARY);
	preloads("/lib/a.so b.so", "/lib/a.so b.so:" LIBRARY);
	preloads("/lib/libtraceshim.so.other", "/lib/libtraceshim.so.other:" LIBRARY);
	preloads("/lib/xlibtraceshim.so", "/lib/xlibtraceshim.so:" LIBRARY);
}

static void the_library_is_there_already(void **state)
{
	(void)state;
	preloads(LIBRARY, LIBRARY);
	preloads("a.so:" LIBRARY " b.so", "a.so:" LIBRARY " b.so");
	preloads("libtraceshim.so", "libtraceshim.so");
	preloads("/usr/$LIB/libtraceshim.so", "/usr/$LIB/libtraceshim.so");
	preloads("$ORIGIN/libtraceshim.so", "$ORIGIN/libtraceshim.so");
}

/* The next program may start in another folder. */
static void a_relative_name_becomes_the_whole_path(void **state)
{
	(void)state;
	preloads("build/libtraceshim.so", LIBRARY);
	preloads("./libtraceshim.so:a.so", LIBRARY ":a.so");
	preloads("a.so  ../x/libtraceshim.so:", "a.so  " LIBRARY ":");
	preloads("x/libtraceshim.so y/libtraceshim.so z/libtraceshim.so",
		 LIBRARY " " LIBRARY " " LIBRARY);
	preloads("build/other.so", "build/other.so:" LIBRARY);
}

static void the_last_preload_counts(void **state)
{
	const struct ts_environment_wish wish = {LIBRARY, nothing, nothing};

	(void)state;
	makes(&wish, FROM("LD_PRELOAD=a.so", "X=", "LD_PRELOAD=b.so"),
	      "X=\nLD_PRELOAD=b.so:" LIBRARY);
	makes(&wish, FROM("LD_PRELOAD=a.so", "LD_PRELOAD=" LIBRARY), "");
}

static void an_empty_environment(void **state)
{
	const struct ts_environment_wish all = {LIBRARY, missing, ours};
	const struct ts_environment_wish none = {NULL, nothing, nothing};
	const char *whole = "LD_PRELOAD=" LIBRARY "\nTRACESHIM_CONF=/c\nTRACESHIM_STORE=s\n"
			    "TRACEPARENT=p\nTRACESTATE=s";
	char *const empty[] = {NULL};

	(void)state;
	makes(&all, empty, whole);
	makes(&all, NULL, whole);
	makes(&none, empty, "");
	makes(&none, NULL, "");
}

static void what_is_set_stays(void **state)
{
	const struct ts_environment_wish wish = {NULL, missing, nothing};

	(void)state;
	makes(&wish, FROM("TRACESHIM_CONF="), "TRACESHIM_CONF=\nTRACESHIM_STORE=s");
	makes(&wish, FROM("TRACESHIM_STORE=x", "TRACESHIM_CONF=y"), "");
	makes(&wish, FROM("TRACESHIM_CONFX=1", "TRACESHIM_STORE"),
	      "TRACESHIM_CONFX=1\nTRACESHIM_STORE\nTRACESHIM_CONF=/c\nTRACESHIM_STORE=s");
}

static void what_is_ours_is_replaced(void **state)
{
	const struct ts_environment_wish wish = {NULL, nothing, ours};

	(void)state;
	makes(&wish, FROM("TRACESTATE=old", "A=1", "TRACEPARENT=old", "TRACEPARENT=older"),
	      "A=1\nTRACEPARENT=p\nTRACESTATE=s");
	makes(&wish, FROM("TRACEPARENTS=1"), "TRACEPARENTS=1\nTRACEPARENT=p\nTRACESTATE=s");
}

static void as_many_as_there_may_be(void **state)
{
	const char *list[TS_ENVIRONMENT_MISSING + 1] = {NULL};
	char text[TS_ENVIRONMENT_MISSING][16];
	struct ts_environment_wish wish = {LIBRARY, list, ours};
	struct ts_environment plan;
	size_t n = 0;
	char **made;

	(void)state;
	for (int i = 0; i < TS_ENVIRONMENT_MISSING; i++) {
		snprintf(text[i], sizeof(text[i]), "V%d=%d", i, i);
		list[i] = text[i];
	}
	made = malloc(ts_environment_plan(&plan, FROM("V3=x"), &wish));
	ts_environment_make(&plan, made);
	while (made[n])
		n++;
	assert_int_equal(n, 1 + TS_ENVIRONMENT_MISSING - 1 + 1 + 2);
	assert_string_equal(ts_environment_value(made, "V31="), "31");
	assert_string_equal(ts_environment_value(made, "V3="), "x");
	assert_null(ts_environment_value(made, "V32="));
	free(made);
}

/* Another thread takes entries away between plan and making. */
static void what_shrinks_meanwhile_is_shorter(void **state)
{
	const struct ts_environment_wish wish = {LIBRARY, nothing, nothing};
	char *from[] = {"A=1", "B=2", "C=3", NULL};
	struct ts_environment plan;
	char **made;

	(void)state;
	made = malloc(ts_environment_plan(&plan, from, &wish));
	from[1] = NULL;
	ts_environment_make(&plan, made);
	assert_string_equal(made[0], "A=1");
	assert_string_equal(made[1], "LD_PRELOAD=" LIBRARY);
	assert_null(made[2]);
	free(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_is_appended_never_put_in_place),
		cmocka_unit_test(the_library_is_there_already),
		cmocka_unit_test(a_relative_name_becomes_the_whole_path),
		cmocka_unit_test(the_last_preload_counts),
		cmocka_unit_test(an_empty_environment),
		cmocka_unit_test(what_is_set_stays),
		cmocka_unit_test(what_is_ours_is_replaced),
		cmocka_unit_test(as_many_as_there_may_be),
		cmocka_unit_test(what_shrinks_meanwhile_is_shorter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
