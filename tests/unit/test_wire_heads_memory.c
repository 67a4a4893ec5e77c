// SPDX-License-Identifier: Apache-2.0
/* The memory of one connection: pieces do not overlap, and what is given back can be had again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "preload/wire/memory.h"

#define ROOM   4096
#define PIECES 64

static _Alignas(16) char room[ROOM];
static struct {
	unsigned char *at;
	size_t bytes;
	unsigned char mark;
} pieces[PIECES];

static void check(size_t i)
{
	for (size_t j = 0; j < pieces[i].bytes; j++)
		assert_int_equal(pieces[i].at[j], pieces[i].mark);
}

static void test_any_order(void **state)
{
	struct ts_heads_memory memory;
	unsigned seed = 1, had = 0, refused = 0;

	(void)state;
	ts_heads_memory_init(&memory, room, ROOM);
	for (int round = 0; round < 100000; round++) {
		size_t i = (size_t)rand_r(&seed) % PIECES, bytes = (size_t)rand_r(&seed) % 300;
		size_t old = pieces[i].at ? pieces[i].bytes : 0;
		unsigned char *moved;

		if (pieces[i].at)
			check(i);
		if (rand_r(&seed) % 3 == 0) {
			ts_heads_free(pieces[i].at);
			pieces[i].at = NULL;
			continue;
		}
		moved = ts_heads_realloc(&memory, pieces[i].at, bytes);
		refused += !moved;
		had += moved != NULL;
		if (!moved)
			continue;
		assert_int_equal((uintptr_t)moved % 16, 0);
		assert_true((char *)moved >= room && (char *)moved + bytes <= room + ROOM);
		for (size_t j = 0; j < old && j < bytes; j++)
			assert_int_equal(moved[j], pieces[i].mark);
		pieces[i].at = moved;
		pieces[i].bytes = bytes;
		pieces[i].mark = (unsigned char)round;
		memset(moved, round, bytes);
	}
	assert_true(had > 10000 && refused > 10000);
	for (size_t i = 0; i < PIECES; i++)
		ts_heads_free(pieces[i].at);
	assert_non_null(ts_heads_alloc(&memory, ROOM - 16));
	assert_null(ts_heads_alloc(&memory, 0));
}

static void test_too_much(void **state)
{
	struct ts_heads_memory memory;

	(void)state;
	ts_heads_memory_init(&memory, room, ROOM);
	assert_null(ts_heads_alloc(&memory, ROOM));
	assert_null(ts_heads_alloc(&memory, SIZE_MAX));
	assert_null(ts_heads_alloc(&memory, SIZE_MAX - 15));
	assert_non_null(ts_heads_alloc(&memory, ROOM - 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
