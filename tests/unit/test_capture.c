// SPDX-License-Identifier: Apache-2.0
/* Arguments and results -> values, from a slot area that is laid out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "preload/hot/capture.h"

#define PAGE        4096
#define MAX_VALUES  16
#define GUARD       0xa5
#define GUARD_BYTES 64

/* The words around a slot, as the pads lay them out. */
struct area {
	uint64_t words[64];
};

static uintptr_t slot_of(struct area *area)
{
	return (uintptr_t)&area->words[32];
}

static void put(struct area *area, int offset, uint64_t word)
{
	*(uint64_t *)(slot_of(area) + offset) = word;
}

static void put_pointer(struct area *area, int offset, const void *pointer)
{
	put(area, offset, (uintptr_t)pointer);
}

static int integer_register(int index)
{
	return TS_SLOT_INTEGER + 8 * index;
}

static struct ts_capture capture_of(enum ts_capture_how how, int bits, int param, int offset)
{
	return (struct ts_capture){
		.how = (uint8_t)how,
		.bits = (uint8_t)bits,
		.param = (uint16_t)param,
		.offset = (int16_t)offset,
	};
}

static struct ts_capture string_at(int param, int offset)
{
	return capture_of(TS_CAPTURE_STRING, 64, param, offset);
}

static struct ts_capture bytes_at(int offset, int length_offset, int length_bits, bool is_signed)
{
	struct ts_capture capture = capture_of(TS_CAPTURE_BYTES, 64, 0, offset);

	capture.length_offset = (int16_t)length_offset;
	capture.length_bits = (uint8_t)length_bits;
	capture.length_signed = is_signed;
	return capture;
}

/* What a capture wrote, with guard bytes behind its room. */
struct written {
	_Alignas(8) char data[70000 + GUARD_BYTES];
	uint64_t bytes;
	const struct ts_value *values[MAX_VALUES];
	size_t n;
};

static const void *payload(const struct ts_value *value)
{
	return value + 1;
}

/* Asserts that [data, data + bytes) is a sequence of whole values, and lists them. */
static void split(struct written *written)
{
	uint64_t at = 0;

	written->n = 0;
	assert_int_equal(written->bytes % 8, 0);
	while (at < written->bytes) {
		const struct ts_value *value = (const struct ts_value *)(written->data + at);

		assert_true(written->bytes - at >= sizeof(*value));
		assert_in_range(value->type, TS_VALUE_NULL, TS_VALUE_REDACTED);
		assert_true(written->bytes - at - sizeof(*value) >= value->bytes);
		assert_true(written->n < MAX_VALUES);
		written->values[written->n++] = value;
		at += sizeof(*value) + TS_ALIGN8(value->bytes);
	}
	assert_int_equal(at, written->bytes);
}

static void capture(struct written *written, const struct ts_capture *captures, uint32_t n,
		    struct area *area, uint64_t room, uint64_t budget)
{
	memset(written->data, GUARD, sizeof(written->data));
	written->bytes = ts_capture_values(captures, n, slot_of(area), written->data, room, budget);
	assert_true(written->bytes <= room);
	for (uint64_t i = room; i < room + GUARD_BYTES; i++)
		assert_int_equal((uint8_t)written->data[i], GUARD);
	split(written);
}

static const struct ts_value *capture_one(struct written *written, struct ts_capture how,
					  struct area *area)
{
	capture(written, &how, 1, area, 4096, 2048);
	assert_int_equal(written->n, 1);
	assert_int_equal(written->values[0]->param, how.param);
	return written->values[0];
}

static void assert_word(const struct ts_value *value, enum ts_value_type type, uint64_t word)
{
	uint64_t found;

	assert_int_equal(value->type, type);
	assert_int_equal(value->bytes, 8);
	memcpy(&found, payload(value), 8);
	assert_int_equal(found, word);
}

static void assert_text(const struct ts_value *value, const void *text, size_t bytes)
{
	assert_int_equal(value->type, TS_VALUE_STRING);
	assert_int_equal(value->bytes, bytes);
	assert_memory_equal(payload(value), text, bytes);
}

/* A page whose next one is not mapped. */
static char *page_before_nothing(void)
{
	char *page =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(mprotect(page + PAGE, PAGE, PROT_NONE), 0);
	return page;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void test_integers_take_their_width_and_sign(void **state)
{
	static const struct {
		enum ts_capture_how how;
		int bits;
		uint64_t word, expected;
	} cases[] = {
		{TS_CAPTURE_SIGNED, 8, 0xdeadbeefdeadbe80, (uint64_t)-128},
		{TS_CAPTURE_SIGNED, 8, 0xdeadbeefdeadbe7f, 127},
		{TS_CAPTURE_SIGNED, 16, 0xdeadbeefdead8000, (uint64_t)-32768},
		{TS_CAPTURE_SIGNED, 16, 0xdeadbeefdead7fff, 32767},
		{TS_CAPTURE_SIGNED, 32, 0xdeadbeef80000000, (uint64_t)INT32_MIN},
		{TS_CAPTURE_SIGNED, 32, 0xdeadbeef7fffffff, INT32_MAX},
		{TS_CAPTURE_SIGNED, 64, 1ULL << 63, 1ULL << 63},
		{TS_CAPTURE_SIGNED, 64, INT64_MAX, INT64_MAX},
		{TS_CAPTURE_UNSIGNED, 8, 0xdeadbeefdeadbeff, 0xff},
		{TS_CAPTURE_UNSIGNED, 16, 0xdeadbeefdeadffff, 0xffff},
		{TS_CAPTURE_UNSIGNED, 32, 0xdeadbeefffffffff, 0xffffffff},
		{TS_CAPTURE_UNSIGNED, 64, UINT64_MAX, UINT64_MAX},
		{TS_CAPTURE_UNSIGNED, 64, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct written written;
		struct area area = {0};
		struct ts_capture how =
			capture_of(cases[i].how, cases[i].bits, (int)i, integer_register(3));

		put(&area, integer_register(3), cases[i].word);
		assert_int_equal(ts_capture_integer(&how, slot_of(&area)), cases[i].expected);
		assert_word(capture_one(&written, how, &area),
			    cases[i].how == TS_CAPTURE_SIGNED ? TS_VALUE_INT : TS_VALUE_UINT,
			    cases[i].expected);
	}
}

static void test_small_types_ignore_the_rest_of_their_word(void **state)
{
	static struct written written;
	struct area area = {0};

	(void)state;
	put(&area, integer_register(0), 0xdeadbeefdeadbe01);
	assert_word(capture_one(&written, capture_of(TS_CAPTURE_BOOL, 8, 1, integer_register(0)),
				&area),
		    TS_VALUE_BOOL, 1);
	put(&area, integer_register(0), 0xdeadbeefdeadbe00);
	assert_word(capture_one(&written, capture_of(TS_CAPTURE_BOOL, 8, 1, integer_register(0)),
				&area),
		    TS_VALUE_BOOL, 0);
	put(&area, integer_register(5), 0xdeadbeefdeadbee9);
	assert_word(capture_one(&written, capture_of(TS_CAPTURE_CHAR, 8, 2, integer_register(5)),
				&area),
		    TS_VALUE_CHAR, 0xe9);
}

static void test_floating_point_keeps_its_bits(void **state)
{
	static struct written written;
	struct area area = {0};
	float narrow = -1.5f;
	double wide = 1e-300;
	uint32_t narrow_bits;
	uint64_t wide_bits;

	(void)state;
	memcpy(&narrow_bits, &narrow, 4);
	memcpy(&wide_bits, &wide, 8);
	put(&area, TS_SLOT_VECTOR + 16 * 7, 0xdeadbeef00000000 | narrow_bits);
	assert_word(capture_one(&written,
				capture_of(TS_CAPTURE_FLOAT, 32, 0, TS_SLOT_VECTOR + 16 * 7),
				&area),
		    TS_VALUE_FLOAT, narrow_bits);
	put(&area, TS_SLOT_VECTOR, wide_bits);
	assert_word(
		capture_one(&written, capture_of(TS_CAPTURE_DOUBLE, 64, 0, TS_SLOT_VECTOR), &area),
		TS_VALUE_DOUBLE, wide_bits);
}

static void test_arguments_on_the_stack_and_results(void **state)
{
	static struct written written;
	struct area area = {0};

	(void)state;
	put(&area, TS_SLOT_STACK + 16, 77);
	assert_word(capture_one(&written, capture_of(TS_CAPTURE_SIGNED, 32, 6, TS_SLOT_STACK + 16),
				&area),
		    TS_VALUE_INT, 77);
	put(&area, TS_SLOT_RAX, (uint64_t)-3);
	assert_word(capture_one(&written,
				capture_of(TS_CAPTURE_SIGNED, 32, TS_PARAM_RESULT, TS_SLOT_RAX),
				&area),
		    TS_VALUE_INT, (uint64_t)-3);
}

/* --- strings ---------------------------------------------------------------------------------- */

static void test_null_and_impossible_pointers(void **state)
{
	static const uint64_t impossible[] = {
		1, 42, 4095, 1ULL << 47, 0xffff800000000000, 0x00dead0000000000, UINT64_MAX,
	};
	static struct written written;
	struct area area = {0};
	const struct ts_value *value;

	(void)state;
	value = capture_one(&written, string_at(4, integer_register(0)), &area);
	assert_int_equal(value->type, TS_VALUE_NULL);
	assert_int_equal(value->bytes, 0);
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		put(&area, integer_register(0), impossible[i]);
		assert_word(capture_one(&written, string_at(0, integer_register(0)), &area),
			    TS_VALUE_UNREADABLE, impossible[i]);
		put(&area, integer_register(1), 5);
		assert_word(
			capture_one(&written,
				    bytes_at(integer_register(0), integer_register(1), 64, false),
				    &area),
			TS_VALUE_UNREADABLE, impossible[i]);
	}
}

/* Bytes that look like a NUL to a careless test for one. */
static void fill(char *text, size_t bytes, int seed)
{
	static const uint8_t tricky[] = {0x01, 0x80, 0xff, 0x81, 0x7f, 0x00 + 'a', 0xfe};

	for (size_t i = 0; i < bytes; i++)
		text[i] = (char)tricky[(i * 5 + (size_t)seed) % sizeof(tricky)];
}

static void check_string(char *page, size_t bytes, size_t alignment, uint8_t around)
{
	static struct written written;
	size_t start = PAGE - 1 - bytes;
	struct area area = {0};

	start -= (start - alignment) % 8;
	memset(page, around, PAGE);
	fill(page + start, bytes, (int)(bytes + alignment));
	page[start + bytes] = 0;
	put_pointer(&area, integer_register(2), page + start);
	assert_text(capture_one(&written, string_at(0, integer_register(2)), &area), page + start,
		    bytes);
}

/* The NUL is the last byte before the hole, or as near to it as the alignment allows. */
static void test_strings_that_end_before_a_hole(void **state)
{
	char *page = page_before_nothing();

	(void)state;
	for (size_t bytes = 0; bytes <= 300; bytes++)
		for (size_t alignment = 0; alignment < 8; alignment++) {
			check_string(page, bytes, alignment, 0);
			check_string(page, bytes, alignment, 0xff);
		}
	munmap(page, 2 * PAGE);
}

static void test_strings_that_begin_after_a_hole(void **state)
{
	static struct written written;
	char *page =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct area area = {0};

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(mprotect(page, PAGE, PROT_NONE), 0);
	assert_int_equal(mprotect(page + 2 * PAGE, PAGE, PROT_NONE), 0);
	fill(page + PAGE, PAGE - 1, 3);
	for (size_t skipped = 0; skipped < 16; skipped++) {
		put_pointer(&area, integer_register(0), page + PAGE + skipped);
		capture(&written,
			&(struct ts_capture){
				.how = TS_CAPTURE_STRING, .bits = 64, .offset = TS_SLOT_INTEGER},
			1, &area, 8192, 8192);
		assert_int_equal(written.n, 1);
		assert_text(written.values[0], page + PAGE + skipped, PAGE - 1 - skipped);
	}
	munmap(page, 3 * PAGE);
}

static void test_bytes_take_their_length_from_a_parameter(void **state)
{
	static const struct {
		int bits;
		bool is_signed;
		uint64_t length, expected;
	} cases[] = {
		{64, false, 0, 0},
		{64, false, 5, 5},
		{64, false, 16, 16}, /* past the NUL */
		{32, true, 0xdeadbeef00000007, 7},
		{32, true, 0x00000000ffffffff, 0}, /* -1 */
		{64, true, (uint64_t)-1, 0},
		{8, true, 0x80, 0},
		{8, false, 0xdeadbeefdeadbe10, 16},
		{16, false, 0xdeadbeefdead0003, 3},
	};
	char *page = page_before_nothing();
	char *text = page + PAGE - 16;

	(void)state;
	memcpy(text, "hello\0behind\0!!!", 16);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct written written;
		struct area area = {0};

		put_pointer(&area, integer_register(0), text);
		put(&area, TS_SLOT_STACK, cases[i].length);
		assert_text(capture_one(&written,
					bytes_at(integer_register(0), TS_SLOT_STACK, cases[i].bits,
						 cases[i].is_signed),
					&area),
			    text, cases[i].expected);
	}
	munmap(page, 2 * PAGE);
}

/* A pointer to nothing is as good as any for no bytes. */
static void test_no_bytes_are_read_from_nowhere(void **state)
{
	static struct written written;
	struct area area = {0};
	struct ts_capture how = bytes_at(integer_register(0), integer_register(1), 64, true);

	(void)state;
	put(&area, integer_register(0), 42);
	assert_text(capture_one(&written, how, &area), "", 0);
	put(&area, integer_register(1), (uint64_t)-7);
	assert_text(capture_one(&written, how, &area), "", 0);
	put(&area, integer_register(0), 0);
	assert_int_equal(capture_one(&written, how, &area)->type, TS_VALUE_NULL);
}

/* --- budget and room -------------------------------------------------------------------------- */

static void assert_cut(const struct ts_value *value, const char *text, uint64_t full, uint32_t head,
		       uint32_t tail)
{
	const struct ts_value_cut *cut = payload(value);

	assert_int_equal(value->type, TS_VALUE_CUT);
	assert_int_equal(value->bytes, sizeof(*cut) + head + tail);
	assert_int_equal(cut->full_bytes, full);
	assert_int_equal(cut->head_bytes, head);
	assert_int_equal(cut->tail_bytes, tail);
	assert_memory_equal(cut + 1, text, head);
	assert_memory_equal((const char *)(cut + 1) + head, text + full - tail, tail);
}

/* Three strings of 100, 200 and 50 bytes in mapped memory, at registers 0, 1 and 2. */
struct three {
	char *page;
	const char *text[3];
	struct area area;
	struct ts_capture captures[3];
};

static void make_three(struct three *three)
{
	static const size_t bytes[] = {100, 200, 50};
	size_t at = 0;

	*three = (struct three){.page = page_before_nothing()};
	for (int i = 0; i < 3; i++) {
		fill(three->page + at, bytes[i], i);
		for (size_t j = 0; j < bytes[i]; j += 7)
			three->page[at + j] = (char)('A' + j % 26);
		three->text[i] = three->page + at;
		put_pointer(&three->area, integer_register(i), three->text[i]);
		three->captures[i] = string_at(i, integer_register(i));
		at += bytes[i] + 1;
	}
}

static void test_the_budget_is_shared_in_order(void **state)
{
	static struct written written;
	struct three three;

	(void)state;
	make_three(&three);
	capture(&written, three.captures, 3, &three.area, 4096, 350);
	assert_int_equal(written.n, 3);
	assert_text(written.values[0], three.text[0], 100);
	assert_text(written.values[1], three.text[1], 200);
	assert_text(written.values[2], three.text[2], 50);

	capture(&written, three.captures, 3, &three.area, 4096, 180);
	assert_int_equal(written.n, 3);
	assert_text(written.values[0], three.text[0], 100);
	assert_cut(written.values[1], three.text[1], 200, 60, 20);
	assert_cut(written.values[2], three.text[2], 50, 0, 0);

	capture(&written, three.captures, 3, &three.area, 4096, 0);
	assert_int_equal(written.n, 3);
	assert_cut(written.values[0], three.text[0], 100, 0, 0);
	munmap(three.page, 2 * PAGE);
}

static void test_a_cut_keeps_three_quarters_head(void **state)
{
	static struct written written;
	struct three three;

	(void)state;
	make_three(&three);
	for (uint32_t budget = 0; budget < 200; budget++) {
		capture(&written, &three.captures[1], 1, &three.area, 4096, budget);
		assert_int_equal(written.n, 1);
		assert_cut(written.values[0], three.text[1], 200, budget - budget / 4, budget / 4);
	}
	munmap(three.page, 2 * PAGE);
}

static void test_numbers_cost_no_budget(void **state)
{
	static struct written written;
	struct three three;
	struct ts_capture captures[3];

	(void)state;
	make_three(&three);
	put(&three.area, integer_register(5), 9);
	captures[0] = capture_of(TS_CAPTURE_UNSIGNED, 64, 0, integer_register(5));
	captures[1] = three.captures[2];
	captures[2] = captures[0];
	capture(&written, captures, 3, &three.area, 4096, 50);
	assert_int_equal(written.n, 3);
	assert_word(written.values[0], TS_VALUE_UINT, 9);
	assert_text(written.values[1], three.text[2], 50);
	assert_word(written.values[2], TS_VALUE_UINT, 9);
	munmap(three.page, 2 * PAGE);
}

/* Checks one value of the mixture below against what the program passed. */
static void check_mixed(const struct ts_value *value, const struct three *three)
{
	static const uint64_t full[] = {100, 200, 50};
	const struct ts_value_cut *cut = payload(value);

	switch (value->param) {
	case 7:
		assert_word(value, TS_VALUE_INT, (uint64_t)-5);
		break;
	case 8:
		assert_int_equal(value->type, TS_VALUE_REDACTED);
		break;
	default:
		assert_in_range(value->param, 0, 2);
		if (value->type == TS_VALUE_STRING)
			assert_text(value, three->text[value->param], full[value->param]);
		else
			assert_cut(value, three->text[value->param], full[value->param],
				   cut->head_bytes, cut->tail_bytes);
	}
}

/* Rooms are multiples of 8; `capture` looks behind each for a store too many. */
static void test_room_runs_out_at_every_size(void **state)
{
	static struct written written;
	struct three three;
	struct ts_capture captures[5];

	(void)state;
	make_three(&three);
	put(&three.area, integer_register(5), (uint64_t)-5);
	captures[0] = capture_of(TS_CAPTURE_SIGNED, 32, 7, integer_register(5));
	captures[1] = three.captures[2];
	captures[2] = capture_of(TS_CAPTURE_REDACTED, 64, 8, integer_register(5));
	captures[3] = three.captures[0];
	captures[4] = three.captures[1];
	for (uint64_t room = 0; room <= 480; room += 8) {
		capture(&written, captures, 5, &three.area, room, 1000);
		for (size_t i = 0; i < written.n; i++)
			check_mixed(written.values[i], &three);
	}
	assert_int_equal(written.n, 5);
	assert_text(written.values[4], three.text[1], 200);
	munmap(three.page, 2 * PAGE);
}

/* Every pair of a room and a length around it: whole where it fits, else a cut that fills it. */
static void test_a_string_and_a_room_of_every_size(void **state)
{
	static struct written written;
	char *page = page_before_nothing();
	struct ts_capture how = string_at(0, integer_register(0));
	struct area area = {0};

	(void)state;
	for (uint64_t bytes = 0; bytes <= 200; bytes++) {
		char *text = page + PAGE - 1 - bytes;

		fill(text, bytes, 1);
		put_pointer(&area, integer_register(0), text);
		for (uint64_t room = 0; room <= 208; room += 8) {
			uint64_t kept = room - 24;

			capture(&written, &how, 1, &area, room, 1000);
			if (room >= 16 && 8 + TS_ALIGN8(bytes) <= room) {
				assert_int_equal(written.n, 1);
				assert_text(written.values[0], text, bytes);
			} else if (room >= 24) {
				assert_int_equal(written.n, 1);
				assert_cut(written.values[0], text, bytes,
					   (uint32_t)(kept - kept / 4), (uint32_t)(kept / 4));
			} else {
				assert_int_equal(written.n, 0);
			}
		}
	}
	munmap(page, 2 * PAGE);
}

static void test_the_longest_string_of_all(void **state)
{
	static struct written written;
	static char text[TS_ABI_MAX_CAPTURE + 16] __attribute__((aligned(8)));
	struct ts_capture how = string_at(0, integer_register(0));
	struct area area = {0};

	(void)state;
	memset(text, 'x', TS_ABI_MAX_CAPTURE + 1);
	put_pointer(&area, integer_register(0), text);
	capture(&written, &how, 1, &area, 65536, TS_ABI_MAX_CAPTURE);
	assert_cut(written.values[0], text, TS_ABI_MAX_CAPTURE + 1,
		   TS_ABI_MAX_CAPTURE - TS_ABI_MAX_CAPTURE / 4, TS_ABI_MAX_CAPTURE / 4);
	text[TS_ABI_MAX_CAPTURE] = 0;
	capture(&written, &how, 1, &area, 65536, TS_ABI_MAX_CAPTURE);
	assert_text(written.values[0], text, TS_ABI_MAX_CAPTURE);
}

/* Nothing is read of what is redacted: the pointer leads nowhere. */
static void test_redacted(void **state)
{
	static struct written written;
	struct area area = {0};
	const struct ts_value *value;

	(void)state;
	put(&area, integer_register(0), 0x00007ffffffff000);
	value = capture_one(&written, capture_of(TS_CAPTURE_REDACTED, 64, 3, integer_register(0)),
			    &area);
	assert_int_equal(value->type, TS_VALUE_REDACTED);
	assert_int_equal(value->bytes, 0);
}

/* --- tenants ---------------------------------------------------------------------------------- */

static void assert_tenant(struct ts_capture how, struct area *area, const char *expected)
{
	char tenant[TS_ABI_MAX_TENANT + GUARD_BYTES];
	uint8_t bytes;

	memset(tenant, GUARD, sizeof(tenant));
	bytes = ts_capture_tenant(&how, slot_of(area), tenant);
	assert_int_equal(bytes, strlen(expected));
	assert_memory_equal(tenant, expected, bytes);
	for (size_t i = bytes; i < sizeof(tenant); i++)
		assert_int_equal((uint8_t)tenant[i], GUARD);
}

static void test_a_tenant_that_is_a_number(void **state)
{
	static const struct {
		enum ts_capture_how how;
		int bits;
		uint64_t word;
		const char *expected;
	} cases[] = {
		{TS_CAPTURE_SIGNED, 64, 0, "0"},
		{TS_CAPTURE_SIGNED, 64, (uint64_t)-1, "-1"},
		{TS_CAPTURE_SIGNED, 64, 1ULL << 63, "-9223372036854775808"},
		{TS_CAPTURE_SIGNED, 64, INT64_MAX, "9223372036854775807"},
		{TS_CAPTURE_UNSIGNED, 64, UINT64_MAX, "18446744073709551615"},
		{TS_CAPTURE_SIGNED, 32, 0xdeadbeefffffffff, "-1"},
		{TS_CAPTURE_UNSIGNED, 32, 0xdeadbeefffffffff, "4294967295"},
		{TS_CAPTURE_DOUBLE, 64, 5, ""},
	};
	struct area area = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(&area, integer_register(4), cases[i].word);
		assert_tenant(capture_of(cases[i].how, cases[i].bits, 0, integer_register(4)),
			      &area, cases[i].expected);
	}
}

static void test_a_tenant_that_is_a_string(void **state)
{
	char *page = page_before_nothing();
	struct ts_capture how = string_at(0, integer_register(1));
	char longest[TS_ABI_MAX_TENANT + 1] = {0};
	struct area area = {0};
	char *text = page + PAGE - 5;

	(void)state;
	assert_tenant(how, &area, "");
	put(&area, integer_register(1), 42);
	assert_tenant(how, &area, "");
	memcpy(text, "acme", 5);
	put_pointer(&area, integer_register(1), text);
	assert_tenant(how, &area, "acme");
	put(&area, integer_register(2), 2);
	assert_tenant(bytes_at(integer_register(1), integer_register(2), 32, true), &area, "ac");
	memset(longest, 't', TS_ABI_MAX_TENANT);
	for (size_t bytes = TS_ABI_MAX_TENANT - 1; bytes < TS_ABI_MAX_TENANT + 10; bytes++) {
		text = page + PAGE - 1 - bytes;
		memset(text, 't', bytes);
		put_pointer(&area, integer_register(1), text);
		assert_tenant(how, &area, bytes < TS_ABI_MAX_TENANT ? longest + 1 : longest);
	}
	munmap(page, 2 * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers_take_their_width_and_sign),
		cmocka_unit_test(test_small_types_ignore_the_rest_of_their_word),
		cmocka_unit_test(test_floating_point_keeps_its_bits),
		cmocka_unit_test(test_arguments_on_the_stack_and_results),
		cmocka_unit_test(test_null_and_impossible_pointers),
		cmocka_unit_test(test_strings_that_end_before_a_hole),
		cmocka_unit_test(test_strings_that_begin_after_a_hole),
		cmocka_unit_test(test_bytes_take_their_length_from_a_parameter),
		cmocka_unit_test(test_no_bytes_are_read_from_nowhere),
		cmocka_unit_test(test_the_budget_is_shared_in_order),
		cmocka_unit_test(test_a_cut_keeps_three_quarters_head),
		cmocka_unit_test(test_numbers_cost_no_budget),
		cmocka_unit_test(test_room_runs_out_at_every_size),
		cmocka_unit_test(test_a_string_and_a_room_of_every_size),
		cmocka_unit_test(test_the_longest_string_of_all),
		cmocka_unit_test(test_redacted),
		cmocka_unit_test(test_a_tenant_that_is_a_number),
		cmocka_unit_test(test_a_tenant_that_is_a_string),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
