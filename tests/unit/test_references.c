// SPDX-License-Identifier: Apache-2.0
/* References inside an object: code made by hand in memory of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "preload/reach/references.h"

#define BYTES 8192

static uint8_t *code;

static int map(void **state)
{
	(void)state;
	code = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return code == MAP_FAILED ? -1 : 0;
}

static int clear(void **state)
{
	(void)state;
	memset(code, 0x90, BYTES);
	return 0;
}

/* `opcode` and a displacement that leads from `from` to `to`. */
static void put(size_t from, const char *opcode, size_t n, size_t to)
{
	int32_t displacement = (int32_t)(to - (from + n + 4));

	memcpy(code + from, opcode, n);
	memcpy(code + from + n, &displacement, sizeof(displacement));
}

/* Which of the functions at 1000, 2000, 3000 are seen, as bits. */
static unsigned find_with(const ElfW(Rela) * relocations, size_t n_relocations, bool packed,
			  int protection)
{
	struct ts_object object = {
		.base = (uintptr_t)code,
		.low = (uintptr_t)code,
		.high = (uintptr_t)code + BYTES,
		.relocations[0] = {relocations, n_relocations},
		.has_packed_relocations = packed,
	};
	struct ts_mapping mapping = {
		.low = (uintptr_t)code,
		.high = (uintptr_t)code + BYTES,
		.protection = protection,
	};
	struct ts_maps maps = {.mappings = &mapping, .n = 1};
	struct ts_reference references[] = {
		{.address = (uintptr_t)code + 1000},
		{.address = (uintptr_t)code + 2000},
		{.address = (uintptr_t)code + 3000},
	};
	unsigned seen = 0;

	ts_references_find(&object, &maps, references, 3);
	for (unsigned i = 0; i < 3; i++)
		seen |= (unsigned)references[i].seen << i;
	return seen;
}

static unsigned find(void)
{
	return find_with(NULL, 0, false, PROT_READ | PROT_EXEC);
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(find(), 0);
	put(100, "\xe8", 1, 1001);
	put(200, "\xe8", 1, 2999);
	assert_int_equal(find(), 0);
}

static void test_calls_jumps_and_addresses(void **state)
{
	(void)state;
	put(4000, "\xe8", 1, 1000);
	assert_int_equal(find(), 1);
	put(10, "\x0f\x84", 2, 2000);
	assert_int_equal(find(), 3);
	put(7001, "\x48\x8d\x05", 3, 3000);
	assert_int_equal(find(), 7);
}

static void test_the_last_bytes_and_the_first(void **state)
{
	(void)state;
	put(BYTES - 5, "\xe9", 1, 3000);
	put(0, "\xe9", 1, 1000);
	assert_int_equal(find(), 5);
}

/* Zeroes before a function are padding, not a call of what follows. */
static void test_padding(void **state)
{
	(void)state;
	memset(code + 980, 0, 20);
	assert_int_equal(find(), 0);
}

static void test_only_code_that_can_be_read(void **state)
{
	(void)state;
	put(4000, "\xe8", 1, 1000);
	assert_int_equal(find_with(NULL, 0, false, PROT_READ), 0);
	assert_int_equal(find_with(NULL, 0, false, PROT_EXEC), 0);
}

static void test_relative_relocations(void **state)
{
	const ElfW(Rela) relocations[] = {
		{.r_info = ELF64_R_INFO(0, R_X86_64_RELATIVE), .r_addend = 2000},
		{.r_info = ELF64_R_INFO(0, R_X86_64_RELATIVE), .r_addend = 2999},
		{.r_info = ELF64_R_INFO(1, R_X86_64_64), .r_addend = 1000},
	};

	(void)state;
	assert_int_equal(find_with(relocations, 3, false, PROT_READ | PROT_EXEC), 2);
	assert_int_equal(find_with(NULL, 0, true, PROT_READ | PROT_EXEC), 7);
}

/* At every place of the code, whatever the width in which it is read. */
static void test_every_place(void **state)
{
	static const struct {
		const char *opcode;
		size_t n;
	} kinds[] = {{"\xe8", 1},     {"\xe9", 1},     {"\x0f\x80", 2},     {"\x0f\x8f", 2},
		     {"\x8d\x05", 2}, {"\x8d\x3d", 2}, {"\x4c\x8d\x15", 3}, {"\x48\x8d\x05", 3}};

	(void)state;
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		for (size_t at = 0; at + kinds[kind].n + 4 <= 100; at++) {
			clear(NULL);
			put(at, kinds[kind].opcode, kinds[kind].n, 2000);
			assert_int_equal(find(), 2);
			clear(NULL);
			put(BYTES - 4 - kinds[kind].n - at, kinds[kind].opcode, kinds[kind].n,
			    2000);
			assert_int_equal(find(), 2);
		}
	clear(NULL);
	put(500, "\xa1", 1, 2000); /* a load is no reference */
	put(600, "\x8b\x05", 2, 2000);
	put(700, "\x0f\x90", 2, 2000);
	assert_int_equal(find(), 0);
}

static void test_jumps_into_the_first_bytes(void **state)
{
	struct ts_object object = {.low = (uintptr_t)code, .high = (uintptr_t)code + BYTES};
	struct ts_mapping mapping = {object.low, object.high, PROT_READ | PROT_EXEC};
	struct ts_maps maps = {.mappings = &mapping, .n = 1};
	struct ts_reference references[] = {
		{.address = (uintptr_t)code + 1000},
		{.address = (uintptr_t)code + 1010},
		{.address = (uintptr_t)code + 1028},
	};

	(void)state;
	put(4000, "\xe9", 1, 1012);
	put(4100, "\x0f\x85", 2, 1015);
	put(4200, "\x8d\x05", 2, 1004); /* takes an address, and does not jump */
	put(4300, "\xe9", 1, 1048);
	ts_references_find(&object, &maps, references, 3);
	assert_int_equal(references[0].jump, 12);
	assert_int_equal(references[1].jump, 2);
	assert_int_equal(references[2].jump, 0);
	assert_false(references[0].seen || references[1].seen || references[2].seen);
	put(4400, "\xe8", 1, 1028 + TS_REFERENCE_REACH - 1);
	ts_references_find(&object, &maps, references, 3);
	assert_int_equal(references[2].jump, TS_REFERENCE_REACH - 1);
}

static void test_two_names_of_one_function(void **state)
{
	struct ts_object object = {.low = (uintptr_t)code, .high = (uintptr_t)code + BYTES};
	struct ts_mapping mapping = {object.low, object.high, PROT_READ | PROT_EXEC};
	struct ts_maps maps = {.mappings = &mapping, .n = 1};
	struct ts_reference references[] = {
		{.address = (uintptr_t)code + 1000},
		{.address = (uintptr_t)code + 1000},
	};

	(void)state;
	put(4000, "\xe8", 1, 1000);
	ts_references_find(&object, &maps, references, 2);
	assert_true(references[0].seen && references[1].seen);
	ts_references_find(&object, &maps, references, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing, clear),
		cmocka_unit_test_setup(test_calls_jumps_and_addresses, clear),
		cmocka_unit_test_setup(test_the_last_bytes_and_the_first, clear),
		cmocka_unit_test_setup(test_padding, clear),
		cmocka_unit_test_setup(test_only_code_that_can_be_read, clear),
		cmocka_unit_test_setup(test_relative_relocations, clear),
		cmocka_unit_test_setup(test_every_place, clear),
		cmocka_unit_test_setup(test_jumps_into_the_first_bytes, clear),
		cmocka_unit_test_setup(test_two_names_of_one_function, clear),
	};

	return cmocka_run_group_tests(tests, map, NULL);
}
