// SPDX-License-Identifier: Apache-2.0
/* Damaged spools: no crash, no ring stopped by another, what was lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/log/dictionary.h"
#include "runtime/log/event.h"
#include "reader_fixture.h"

static void test_garbage_is_skipped_to_the_head(void **state)
{
	unsigned char garbage[64];
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	memset(garbage, 0xee, sizeof(garbage));
	spool_new(&spool);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	put_end(&spool, 0, 1);
	spool_put_bytes(&spool, 0, garbage, sizeof(garbage));
	put_end(&spool, 0, 2);
	put_end(&spool, 1, 3);
	reader = open_reader(&spool);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.ticks[1], 3);
	assert_int_equal(ts_reader_damage(reader).faults, 1);
	assert_int_equal(ts_reader_damage(reader).bytes, sizeof(garbage) + TS_EVENT_END_BYTES);
	assert_int_equal(spool.rings[0]->tail, 0);
	ts_reader_commit(reader);
	assert_int_equal(spool.rings[0]->tail, spool.rings[0]->head);
	put_end(&spool, 0, 4);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.ticks[0], 4);
	ts_reader_free(reader);
	spool_remove(&spool);
}

/* One field wrong in the first ring; the second is read all the same. */
static void check_header(size_t offset, uint64_t value, uint64_t rings, uint64_t faults)
{
	struct ts_reader *reader;
	struct ts_damage damage;
	struct spool spool;

	spool_new(&spool);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	put_end(&spool, 0, 1);
	put_end(&spool, 1, 2);
	memcpy((char *)spool.rings[0] + offset, &value, sizeof(value));
	reader = open_reader(&spool);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pass(reader), 0);
		assert_int_equal(seen.n, i ? 0 : 1);
		ts_reader_commit(reader);
	}
	damage = ts_reader_damage(reader);
	assert_int_equal(damage.rings, rings);
	assert_int_equal(damage.faults, faults);
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_damaged_headers(void **state)
{
	(void)state;
	check_header(offsetof(struct ts_abi_ring, magic), 1, 1, 0);
	check_header(offsetof(struct ts_abi_ring, version), 99, 1, 0);
	check_header(offsetof(struct ts_abi_ring, bytes), 0, 1, 0);
	check_header(offsetof(struct ts_abi_ring, bytes), 4095, 1, 0);
	check_header(offsetof(struct ts_abi_ring, bytes), 1ULL << 40, 1, 0);
	check_header(offsetof(struct ts_abi_ring, head), 63, 1, 0);
	check_header(offsetof(struct ts_abi_ring, tail), 1, 1, 0);
	check_header(offsetof(struct ts_abi_ring, head), 8192, 0, 1);
	check_header(offsetof(struct ts_abi_ring, tail), 8192, 0, 1);
	check_header(offsetof(struct ts_abi_ring, tail), (uint64_t)-64, 0, 1);
}

static void test_rings_that_are_not_there(void **state)
{
	struct ts_reader *reader;
	struct spool spool;
	char path[512];

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	put_end(&spool, 0, 1);
	spool_file(&spool, "ring-1", path);
	assert_int_equal(symlink("ring-0", path), 0);
	spool_file(&spool, "ring-2", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	spool.process->n_rings = UINT32_MAX;
	reader = open_reader(&spool);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(ts_reader_damage(reader).rings, TS_ABI_MAX_RINGS - 1);
	ts_reader_free(reader);
	spool_remove(&spool);
}

/* {"k": [5], ...}, with one member left out. */
static void record_nested(struct record *record, uint16_t param)
{
	uint32_t object = record_open(record, param, TS_VALUE_OBJECT), list;
	uint64_t one = 1;

	record_string(record, 0, "k");
	list = record_open(record, 0, TS_VALUE_LIST);
	record_int(record, 0, 5);
	record_close(record, list);
	record_value(record, 0, TS_VALUE_OMITTED, &one, 8);
	record_close(record, object);
}

/* A small spool with one of everything, over the end of its ring. */
static void build_small(struct spool *spool)
{
	struct record record;
	double real = 1.5;

	spool_new(spool);
	spool_settings(spool, "sqlite:x", "acme", "token");
	spool_thunk(spool, 0, TS_KIND_LLM, "claude", "complete", "< 0", "model,text");
	spool_ring(spool, 512);
	spool->rings[0]->head = spool->rings[0]->tail = 256;
	record_thread(&record, 1, "main");
	spool_put(spool, 0, &record);
	record_begin(&record, TS_BEGIN_SPAN, 1, 2, 0, 0, 100);
	record_tenant(&record, "t");
	record_string(&record, 0, "opus");
	record_cut(&record, 1, "he", 2, "ta", 2, 100);
	record_nested(&record, 1);
	spool_put(spool, 0, &record);
	record_end(&record, 1, 2, TS_OUTCOME_OK, 0, 200);
	record_value(&record, TS_PARAM_RESULT, TS_VALUE_DOUBLE, &real, 8);
	spool_put(spool, 0, &record);
}

static void read_everything(const struct spool *spool)
{
	struct ts_dictionary *dictionary;
	struct ts_reader *reader;

	memset(&seen, 0, sizeof(seen));
	if (ts_reader_new(&reader, spool->path, NULL, NULL) < 0)
		return;
	assert_int_equal(ts_dictionary_new(&dictionary, spool->path, ts_reader_process(reader)), 0);
	ts_dictionary_update(dictionary, NULL);
	for (int i = 0; i < 2; i++) {
		ts_reader_pass(reader, take, &seen, NULL);
		ts_reader_commit(reader);
	}
	ts_dictionary_free(dictionary);
	ts_reader_free(reader);
}

static void flip(struct spool *spool, size_t at)
{
	static const unsigned char patterns[] = {0x01, 0x80, 0xff};
	unsigned char *byte = (unsigned char *)spool->rings[0] + at;

	for (size_t i = 0; i < sizeof(patterns); i++) {
		uint64_t head = spool->rings[0]->head;

		*byte ^= patterns[i];
		read_everything(spool);
		*byte ^= patterns[i];
		spool->rings[0]->head = head;
		spool->rings[0]->tail = 256;
	}
}

static void check_event(struct record *record, long wanted)
{
	long result = ts_event_check(record, record->event.bytes);

	assert_int_equal(result, wanted ? wanted : (long)record->event.bytes);
	record_begin(record, TS_BEGIN_SPAN, 1, 2, 0, 0, 0);
}

static void check_value(struct record *record, enum ts_value_type type, size_t bytes, long wanted)
{
	static const struct ts_value_cut cut[2] = {{.full_bytes = 100, .head_bytes = 8}};

	record_value(record, 0, type, cut, bytes);
	check_event(record, wanted);
}

static void test_what_is_no_event(void **state)
{
	struct record record;

	(void)state;
	record_begin(&record, TS_BEGIN_SPAN, 1, 2, 0, 0, 0);
	for (int type = 0; type < 256; type++) {
		bool empty = type == TS_VALUE_NULL || type == TS_VALUE_REDACTED;
		bool nested = type == TS_VALUE_LIST || type == TS_VALUE_OBJECT;
		bool known = type >= TS_VALUE_NULL && type <= TS_VALUE_OMITTED;
		bool any = type == TS_VALUE_STRING || type == TS_VALUE_OPAQUE;
		bool cut = type == TS_VALUE_CUT, word = known && !empty && !any && !cut && !nested;

		check_value(&record, (enum ts_value_type)type, 0,
			    empty || any || nested ? 0 : -EBADMSG);
		check_value(&record, (enum ts_value_type)type, 8, word || any ? 0 : -EBADMSG);
		check_value(&record, (enum ts_value_type)type, 7, any ? 0 : -EBADMSG);
		check_value(&record, (enum ts_value_type)type, 16, any ? 0 : -EBADMSG);
		check_value(&record, (enum ts_value_type)type, 24, any || cut ? 0 : -EBADMSG);
		check_value(&record, (enum ts_value_type)type, 25, any ? 0 : -EBADMSG);
	}
	record.begin.tenant_bytes = 1;
	check_event(&record, -EBADMSG);
	record_tenant(&record, "12345678");
	check_event(&record, 0);
	record_append(&record, (char[256]){0}, 256);
	record.begin.tenant_bytes = 256;
	check_event(&record, -EBADMSG);
	record.event.bytes = sizeof(record.begin) - 8;
	check_event(&record, -EBADMSG);
	record_thread(&record, 1, "x");
	record_append(&record, "x", 1);
	check_event(&record, -EBADMSG);
	record.event.bytes += 8; /* half a value */
	memset(&record.begin + 1, 0, 8);
	check_event(&record, -EBADMSG);
	record.event.bytes += 4;
	check_event(&record, -EBADMSG);
	record_end(&record, 1, 2, TS_OUTCOME_OK, 0, 0);
	for (size_t available = 0; available < TS_EVENT_END_BYTES; available++)
		assert_int_equal(ts_event_check(&record, available), 0);
}

static void deep(struct record *record, enum ts_value_type type, unsigned levels)
{
	uint32_t open[TS_MAX_NESTING + 1];

	for (unsigned i = 0; i < levels; i++) {
		open[i] = record_open(record, 0, type);
		if (type == TS_VALUE_OBJECT)
			record_string(record, 0, "k");
	}
	if (type == TS_VALUE_OBJECT)
		record_int(record, 0, 1);
	while (levels--)
		record_close(record, open[levels]);
}

static void test_lists_and_objects_have_a_bottom(void **state)
{
	struct record record;

	(void)state;
	record_begin(&record, TS_BEGIN_SPAN, 1, 2, 0, 0, 0);
	for (int type = TS_VALUE_LIST; type <= TS_VALUE_OBJECT; type++) {
		deep(&record, (enum ts_value_type)type, TS_MAX_NESTING);
		check_event(&record, 0);
		deep(&record, (enum ts_value_type)type, TS_MAX_NESTING + 1);
		check_event(&record, -EBADMSG);
		/* side by side they are not deep */
		for (unsigned i = 0; i < 2 * TS_MAX_NESTING; i++)
			deep(&record, (enum ts_value_type)type, 2);
		check_event(&record, 0);
	}
}

/* Whatever size the list claims, its event ends where it did. */
static void test_what_reaches_out_of_its_list(void **state)
{
	struct record record;
	uint32_t outer, inner, whole;

	(void)state;
	for (uint32_t bytes = 0; bytes < 64; bytes++) {
		record_begin(&record, TS_BEGIN_SPAN, 1, 2, 0, 0, 0);
		outer = record_open(&record, 0, TS_VALUE_LIST);
		inner = record_open(&record, 0, TS_VALUE_LIST);
		record_int(&record, 0, 5);
		record_close(&record, inner);
		whole = record.event.bytes - inner - (uint32_t)sizeof(struct ts_value);
		record_string(&record, 0, "12345678");
		record_close(&record, outer);
		((struct ts_value *)(record.bytes + inner))->bytes = bytes;
		/* empty, as it was, or with the string in it: the rest are no values */
		check_event(&record,
			    bytes == 0 || bytes == whole || bytes == 2 * whole ? 0 : -EBADMSG);
	}
}

/* An object of: s a string, c a cut one, i an integer, n null, m members left out. */
static void check_object(struct record *record, const char *of, long wanted)
{
	static const char letters[] = "scinm";
	static const enum ts_value_type types[] = {TS_VALUE_STRING, TS_VALUE_CUT, TS_VALUE_INT,
						   TS_VALUE_NULL, TS_VALUE_OMITTED};
	static const size_t bytes[] = {8, sizeof(struct ts_value_cut), 8, 0, 8};
	static const struct ts_value_cut cut = {.full_bytes = 100};
	uint32_t object = record_open(record, 0, TS_VALUE_OBJECT);

	for (; *of; of++) {
		size_t i = (size_t)(strchr(letters, *of) - letters);

		record_value(record, 0, types[i], &cut, bytes[i]);
	}
	record_close(record, object);
	check_event(record, wanted);
}

static void test_objects_hold_pairs(void **state)
{
	static const char *const good[] = {"", "si", "cn", "sscc", "m", "sm", "sim", "msismm"};
	static const char *const bad[] = {"s", "ii", "ni", "sic", "sms", "siis", "mi"};
	struct record record;

	(void)state;
	record_begin(&record, TS_BEGIN_SPAN, 1, 2, 0, 0, 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		check_object(&record, good[i], 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_object(&record, bad[i], -EBADMSG);
}

static void test_every_byte_of_a_ring_flipped(void **state)
{
	struct spool spool;

	(void)state;
	build_small(&spool);
	read_everything(&spool);
	assert_int_equal(seen.n, 3);
	spool.rings[0]->tail = 256;
	for (size_t at = 0; at < sizeof(struct ts_abi_ring); at++)
		flip(&spool, at);
	for (size_t at = 0; at < 512; at++)
		flip(&spool, TS_ABI_PAGE + at);
	read_everything(&spool);
	assert_int_equal(seen.n, 3);
	spool_remove(&spool);
}

static void test_every_byte_of_the_process_file_flipped(void **state)
{
	struct spool spool;
	char path[512];
	size_t bytes;
	int fd;

	(void)state;
	build_small(&spool);
	spool_file(&spool, "process", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	bytes = TS_ABI_PAGE + spool.process->dictionary_bytes;
	for (size_t at = 0; at < bytes; at++) {
		unsigned char byte, flipped;

		spool.rings[0]->tail = 256;
		assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
		flipped = byte ^ 0xff;
		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
		read_everything(&spool);
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		if (at == sizeof(struct ts_abi_process))
			at = TS_ABI_PAGE - 1;
	}
	close(fd);
	spool_remove(&spool);
}

static void test_files_of_every_length(void **state)
{
	static const char *const names[] = {"ring-0", "process"};
	struct spool spool;
	char path[512];

	(void)state;
	for (int file = 0; file < 2; file++) {
		build_small(&spool);
		spool_file(&spool, names[file], path);
		for (off_t bytes = TS_ABI_PAGE + 512; bytes >= 0; bytes--) {
			if (bytes >= TS_ABI_PAGE)
				spool.rings[0]->tail = 256;
			assert_int_equal(truncate(path, bytes), 0);
			read_everything(&spool);
			if (bytes == TS_ABI_PAGE - 8)
				bytes = 8;
		}
		spool_remove(&spool);
	}
}

/* What lies before the cut is delivered, the rest is counted. */
static void test_a_short_ring(void **state)
{
	struct ts_reader *reader;
	struct spool spool;
	char path[512];

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	for (uint64_t i = 0; i < 10; i++)
		put_end(&spool, 0, i);
	spool_file(&spool, "ring-0", path);
	assert_int_equal(truncate(path, TS_ABI_PAGE + 4 * TS_EVENT_END_BYTES + 1), 0);
	reader = open_reader(&spool);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 4);
	assert_int_equal(ts_reader_damage(reader).bytes, 6 * TS_EVENT_END_BYTES);
	ts_reader_free(reader);
	spool_remove(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_garbage_is_skipped_to_the_head),
		cmocka_unit_test(test_damaged_headers),
		cmocka_unit_test(test_rings_that_are_not_there),
		cmocka_unit_test(test_what_is_no_event),
		cmocka_unit_test(test_lists_and_objects_have_a_bottom),
		cmocka_unit_test(test_what_reaches_out_of_its_list),
		cmocka_unit_test(test_objects_hold_pairs),
		cmocka_unit_test(test_every_byte_of_a_ring_flipped),
		cmocka_unit_test(test_every_byte_of_the_process_file_flipped),
		cmocka_unit_test(test_files_of_every_length),
		cmocka_unit_test(test_a_short_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
