// SPDX-License-Identifier: Apache-2.0
/* The pages of rings that nobody needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/log/rest.h"
#include "spool_builder.h"

#define BYTES    (1 << 16)
#define LONG_AGO 1

static int set_up(void **state)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	spool_new(spool);
	spool_ring(spool, BYTES);
	memset((char *)spool->rings[0] + TS_ABI_PAGE, 0xaa, BYTES);
	spool->rings[0]->state = TS_RING_FREE;
	spool->rings[0]->head = spool->rings[0]->tail = 640;
	*state = spool;
	return 0;
}

static int tear_down(void **state)
{
	spool_remove(*state);
	free(*state);
	return 0;
}

static int64_t bytes_on_disk(const struct spool *spool)
{
	struct stat status;
	char path[512];

	spool_file(spool, "ring-0", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, TS_ABI_PAGE + BYTES);
	return status.st_blocks * 512;
}

static void after_a_while(void **state)
{
	struct ts_abi_ring *ring = ((struct spool *)*state)->rings[0];
	struct ts_rest rest = {0};

	assert_false(ts_rest_is_due(&rest, ring));
	assert_false(ts_rest_is_due(&rest, ring));
	rest.since_ns = LONG_AGO;
	assert_true(ts_rest_is_due(&rest, ring));
	ring->head = ring->tail = 1280; /* somebody was there meanwhile */
	assert_false(ts_rest_is_due(&rest, ring));
	rest.since_ns = LONG_AGO;
	ring->head += 64;
	assert_false(ts_rest_is_due(&rest, ring));
	ring->tail += 64;
	assert_false(ts_rest_is_due(&rest, ring));
	rest.since_ns = LONG_AGO;
	ring->state = TS_RING_OWNED;
	assert_false(ts_rest_is_due(&rest, ring));
	ring->state = TS_RING_RESTED;
	assert_false(ts_rest_is_due(&rest, ring));
}

static void pages_go(void **state)
{
	struct spool *spool = *state;
	struct ts_rest rest = {0};

	assert_true(bytes_on_disk(spool) >= BYTES);
	ts_rest_begin(&rest, spool->rings[0], spool->path, "ring-0");
	assert_int_equal(spool->rings[0]->state, TS_RING_RESTED);
	assert_true(bytes_on_disk(spool) <= TS_ABI_PAGE);
	assert_int_equal(spool->rings[0]->head, 640);
	assert_int_equal(spool->rings[0]->magic, TS_ABI_RING_MAGIC);
}

static void a_thread_was_quicker(void **state)
{
	struct spool *spool = *state;
	struct ts_rest rest = {0};

	spool->rings[0]->state = TS_RING_OWNED;
	ts_rest_begin(&rest, spool->rings[0], spool->path, "ring-0");
	assert_int_equal(spool->rings[0]->state, TS_RING_OWNED);
	assert_true(bytes_on_disk(spool) >= BYTES);
	spool->rings[0]->state = TS_RING_FREE; /* it came, wrote and went */
	spool->rings[0]->head += 640;
	ts_rest_begin(&rest, spool->rings[0], spool->path, "ring-0");
	assert_int_equal(spool->rings[0]->state, TS_RING_FREE);
	assert_true(bytes_on_disk(spool) >= BYTES);
}

static void a_consumer_was_killed(void **state)
{
	struct spool *spool = *state;
	struct ts_rest rest = {.since_ns = LONG_AGO, .head = 640};

	spool->rings[0]->state = TS_RING_RESTING;
	assert_true(ts_rest_is_due(&rest, spool->rings[0]));
	ts_rest_begin(&rest, spool->rings[0], spool->path, "ring-0");
	assert_int_equal(spool->rings[0]->state, TS_RING_RESTED);
	assert_true(bytes_on_disk(spool) <= TS_ABI_PAGE);
}

/* A thread that takes it gets pages, or finds those that are still there. */
static void a_file_that_is_gone(void **state)
{
	struct spool *spool = *state;
	struct ts_rest rest = {0};

	ts_rest_begin(&rest, spool->rings[0], spool->path, "ring-1");
	assert_int_equal(spool->rings[0]->state, TS_RING_RESTED);
	spool->rings[0]->state = TS_RING_FREE;
	rest.since_ns = LONG_AGO;
	assert_false(ts_rest_is_due(&rest, spool->rings[0]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_a_while),        TEST(pages_go),
		TEST(a_thread_was_quicker), TEST(a_consumer_was_killed),
		TEST(a_file_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
