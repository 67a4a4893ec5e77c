/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TESTS_PROTOTYPE_FIXTURE_H
#define TS_TESTS_PROTOTYPE_FIXTURE_H

/* What the tests of prototypes share: an arena each, and text that ends where it ends. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/system/arena.h"
#include "preload/prototype/prototype.h"

static inline int open_arena(void **state)
{
	*state = calloc(1, sizeof(struct ts_arena));
	return *state ? 0 : -1;
}

static inline int close_arena(void **state)
{
	ts_arena_release(*state);
	free(*state);
	return 0;
}

/* A copy that ends where the text ends, so that AddressSanitizer sees a read past it. */
static inline int parse(const char *text, size_t bytes, struct ts_arena *arena,
			struct ts_prototype *ret, struct ts_fault *fault)
{
	char *exact = malloc(bytes ? bytes : 1);
	int r;

	memcpy(exact, text, bytes);
	r = ts_prototype_parse(exact, bytes, 1, arena, ret, fault);
	free(exact);
	return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

#endif
