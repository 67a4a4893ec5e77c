// SPDX-License-Identifier: Apache-2.0
/* The producer's half of the event log, over a ring of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/hot/ring.h"

#define BYTES ((uint64_t)TS_RING_MIRROR) /* the least that a mirror may lie behind */

/* Data twice in a row, and a header apart: what the shim maps of a file. */
struct place {
	struct ts_abi_ring shared;
	struct ts_ring ring;
	char *data;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	int fd = memfd_create("ring", MFD_CLOEXEC);
	char *at, *first, *mirror;

	assert_non_null(place);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)BYTES), 0);
	at = mmap(NULL, BYTES + TS_RING_MIRROR, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	first = mmap(at, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	assert_ptr_equal(first, at);
	mirror = mmap(at + BYTES, TS_RING_MIRROR, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		      fd, 0);
	assert_ptr_equal(mirror, at + BYTES);
	close(fd);
	place->data = at;
	place->shared.bytes = BYTES;
	place->ring = (struct ts_ring){.shared = &place->shared, .data = at, .bytes = BYTES};
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	munmap(place->data, BYTES + TS_RING_MIRROR);
	free(place);
	return 0;
}

/* The reader has taken everything up to `tail`. */
static void read_up_to(struct place *place, uint64_t tail)
{
	__atomic_store_n(&place->shared.tail, tail, __ATOMIC_RELEASE);
}

static void start_at(struct place *place, uint64_t count)
{
	place->ring.head = place->ring.tail = count;
	place->shared.head = place->shared.tail = count;
}

static void test_an_empty_ring_has_room_for_all(void **state)
{
	struct place *place = *state;

	assert_int_equal(ts_ring_room(&place->ring, 64), BYTES);
	assert_ptr_equal(ts_ring_at_head(&place->ring), place->data);
}

static void test_what_is_committed_takes_room_until_it_is_read(void **state)
{
	struct place *place = *state;

	ts_ring_commit(&place->ring, 4096);
	assert_int_equal(place->shared.head, 4096);
	assert_ptr_equal(ts_ring_at_head(&place->ring), place->data + 4096);
	assert_int_equal(ts_ring_room(&place->ring, 1), BYTES - 4096);
	read_up_to(place, 1024);
	assert_int_equal(ts_ring_room(&place->ring, BYTES), BYTES - 4096 + 1024);
}

/* The reader's word is on another CPU's cache line: it is fetched only where room gets short. */
static void test_the_tail_is_looked_at_only_when_room_is_short(void **state)
{
	struct place *place = *state;

	ts_ring_commit(&place->ring, 4096);
	read_up_to(place, 4096);
	assert_int_equal(ts_ring_room(&place->ring, BYTES - 4096), BYTES - 4096);
	assert_int_equal(place->ring.tail, 0);
	assert_int_equal(ts_ring_room(&place->ring, BYTES - 4096 + 1), BYTES);
	assert_int_equal(place->ring.tail, 4096);
}

static void test_nothing_counts_before_it_is_committed(void **state)
{
	struct place *place = *state;

	memset(ts_ring_at_head(&place->ring), 'x', 512);
	assert_int_equal(place->shared.head, 0);
	assert_int_equal(ts_ring_room(&place->ring, 1), BYTES);
	ts_ring_commit(&place->ring, 512);
	assert_int_equal(place->shared.head, 512);
}

static void test_what_is_reserved_is_no_room(void **state)
{
	struct place *place = *state;

	place->ring.reserved = 3 * TS_EVENT_END_BYTES;
	assert_int_equal(ts_ring_room(&place->ring, 1), BYTES - 3 * TS_EVENT_END_BYTES);
	ts_ring_commit(&place->ring, BYTES - 3 * TS_EVENT_END_BYTES);
	assert_int_equal(ts_ring_room(&place->ring, 1), 0);
	place->ring.reserved -= TS_EVENT_END_BYTES;
	assert_int_equal(ts_ring_room(&place->ring, 1), TS_EVENT_END_BYTES);
}

static void test_a_full_ring_has_no_room(void **state)
{
	struct place *place = *state;

	ts_ring_commit(&place->ring, BYTES);
	assert_int_equal(ts_ring_room(&place->ring, 1), 0);
	place->ring.reserved = TS_EVENT_END_BYTES; /* more than is there: still none, and not all */
	assert_int_equal(ts_ring_room(&place->ring, 1), 0);
	read_up_to(place, TS_EVENT_END_BYTES);
	assert_int_equal(ts_ring_room(&place->ring, 1), 0);
	read_up_to(place, 2 * TS_EVENT_END_BYTES);
	assert_int_equal(ts_ring_room(&place->ring, 1), TS_EVENT_END_BYTES);
}

static void test_what_other_threads_release_is_folded_in_once(void **state)
{
	struct place *place = *state;

	place->ring.reserved = 4 * TS_EVENT_END_BYTES;
	__atomic_fetch_add(&place->ring.released, 3 * TS_EVENT_END_BYTES, __ATOMIC_RELAXED);
	assert_int_equal(ts_ring_room(&place->ring, 1), BYTES - 4 * TS_EVENT_END_BYTES);
	assert_int_equal(ts_ring_room(&place->ring, BYTES), BYTES - TS_EVENT_END_BYTES);
	assert_int_equal(place->ring.released, 0);
	assert_int_equal(place->ring.reserved, TS_EVENT_END_BYTES);
	assert_int_equal(ts_ring_room(&place->ring, BYTES), BYTES - TS_EVENT_END_BYTES);
}

static void test_a_record_that_wraps_is_written_in_one_piece(void **state)
{
	struct place *place = *state;
	char record[1000];

	for (size_t i = 0; i < sizeof(record); i++)
		record[i] = (char)(i * 7);
	start_at(place, 5 * BYTES - 400);
	assert_int_equal(ts_ring_room(&place->ring, sizeof(record)), BYTES);
	assert_ptr_equal(ts_ring_at_head(&place->ring), place->data + BYTES - 400);
	memcpy(ts_ring_at_head(&place->ring), record, sizeof(record));
	ts_ring_commit(&place->ring, sizeof(record));
	assert_int_equal(place->shared.head, 5 * BYTES + 600);
	assert_ptr_equal(ts_ring_at_head(&place->ring), place->data + 600);
	assert_memory_equal(place->data + BYTES - 400, record, 400);
	assert_memory_equal(place->data, record + 400, 600);
}

/* Counts only grow; when they pass the end of 64 bits, differences still hold. */
static void test_counts_may_overflow(void **state)
{
	struct place *place = *state;

	start_at(place, (uint64_t)0 - 512);
	ts_ring_commit(&place->ring, 1024);
	assert_int_equal(place->shared.head, 512);
	assert_int_equal(ts_ring_room(&place->ring, 1), BYTES - 1024);
	read_up_to(place, 0);
	assert_int_equal(ts_ring_room(&place->ring, BYTES), BYTES - 512);
}

/* Fills and reads for many rounds: room and place always follow from the counts. */
static void test_many_rounds(void **state)
{
	struct place *place = *state;
	uint64_t head = 0, tail = 0;

	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t bytes = 64 + i * 2654435761 % 4096 / 8 * 8;

		if (ts_ring_room(&place->ring, bytes) < bytes) {
			assert_true(BYTES - (head - tail) < bytes);
			tail += (head - tail) / 2 & ~7ULL;
			read_up_to(place, tail);
			continue;
		}
		assert_ptr_equal(ts_ring_at_head(&place->ring), place->data + head % BYTES);
		memset(ts_ring_at_head(&place->ring), (int)i, bytes);
		ts_ring_commit(&place->ring, bytes);
		head += bytes;
		assert_int_equal(place->shared.head, head);
		assert_true(head - tail <= BYTES);
	}
	assert_true(head > 100 * BYTES);
}

/* --- waking the reader ------------------------------------------------------------------------ */

static void test_the_reader_is_wanted_when_half_is_full(void **state)
{
	struct place *place = *state;

	assert_false(ts_ring_wants_reader(&place->ring));
	ts_ring_commit(&place->ring, BYTES / 2 - 8);
	assert_false(ts_ring_wants_reader(&place->ring));
	ts_ring_commit(&place->ring, 8);
	assert_true(ts_ring_wants_reader(&place->ring));
}

static void test_the_reader_is_not_called_again_at_once(void **state)
{
	struct place *place = *state;

	ts_ring_commit(&place->ring, BYTES / 2);
	assert_true(ts_ring_wants_reader(&place->ring));
	assert_false(ts_ring_wants_reader(&place->ring));
	ts_ring_commit(&place->ring, BYTES / 8 - 8);
	assert_false(ts_ring_wants_reader(&place->ring));
	ts_ring_commit(&place->ring, 8);
	assert_true(ts_ring_wants_reader(&place->ring));
}

static void test_the_reader_is_not_called_for_what_it_has_read(void **state)
{
	struct place *place = *state;

	ts_ring_commit(&place->ring, BYTES / 2);
	read_up_to(place, 8);
	assert_false(ts_ring_wants_reader(&place->ring));
	ts_ring_commit(&place->ring, 8);
	read_up_to(place, 1024);
	assert_false(ts_ring_wants_reader(&place->ring));
	ts_ring_commit(&place->ring, 1024 - 16);
	assert_false(ts_ring_wants_reader(&place->ring));
	ts_ring_commit(&place->ring, 8);
	assert_true(ts_ring_wants_reader(&place->ring));
}

static void test_losses_are_counted_by_reason(void **state)
{
	struct place *place = *state;

	ts_ring_count_lost(&place->ring, TS_LOST_RING_FULL);
	ts_ring_count_lost(&place->ring, TS_LOST_END);
	ts_ring_count_lost(&place->ring, TS_LOST_END);
	for (int why = 0; why < 7; why++)
		assert_int_equal(place->shared.lost[why], why == TS_LOST_RING_FULL ? 1
							  : why == TS_LOST_END     ? 2
										   : 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_an_empty_ring_has_room_for_all),
		test(test_what_is_committed_takes_room_until_it_is_read),
		test(test_the_tail_is_looked_at_only_when_room_is_short),
		test(test_nothing_counts_before_it_is_committed),
		test(test_what_is_reserved_is_no_room),
		test(test_a_full_ring_has_no_room),
		test(test_what_other_threads_release_is_folded_in_once),
		test(test_a_record_that_wraps_is_written_in_one_piece),
		test(test_counts_may_overflow),
		test(test_many_rounds),
		test(test_the_reader_is_wanted_when_half_is_full),
		test(test_the_reader_is_not_called_again_at_once),
		test(test_the_reader_is_not_called_for_what_it_has_read),
		test(test_losses_are_counted_by_reason),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
