// SPDX-License-Identifier: Apache-2.0
/* The spool's segment `open`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/log/segment.h"
#include "reader_fixture.h"

static void test_segment(void **state)
{
	struct record name, begin;
	struct spool spool;
	char path[512];
	size_t whole;

	(void)state;
	spool_new(&spool);
	spool_file(&spool, "open", path);
	record_thread(&name, 1, "worker");
	record_begin(&begin, TS_BEGIN_SPAN, 1, 2, 0, 0, 77);
	record_string(&begin, 0, "text");
	whole = name.event.bytes + begin.event.bytes;
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(ts_segment_read(spool.path, take, &seen, NULL), 0);
	assert_int_equal(ts_segment_append(spool.path, 0, &name, name.event.bytes, NULL), 0);
	assert_int_equal(
		ts_segment_append(spool.path, name.event.bytes, &begin, begin.event.bytes, NULL),
		0);
	assert_int_equal(ts_segment_read(spool.path, take, &seen, NULL), whole);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.ticks[1], 77);
	assert_string_equal(seen.thread_name, "worker");

	/* torn anywhere, the last event is gone and the next goes in its place */
	for (size_t bytes = whole - 1; bytes > name.event.bytes; bytes--) {
		assert_int_equal(truncate(path, (off_t)bytes), 0);
		assert_int_equal(ts_segment_read(spool.path, take, &seen, NULL), name.event.bytes);
	}
	assert_int_equal(ts_segment_append(spool.path, 0, &begin, begin.event.bytes, NULL), 0);
	assert_int_equal(ts_segment_read(spool.path, take, &seen, NULL), begin.event.bytes);
	/* what lay behind it is gone */
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(ts_segment_append(spool.path, i * name.event.bytes, &name,
						   name.event.bytes, NULL),
				 0);
	assert_int_equal(ts_segment_append(spool.path, 0, &name, name.event.bytes, NULL), 0);
	assert_int_equal(ts_segment_read(spool.path, take, &seen, NULL), name.event.bytes);

	assert_int_equal(ts_segment_replace(spool.path, &name, name.event.bytes, NULL), 0);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(ts_segment_read(spool.path, take, &seen, NULL), name.event.bytes);
	assert_int_equal(seen.n, 1);
	spool_file(&spool, "open.new", path);
	assert_int_equal(access(path, F_OK), -1);

	seen = (struct seen){.refusal = -ENOMEM};
	assert_int_equal(ts_segment_read(spool.path, take, &seen, NULL), -ENOMEM);
	spool_remove(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
