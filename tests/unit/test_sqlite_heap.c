// SPDX-License-Identifier: Apache-2.0
/* The memory that SQLite is given: whole, apart from each other, and gone with the last of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../../runtime/sqlite/heap.h"

#define N 2000

static bool is_mapped(const void *at)
{
	unsigned char resident;
	void *page = (void *)((uintptr_t)at & ~(uintptr_t)4095);

	return mincore(page, 1, &resident) == 0;
}

static void check(const unsigned char *memory, size_t bytes, unsigned char with)
{
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(memory[i], with);
}

static int size_at(int i)
{
	/* every size near the edges of what is one size, and some that are mapped by themselves */
	return i < 1500 ? i + 1 : (32 << 10) - 250 + i - 1500;
}

static int set_up(void **state)
{
	(void)state;
	ts_sqlite_heap_begin();
	return sqlite3_initialize();
}

static void test_pieces_are_apart_and_go_back(void **state)
{
	unsigned char *pieces[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		pieces[i] = sqlite3_malloc(size_at(i));
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 8, 0);
		assert_true(sqlite3_msize(pieces[i]) >= (sqlite3_uint64)size_at(i));
		memset(pieces[i], i, (size_t)sqlite3_msize(pieces[i]));
	}
	for (int i = 0; i < N; i++)
		check(pieces[i], (size_t)size_at(i), (unsigned char)i);
	for (int i = 0; i < N; i++)
		sqlite3_free(pieces[i]);
	for (int i = 0; i < N; i++)
		assert_false(is_mapped(pieces[i]));
	assert_int_equal(sqlite3_memory_used(), 0);
}

static void test_what_is_free_serves_again(void **state)
{
	void *stays = sqlite3_malloc(16), *first = sqlite3_malloc(4368), *second;

	(void)state;
	sqlite3_free(first);
	second = sqlite3_malloc(4300);
	assert_ptr_equal(first, second);
	sqlite3_free(second);
	assert_true(is_mapped(stays));
	sqlite3_free(stays);
	assert_false(is_mapped(stays));
}

static void test_growing_and_shrinking_keep_what_is_in_there(void **state)
{
	static const int sizes[] = {1, 16, 17, 5000, 32768, 32769, 300000, 5000000, 40000, 100, 1};
	unsigned char *memory = sqlite3_malloc(1);

	(void)state;
	memory[0] = 'x';
	for (size_t i = 1; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int kept = sizes[i - 1] < sizes[i] ? sizes[i - 1] : sizes[i];

		memory = sqlite3_realloc(memory, sizes[i]);
		assert_non_null(memory);
		check(memory, (size_t)kept, 'x');
		memset(memory, 'x', (size_t)sizes[i]);
	}
	sqlite3_free(memory);
	assert_false(is_mapped(memory));
}

static void test_a_database_leaves_nothing(void **state)
{
	sqlite3_stmt *statement;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);"
				      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
				      "FROM n WHERE i < 3000)"
				      " INSERT INTO t SELECT i, printf('%.*c', i, 'x') FROM n",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_prepare_v2(db, "SELECT sum(length(b)), count(DISTINCT b) FROM t", -1, &statement,
			   NULL);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(statement, 0), 3000 * 3001 / 2);
	assert_int_equal(sqlite3_column_int(statement, 1), 3000);
	sqlite3_finalize(statement);
	assert_true(is_mapped(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_false(is_mapped(db));
	assert_int_equal(sqlite3_memory_used(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_apart_and_go_back),
		cmocka_unit_test(test_what_is_free_serves_again),
		cmocka_unit_test(test_growing_and_shrinking_keep_what_is_in_there),
		cmocka_unit_test(test_a_database_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
