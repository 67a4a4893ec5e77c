// SPDX-License-Identifier: Apache-2.0
/* Is a page writable? Asked without writing, beside threads that write. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/system/maps.h"

#define PAGE 4096

static void test_protections(void **state)
{
	static const struct {
		int protection, expected;
	} cases[] = {
		{PROT_READ | PROT_WRITE, 1},
		{PROT_READ, 0},
		{PROT_NONE, 0},
		{PROT_READ | PROT_EXEC, 0},
		{PROT_READ | PROT_WRITE, 1},
	};
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	memset(page, 'x', PAGE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(mprotect(page, PAGE, cases[i].protection), 0);
		assert_int_equal(ts_maps_is_writable((uintptr_t)page), cases[i].expected);
	}
	for (size_t i = 0; i < PAGE; i++)
		assert_int_equal(page[i], 'x');
	munmap(page, PAGE);
	assert_int_equal(ts_maps_is_writable((uintptr_t)page), 0);
}

/* A library's pages: of its file, until they are written. */
static void test_pages_of_a_file(void **state)
{
	FILE *file = tmpfile();
	char *page, now[8];

	(void)state;
	assert_int_equal(fwrite("01234567", 1, 8, file), 8);
	assert_int_equal(fflush(file), 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file), 0);
	assert_int_equal(ts_maps_is_writable((uintptr_t)page), 1);
	assert_memory_equal(page, "01234567", 8);
	assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
	assert_int_equal(ts_maps_is_writable((uintptr_t)page), 0);
	assert_int_equal(pread(fileno(file), now, 8, 0), 8);
	assert_memory_equal(now, "01234567", 8);
	munmap(page, PAGE);
	fclose(file);
}

#define ROUNDS 200000

static uint32_t *word;

static void *count(void *unused)
{
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		__atomic_store_n(word, i, __ATOMIC_RELAXED);
		if (__atomic_load_n(word, __ATOMIC_RELAXED) != i)
			return word;
	}
	return unused;
}

/* Nothing that another thread writes in the meantime is undone. */
static void test_beside_a_writer(void **state)
{
	pthread_t thread;
	void *lost;

	(void)state;
	word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(pthread_create(&thread, NULL, count, NULL), 0);
	while (__atomic_load_n(word, __ATOMIC_RELAXED) < ROUNDS)
		assert_int_equal(ts_maps_is_writable((uintptr_t)word), 1);
	assert_int_equal(pthread_join(thread, &lost), 0);
	assert_null(lost);
	munmap(word, PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protections),
		cmocka_unit_test(test_pages_of_a_file),
		cmocka_unit_test(test_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
