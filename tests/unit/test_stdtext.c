// SPDX-License-Identifier: Apache-2.0
/* std::string and std::string_view in the layouts of each C++ library, their bytes laid out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/hot/capture.h"

#define SLOT  32 /* in words */
#define PARAM 5

static const char long_text[] =
	"a text that is longer than what any library keeps in the object itself";

static uint64_t words[64];
static _Alignas(8) char written[4096];

static uintptr_t slot(void)
{
	return (uintptr_t)&words[SLOT];
}

static void put(int offset, uint64_t word)
{
	words[SLOT + offset / 8] = word;
}

/* Captures one value with so much room and budget; NULL: nothing was written. */
static const struct ts_value *capture(struct ts_capture how, uint64_t room, uint64_t budget)
{
	uint64_t bytes;

	how.param = PARAM;
	memset(written, 0xa5, sizeof(written));
	bytes = ts_capture_values(&how, 1, slot(), written, room, budget);
	assert_true(bytes <= room && bytes % 8 == 0);
	for (uint64_t i = room; i < room + 64; i++)
		assert_int_equal((uint8_t)written[i], 0xa5);
	if (!bytes)
		return NULL;
	assert_int_equal(((const struct ts_value *)written)->param, PARAM);
	assert_int_equal(bytes, 8 + TS_ALIGN8(((const struct ts_value *)written)->bytes));
	return (const struct ts_value *)written;
}

static struct ts_capture object_at(enum ts_capture_how how, const void *object)
{
	put(TS_SLOT_INTEGER, (uintptr_t)object);
	return (struct ts_capture){.how = (uint8_t)how, .bits = 64, .offset = TS_SLOT_INTEGER};
}

static void is_text(struct ts_capture how, const char *text)
{
	const struct ts_value *value = capture(how, 1024, 512);

	assert_non_null(value);
	assert_int_equal(value->type, TS_VALUE_STRING);
	assert_int_equal(value->bytes, strlen(text));
	assert_memory_equal(value + 1, text, strlen(text));
}

static void is_unreadable(struct ts_capture how, const void *address)
{
	const struct ts_value *value = capture(how, 1024, 512);
	uint64_t told;

	assert_non_null(value);
	assert_int_equal(value->type, TS_VALUE_UNREADABLE);
	memcpy(&told, value + 1, sizeof(told));
	assert_int_equal(told, (uintptr_t)address);
}

/* --- libstdc++ ------------------------------------------------------------------------------- */

struct gnu {
	const char *start;
	uint64_t bytes;
	union {
		char local[16];
		uint64_t capacity;
	};
};

static void test_libstdcxx(void **state)
{
	struct gnu text = {.bytes = 0};

	(void)state;
	text.start = text.local;
	is_text(object_at(TS_CAPTURE_STD_STRING, &text), "");
	text.bytes = 15;
	memcpy(text.local, "fifteen letters", 16);
	is_text(object_at(TS_CAPTURE_STD_STRING, &text), "fifteen letters");
	text = (struct gnu){.start = long_text, .bytes = strlen(long_text), .capacity = 100};
	is_text(object_at(TS_CAPTURE_STD_STRING, &text), long_text);
	text.bytes = 4; /* it was longer once */
	is_text(object_at(TS_CAPTURE_STD_STRING, &text), "a te");
	assert_int_equal(capture(object_at(TS_CAPTURE_STD_STRING, NULL), 1024, 512)->type,
			 TS_VALUE_NULL);
}

static void test_what_is_no_libstdcxx_string(void **state)
{
	struct gnu text = {.bytes = 16};

	(void)state;
	text.start = text.local;
	is_unreadable(object_at(TS_CAPTURE_STD_STRING, &text), &text);
	text = (struct gnu){.start = long_text, .bytes = 5, .capacity = 4};
	is_unreadable(object_at(TS_CAPTURE_STD_STRING, &text), &text);
	text = (struct gnu){.start = (char *)42, .bytes = 5, .capacity = 8};
	is_unreadable(object_at(TS_CAPTURE_STD_STRING, &text), &text);
	text = (struct gnu){.start = long_text, .bytes = 1ULL << 50, .capacity = 1ULL << 51};
	is_unreadable(object_at(TS_CAPTURE_STD_STRING, &text), long_text);
	is_unreadable(object_at(TS_CAPTURE_STD_STRING, (void *)42), (void *)42);
	is_unreadable(object_at(TS_CAPTURE_STD_STRING, (void *)(1ULL << 60)), (void *)(1ULL << 60));
}

static void test_libstdcxx_of_old(void **state)
{
	struct {
		uint64_t bytes, capacity, count;
		char text[128];
	} rep = {.bytes = strlen(long_text), .capacity = 100};
	const char *text = rep.text;

	(void)state;
	memcpy(rep.text, long_text, sizeof(long_text));
	is_text(object_at(TS_CAPTURE_STD_STRING_OLD, &text), long_text);
	rep.bytes = 0;
	is_text(object_at(TS_CAPTURE_STD_STRING_OLD, &text), "");
	rep.bytes = 101;
	is_unreadable(object_at(TS_CAPTURE_STD_STRING_OLD, &text), &text);
	text = (char *)7;
	is_unreadable(object_at(TS_CAPTURE_STD_STRING_OLD, &text), &text);
	assert_int_equal(capture(object_at(TS_CAPTURE_STD_STRING_OLD, NULL), 64, 64)->type,
			 TS_VALUE_NULL);
}

/* --- libc++ ---------------------------------------------------------------------------------- */

static void test_libcxx(void **state)
{
	uint64_t large[3] = {96 | 1, strlen(long_text), (uintptr_t)long_text};
	char small[24] = {22 << 1};

	(void)state;
	memcpy(small + 1, "twenty-two letters, all", 22);
	is_text(object_at(TS_CAPTURE_STD_STRING_LLVM, small), "twenty-two letters, al");
	small[0] = 0;
	is_text(object_at(TS_CAPTURE_STD_STRING_LLVM, small), "");
	small[0] = 23 << 1;
	is_unreadable(object_at(TS_CAPTURE_STD_STRING_LLVM, small), small);
	is_text(object_at(TS_CAPTURE_STD_STRING_LLVM, large), long_text);
	large[0] = 17;
	is_unreadable(object_at(TS_CAPTURE_STD_STRING_LLVM, large), large);
	large[0] = 1001;
	large[2] = 12;
	is_unreadable(object_at(TS_CAPTURE_STD_STRING_LLVM, large), large);
}

/* --- views ----------------------------------------------------------------------------------- */

static void test_views(void **state)
{
	uint64_t gnu[2] = {6, (uintptr_t)long_text}, llvm[2] = {(uintptr_t)long_text, 6};
	uint64_t nothing[2] = {0, 0};

	(void)state;
	is_text(object_at(TS_CAPTURE_STD_VIEW, gnu), "a text");
	is_text(object_at(TS_CAPTURE_STD_VIEW_LLVM, llvm), "a text");
	is_text(object_at(TS_CAPTURE_STD_VIEW, nothing), "");
	is_unreadable(object_at(TS_CAPTURE_STD_VIEW, llvm), llvm);
	assert_int_equal(capture(object_at(TS_CAPTURE_STD_VIEW, NULL), 64, 64)->type,
			 TS_VALUE_NULL);
}

static void test_views_by_value(void **state)
{
	struct ts_capture how = {
		.how = TS_CAPTURE_STD_WORDS,
		.offset = TS_SLOT_RDX,
		.length_offset = TS_SLOT_RAX,
	};

	(void)state;
	put(TS_SLOT_RAX, 6);
	put(TS_SLOT_RDX, (uintptr_t)long_text);
	is_text(how, "a text");
	put(TS_SLOT_RAX, 0);
	put(TS_SLOT_RDX, 0);
	is_text(how, "");
	put(TS_SLOT_RAX, 3);
	is_unreadable(how, NULL);
	put(TS_SLOT_RDX, 77);
	is_unreadable(how, (void *)77);
}

/* --- room ------------------------------------------------------------------------------------ */

static void test_a_long_text_is_cut(void **state)
{
	static char large[100000];
	struct gnu text = {.start = large, .bytes = sizeof(large), .capacity = sizeof(large)};
	const struct ts_value *value;
	const struct ts_value_cut *cut;

	(void)state;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)('a' + i % 26);
	value = capture(object_at(TS_CAPTURE_STD_STRING, &text), 1024, 100);
	assert_int_equal(value->type, TS_VALUE_CUT);
	cut = (const struct ts_value_cut *)(value + 1);
	assert_int_equal(cut->full_bytes, sizeof(large));
	assert_int_equal(cut->head_bytes, 75);
	assert_int_equal(cut->tail_bytes, 25);
	assert_memory_equal(cut + 1, large, 75);
	assert_memory_equal((const char *)(cut + 1) + 75, large + sizeof(large) - 25, 25);
	for (uint64_t room = 16; room <= 256; room += 8)
		for (uint64_t budget = 0; budget <= 256; budget += 13)
			capture(object_at(TS_CAPTURE_STD_STRING, &text), room, budget);
}

static void test_a_budget_is_shared(void **state)
{
	struct gnu text = {.start = long_text, .bytes = 40, .capacity = 100};
	struct ts_capture both[2] = {
		object_at(TS_CAPTURE_STD_STRING, &text),
		object_at(TS_CAPTURE_STD_STRING, &text),
	};
	const struct ts_value *second = (const struct ts_value *)(written + 48);

	(void)state;
	assert_true(ts_capture_values(both, 2, slot(), written, 1024, 60) > 48);
	assert_int_equal(((const struct ts_value *)written)->type, TS_VALUE_STRING);
	assert_int_equal(second->type, TS_VALUE_CUT);
	assert_int_equal(second->bytes, sizeof(struct ts_value_cut) + 20);
}

static void test_tenants(void **state)
{
	struct gnu text = {.start = long_text, .bytes = 6, .capacity = 100};
	struct ts_capture how = object_at(TS_CAPTURE_STD_STRING, &text);
	static char large[1000];
	char tenant[TS_ABI_MAX_TENANT + 1];

	(void)state;
	assert_int_equal(ts_capture_tenant(&how, slot(), tenant), 6);
	assert_memory_equal(tenant, "a text", 6);
	text = (struct gnu){.start = large, .bytes = sizeof(large), .capacity = sizeof(large)};
	assert_int_equal(ts_capture_tenant(&how, slot(), tenant), TS_ABI_MAX_TENANT);
	text.capacity = 1;
	assert_int_equal(ts_capture_tenant(&how, slot(), tenant), 0);
	how = object_at(TS_CAPTURE_STD_STRING, NULL);
	assert_int_equal(ts_capture_tenant(&how, slot(), tenant), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libstdcxx),
		cmocka_unit_test(test_what_is_no_libstdcxx_string),
		cmocka_unit_test(test_libstdcxx_of_old),
		cmocka_unit_test(test_libcxx),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_views_by_value),
		cmocka_unit_test(test_a_long_text_is_cut),
		cmocka_unit_test(test_a_budget_is_shared),
		cmocka_unit_test(test_tenants),
	};

	return cmocka_run_group_tests_name("stdtext", tests, NULL, NULL);
}
