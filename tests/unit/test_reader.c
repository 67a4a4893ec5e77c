// SPDX-License-Identifier: Apache-2.0
/* The consumer's half of the event log: whole events, and no damage that stops it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "runtime/dictionary.h"
#include "runtime/event.h"
#include "runtime/reader.h"
#include "runtime/segment.h"
#include "spool_builder.h"

/* What a pass delivered. */
struct seen {
	size_t n;
	size_t refuse_at; /* with refusal */
	int refusal;
	uint64_t ticks[100000];
	char thread_name[17];
};

static struct seen seen;

static int take(void *context, const struct ts_event *event, const char *thread_name)
{
	struct seen *into = context;

	if (into->refusal && into->n == into->refuse_at)
		return into->refusal;
	if (event->type == TS_EVENT_BEGIN)
		into->ticks[into->n] = ((const struct ts_event_begin *)event)->ticks;
	else if (event->type == TS_EVENT_END)
		into->ticks[into->n] = ((const struct ts_event_end *)event)->ticks;
	into->n++;
	snprintf(into->thread_name, sizeof(into->thread_name), "%s",
		 thread_name ? thread_name : "?");
	return 0;
}

static struct ts_reader *open_reader(const struct spool *spool)
{
	struct ts_reader *reader;

	assert_int_equal(ts_reader_new(&reader, spool->path, NULL, NULL), 0);
	return reader;
}

static int pass(struct ts_reader *reader)
{
	memset(&seen, 0, sizeof(seen));
	return ts_reader_pass(reader, take, &seen, NULL);
}

static bool put_begin(struct spool *spool, uint32_t ring, uint64_t ticks)
{
	struct record record;

	record_begin(&record, TS_BEGIN_SPAN, 1, ticks + 1, 0, 0, ticks);
	record_string(&record, 0, "some text");
	return spool_put(spool, ring, &record);
}

static int lowest_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static bool put_end(struct spool *spool, uint32_t ring, uint64_t ticks)
{
	struct record record;

	record_end(&record, 1, ticks + 1, TS_OUTCOME_OK, 0, ticks);
	return spool_put(spool, ring, &record);
}

static void test_what_is_no_spool(void **state)
{
	struct ts_error err = {0};
	struct ts_reader *reader = NULL;
	struct spool spool;

	(void)state;
	assert_int_equal(ts_reader_new(&reader, "/nowhere", NULL, &err), -ENOENT);
	assert_string_equal(err.text, "/nowhere: No such file or directory");
	spool_new(&spool);
	spool.process->version++;
	assert_int_equal(ts_reader_new(&reader, spool.path, NULL, &err), -EBADMSG);
	spool.process->version--;
	spool.process->magic++;
	assert_int_equal(ts_reader_new(&reader, spool.path, NULL, &err), -EBADMSG);
	assert_int_equal(ts_reader_new(&reader, spool.path, spool.process, &err), -EBADMSG);
	assert_null(reader);
	spool_remove(&spool);
}

static void test_empty(void **state)
{
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	assert_int_equal(ts_reader_new(&reader, spool.path, spool.process, NULL), 0);
	assert_ptr_equal(ts_reader_process(reader), spool.process);
	assert_string_equal(ts_reader_spool(reader), spool.path);
	assert_int_equal(pass(reader), 0);
	spool_ring(&spool, 4096);
	assert_int_equal(pass(reader), 0);
	ts_reader_commit(reader);
	assert_int_equal(seen.n, 0);
	ts_reader_free(reader);
	ts_reader_free(NULL);
	spool_remove(&spool);
}

/* Around the ring many times, at every alignment of its end, full each time. */
static void test_wrap_around_and_full(void **state)
{
	struct ts_reader *reader;
	struct spool spool;
	uint64_t next = 0, read = 0;
	int descriptor = lowest_descriptor();

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 1024);
	reader = open_reader(&spool);
	for (int round = 0; round < 100; round++) {
		while (round % 2 ? put_begin(&spool, 0, next) : put_end(&spool, 0, next))
			next++;
		assert_int_equal(pass(reader), 0);
		for (size_t i = 0; i < seen.n; i++)
			assert_int_equal(seen.ticks[i], read++);
		assert_int_equal(read, next);
		ts_reader_commit(reader);
		assert_int_equal(spool.rings[0]->tail, spool.rings[0]->head);
	}
	assert_int_equal(ts_reader_damage(reader).faults, 0);
	assert_int_equal(lowest_descriptor(), descriptor);
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_uncommitted_events_come_again(void **state)
{
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	put_begin(&spool, 0, 1);
	reader = open_reader(&spool);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(pass(reader), 0); /* the same reader reads on */
	assert_int_equal(seen.n, 0);
	assert_int_equal(spool.rings[0]->tail, 0);
	ts_reader_free(reader);
	reader = open_reader(&spool); /* another begins at the tail */
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	ts_reader_commit(reader);
	ts_reader_free(reader);
	reader = open_reader(&spool);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 0);
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_a_refused_event_comes_again(void **state)
{
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	for (uint64_t i = 0; i < 4; i++)
		put_end(&spool, i / 2, i);
	reader = open_reader(&spool);
	memset(&seen, 0, sizeof(seen));
	seen.refusal = -ENOMEM;
	seen.refuse_at = 1;
	assert_int_equal(ts_reader_pass(reader, take, &seen, NULL), 1);
	ts_reader_commit(reader);
	assert_int_equal(spool.rings[0]->tail, TS_EVENT_END_BYTES);
	assert_int_equal(spool.rings[1]->tail, 0);
	seen.n = seen.refuse_at = 0;
	assert_int_equal(ts_reader_pass(reader, take, &seen, NULL), -ENOMEM);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.ticks[0], 1);
	ts_reader_free(reader);
	spool_remove(&spool);
}

/* A pass is bounded, and no ring waits while another is never empty. */
static void test_rings_take_turns(void **state)
{
	enum { RINGS = 4, RING_BYTES = 1 << 20 };
	struct ts_reader *reader;
	struct spool spool;
	bool served[RINGS] = {0};

	(void)state;
	spool_new(&spool);
	for (uint32_t i = 0; i < RINGS; i++)
		spool_ring(&spool, RING_BYTES);
	reader = open_reader(&spool);
	for (int n = 0; n < RINGS; n++) {
		uint64_t tails[RINGS], read = 0;

		for (uint32_t i = 0; i < RINGS; i++) {
			while (put_begin(&spool, i, 0)) /* 104 bytes: passes end within one */
				continue;
			tails[i] = spool.rings[i]->tail;
		}
		assert_int_equal(pass(reader), 1);
		ts_reader_commit(reader);
		for (uint32_t i = 0; i < RINGS; i++) {
			served[i] |= spool.rings[i]->tail > tails[i];
			read += spool.rings[i]->tail - tails[i];
		}
		assert_in_range(read, TS_READER_PASS_BYTES / 2, TS_READER_PASS_BYTES);
	}
	for (uint32_t i = 0; i < RINGS; i++)
		assert_true(served[i]);
	for (int n = 0; pass(reader) == 1; n++) {
		ts_reader_commit(reader);
		assert_in_range(n, 0, 2 * RINGS);
	}
	ts_reader_commit(reader);
	for (uint32_t i = 0; i < RINGS; i++)
		assert_int_equal(spool.rings[i]->tail, spool.rings[i]->head);
	assert_int_equal(ts_reader_damage(reader).faults, 0);
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_thread_names(void **state)
{
	struct ts_reader *reader;
	struct record record;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	reader = open_reader(&spool);
	put_end(&spool, 0, 1);
	pass(reader);
	assert_string_equal(seen.thread_name, "?");
	record_thread(&record, 5, "sixteen_letters_");
	spool_put(&spool, 0, &record);
	pass(reader);
	ts_reader_commit(reader);
	put_end(&spool, 0, 2);
	pass(reader);
	assert_string_equal(seen.thread_name, "sixteen_letters_");
	record_thread(&record, 6, "next");
	spool_put(&spool, 0, &record);
	put_end(&spool, 0, 3);
	pass(reader);
	assert_string_equal(seen.thread_name, "next");
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_lost_is_told_once(void **state)
{
	uint64_t lost[TS_LOST_COUNT];
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	spool_ring(&spool, 4096);
	reader = open_reader(&spool);
	pass(reader);
	assert_false(ts_reader_lost(reader, lost));
	spool.rings[0]->lost[TS_LOST_RING_FULL] = 2;
	spool.rings[1]->lost[TS_LOST_RING_FULL] = 3;
	spool.process->lost[TS_LOST_NO_RING] = 7;
	assert_true(ts_reader_lost(reader, lost));
	assert_int_equal(lost[TS_LOST_RING_FULL], 5);
	assert_int_equal(lost[TS_LOST_NO_RING], 7);
	assert_true(ts_reader_lost(reader, lost)); /* asked is not told */
	spool.rings[0]->lost[TS_LOST_RING_FULL] = 4;
	ts_reader_lost_told(reader);
	ts_reader_free(reader);
	reader = open_reader(&spool); /* the spool remembers */
	pass(reader);
	assert_true(ts_reader_lost(reader, lost));
	assert_int_equal(lost[TS_LOST_RING_FULL], 2);
	assert_int_equal(lost[TS_LOST_NO_RING], 0);
	ts_reader_lost_told(reader);
	assert_false(ts_reader_lost(reader, lost));
	ts_reader_free(reader);
	spool_remove(&spool);
}

static void test_no_descriptor_left(void **state)
{
	struct rlimit limit, none;
	struct ts_reader *reader;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_ring(&spool, 4096);
	put_end(&spool, 0, 1);
	reader = open_reader(&spool);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(pass(reader), -EMFILE); /* to map its first page */
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	put_end(&spool, 0, 2);
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(pass(reader), -EMFILE); /* to read its data */
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(pass(reader), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.ticks[0], 2);
	assert_int_equal(ts_reader_damage(reader).rings + ts_reader_damage(reader).faults, 0);
	ts_reader_free(reader);
	spool_remove(&spool);
}

/* --- damage ---------------------------------------------------------------------------- */

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
	check_header(offsetof(struct ts_abi_ring, version), 2, 1, 0);
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
		bool known = type >= TS_VALUE_NULL && type <= TS_VALUE_REDACTED;
		bool any = type == TS_VALUE_STRING, cut = type == TS_VALUE_CUT;
		bool word = known && !empty && !any && !cut;

		check_value(&record, (enum ts_value_type)type, 0, empty || any ? 0 : -EBADMSG);
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

/* --- the dictionary -------------------------------------------------------------------- */

static void test_dictionary_grows(void **state)
{
	struct ts_dictionary *dictionary;
	const struct ts_thunk *thunk;
	struct spool spool;
	char path[512];

	(void)state;
	spool_new(&spool);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	assert_string_equal(ts_dictionary_settings(dictionary)->tenant, "");
	assert_null(ts_dictionary_thunk(dictionary, 0));
	spool_settings(&spool, "sqlite:x", "acme\xff", "token,key");
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	assert_string_equal(ts_dictionary_settings(dictionary)->program, "/usr/bin/bot");
	assert_string_equal(ts_dictionary_settings(dictionary)->host, "host.example");
	assert_string_equal(ts_dictionary_settings(dictionary)->conf,
			    "/etc/traceshim/symbols.conf");
	assert_string_equal(ts_dictionary_settings(dictionary)->store, "sqlite:x");
	assert_string_equal(ts_dictionary_settings(dictionary)->tenant, "acme\xef\xbf\xbd");
	assert_string_equal(ts_dictionary_settings(dictionary)->redact, "token,key");
	/* what was read is not read again */
	spool_file(&spool, "process", path);
	assert_int_equal(truncate(path, TS_ABI_PAGE), 0);
	assert_int_equal(truncate(path, (off_t)(TS_ABI_PAGE + spool.process->dictionary_bytes)), 0);
	for (uint32_t i = 0; i < 300; i++) {
		spool_thunk(&spool, i, TS_KIND_AGENT, "trainer", "run", "< 0", "prompt,,user_id");
		assert_null(ts_dictionary_thunk(dictionary, i));
		assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
		assert_non_null(ts_dictionary_thunk(dictionary, i));
	}
	thunk = ts_dictionary_thunk(dictionary, 0);
	assert_string_equal(thunk->span_name, "agent:trainer");
	assert_string_equal(thunk->kind_name, "agent");
	assert_string_equal(thunk->function, "run");
	assert_string_equal(thunk->fails, "< 0");
	assert_int_equal(thunk->n_params, 3);
	assert_string_equal(thunk->params[0], "prompt");
	assert_string_equal(thunk->params[1], "");
	assert_string_equal(thunk->params[2], "user_id");
	ts_dictionary_free(dictionary);
	ts_dictionary_free(NULL);
	spool_remove(&spool);
}

static void test_damaged_dictionary_keeps_what_was_before(void **state)
{
	struct ts_dictionary_record garbage = {77, 8};
	struct ts_dictionary *dictionary;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_settings(&spool, "sqlite:x", "", "");
	spool_thunk(&spool, 0, TS_KIND_TOOL, "sql", "PQexec", "", NULL);
	spool_dictionary(&spool, &garbage, sizeof(garbage));
	spool_thunk(&spool, 1, TS_KIND_TOOL, "sql", "PQexec", "", NULL);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), -EBADMSG);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), -EBADMSG);
	assert_string_equal(ts_dictionary_thunk(dictionary, 0)->span_name, "tool:sql");
	assert_null(ts_dictionary_thunk(dictionary, 1));
	assert_null(ts_dictionary_thunk(dictionary, UINT32_MAX));
	ts_dictionary_free(dictionary);
	spool_remove(&spool);
}

/* --- the segment ----------------------------------------------------------------------- */

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
	/* what lay behind a shorter one is gone */
	assert_int_equal(
		ts_segment_append(spool.path, begin.event.bytes, &name, name.event.bytes, NULL), 0);
	assert_int_equal(
		ts_segment_append(spool.path, begin.event.bytes - name.event.bytes, &name, 8, NULL),
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
		cmocka_unit_test(test_what_is_no_spool),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_wrap_around_and_full),
		cmocka_unit_test(test_uncommitted_events_come_again),
		cmocka_unit_test(test_a_refused_event_comes_again),
		cmocka_unit_test(test_rings_take_turns),
		cmocka_unit_test(test_thread_names),
		cmocka_unit_test(test_lost_is_told_once),
		cmocka_unit_test(test_no_descriptor_left),
		cmocka_unit_test(test_garbage_is_skipped_to_the_head),
		cmocka_unit_test(test_damaged_headers),
		cmocka_unit_test(test_rings_that_are_not_there),
		cmocka_unit_test(test_what_is_no_event),
		cmocka_unit_test(test_every_byte_of_a_ring_flipped),
		cmocka_unit_test(test_every_byte_of_the_process_file_flipped),
		cmocka_unit_test(test_files_of_every_length),
		cmocka_unit_test(test_a_short_ring),
		cmocka_unit_test(test_dictionary_grows),
		cmocka_unit_test(test_damaged_dictionary_keeps_what_was_before),
		cmocka_unit_test(test_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
