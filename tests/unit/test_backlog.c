// SPDX-License-Identifier: Apache-2.0
/* Rows on disk while their store is away: taken, delivered, dropped, refused, damaged. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/backlog/backlog.h"
#include "runtime/columns.h"
#include "runtime/backlog/crc32c.h"
#include "runtime/log/dictionary.h"
#include "runtime/backlog/idset.h"
#include "runtime/outlet.h"
#include "runtime/backlog/packed.h"
#include "runtime/log/spool.h"
#include "runtime/store.h"

#define MOST 20000

/* --- a store that does as it is told -------------------------------------------------------------- */

static struct {
	bool away;
	bool closed;          /* it cannot even be opened */
	uint64_t refuse_span; /* the number of a span's trace */
	size_t n, writes;
	struct ts_idset ids;
	uint64_t order[MOST]; /* trace numbers as they came */
	struct ts_run run;
	char dropped_by[256];
	int runs;
} store;

static bool is_stored(const struct ts_row_id *id)
{
	return ts_idset_has(&store.ids, id);
}

static void forget_stored(void)
{
	ts_idset_release(&store.ids);
	store.n = 0;
}

static uint64_t number_of(const struct ts_uuid *id)
{
	uint64_t number;

	memcpy(&number, id->bytes + 8, sizeof(number));
	return __builtin_bswap64(number);
}

static void keep(struct ts_row_id id)
{
	if (is_stored(&id))
		return;
	assert_true(store.n < MOST);
	store.order[store.n++] = number_of(&id.trace);
	assert_int_equal(ts_idset_add(&store.ids, &id), 1);
}

static int fake_open(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		     struct ts_error *err)
{
	(void)url, (void)gate;
	if (store.closed)
		return ts_error_set(err, -EIO, "it is closed");
	*ret = (void *)&store;
	return 0;
}

static int fake_write(struct ts_store_handle *handle, const struct ts_batch *batch,
		      struct ts_error *err)
{
	(void)handle;
	store.writes++;
	if (store.away)
		return ts_error_set(err, -EIO, "it is away");
	for (size_t i = 0; i < batch->n_spans; i++)
		if (store.refuse_span && number_of(&batch->spans[i].trace_id) == store.refuse_span)
			return ts_error_set(err, -EILSEQ, "it does not like %u",
					    (unsigned int)store.refuse_span);
	for (size_t i = 0; i < batch->n_traces; i++)
		keep((struct ts_row_id){.trace = batch->traces[i].trace_id});
	for (size_t i = 0; i < batch->n_spans; i++)
		keep((struct ts_row_id){batch->spans[i].trace_id, batch->spans[i].span_id});
	if (batch->run) {
		store.run = *batch->run;
		snprintf(store.dropped_by, sizeof(store.dropped_by), "%s",
			 batch->run->dropped_by ? batch->run->dropped_by : "");
		store.runs++;
	}
	return 0;
}

static void fake_close(struct ts_store_handle *handle)
{
	(void)handle;
}

static const struct ts_store fake = {
	.scheme = "fake",
	.open = fake_open,
	.write = fake_write,
	.close = fake_close,
};

static const void *load(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	if (strcmp(module, "store_fake") == 0 && strcmp(symbol, "ts_store") == 0)
		return &fake;
	snprintf(why, why_bytes, "not in this test");
	return NULL;
}

/* --- a place ---------------------------------------------------------------------------------------- */

struct place {
	char folder[64];
	char state[96];
	char spool[128];
	char backlog[160];
	struct ts_settings settings;
	struct ts_outlets *outlets;
	int notes;
	char note[1024];
};

static void on_note(void *context, const char *sentence)
{
	struct place *place = context;

	place->notes++;
	snprintf(place->note, sizeof(place->note), "%s", sentence);
}

static void make_outlets(struct place *place)
{
	const struct ts_outlets_options options = {
		.modules = load, .note = on_note, .context = place};

	ts_outlets_free(place->outlets);
	assert_int_equal(ts_outlets_new(&place->outlets, &options), 0);
}

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/dev/shm/test_backlog-XXXXXX"); /* many a sync */
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->state, sizeof(place->state), "%s/state/deep", place->folder);
	snprintf(place->spool, sizeof(place->spool), "%s/spool/boot-1-x", place->folder);
	snprintf(place->backlog, sizeof(place->backlog), "%s/backlog/boot-1-x", place->state);
	place->settings = (struct ts_settings){
		.program = "/usr/bin/bot",
		.store = "fake:here",
		.state = place->state,
		.backlog_bytes = 1 << 28,
	};
	memset(&store, 0, sizeof(store));
	make_outlets(place);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];
	int status;

	ts_outlets_free(place->outlets);
	forget_stored();
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	status = system(command);
	free(place);
	return status;
}

static struct ts_backlog *open_backlog(struct place *place)
{
	struct ts_backlog *backlog;

	assert_int_equal(ts_backlog_new(&backlog, place->spool, &place->settings, place->outlets),
			 0);
	return backlog;
}

static struct ts_uuid id_of(uint64_t number)
{
	struct ts_uuid id = {{1}};
	uint64_t swapped = __builtin_bswap64(number);

	memcpy(id.bytes + 8, &swapped, sizeof(swapped));
	return id;
}

#define SPANS 3 /* of each trace */

/* Traces first .. first+n-1, with SPANS spans each; texts make rows some 300 bytes long. */
struct rows {
	struct ts_trace *traces;
	struct ts_span *spans;
	struct ts_batch batch;
};

static struct rows make_rows(uint64_t first, size_t n)
{
	static const char text[] =
		"{\"text\":\"................................................"
		"................................................................"
		"...............................................................\"}";
	struct rows rows = {
		calloc(n, sizeof(*rows.traces)), calloc(n * SPANS, sizeof(*rows.spans)), {0}};

	for (size_t i = 0; i < n; i++) {
		rows.traces[i] = (struct ts_trace){.trace_id = id_of(first + i),
						   .tenant_id = "acme",
						   .pipeline_name = "learn",
						   .input_data = text};
		for (size_t s = 0; s < SPANS; s++)
			rows.spans[i * SPANS + s] = (struct ts_span){.trace_id = id_of(first + i),
								     .span_id = id_of(s + 1),
								     .tenant_id = "",
								     .span_name = "agent:x",
								     .kind = "agent",
								     .output_data = text};
	}
	rows.batch = (struct ts_batch){rows.traces, n, rows.spans, n * SPANS, NULL};
	return rows;
}

static void free_rows(struct rows *rows)
{
	free(rows->traces);
	free(rows->spans);
}

static void put(struct ts_backlog *backlog, uint64_t first, size_t n, const struct ts_run *run)
{
	struct rows rows = make_rows(first, n);
	struct ts_error err = {""};

	rows.batch.run = run;
	if (ts_backlog_add(backlog, &rows.batch, &err) < 0)
		fail_msg("%s", err.text);
	free_rows(&rows);
}

static int deliver(struct ts_backlog *backlog)
{
	struct ts_error err = {""};
	int result;

	do
		result = ts_backlog_step(backlog, true, &err);
	while (result > 0);
	return result;
}

/* Files in a folder; -1: there is none. */
static int n_files(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static char *read_file(const char *path, size_t *ret_bytes)
{
	FILE *file = fopen(path, "r");
	char *data;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	*ret_bytes = (size_t)ftell(file);
	rewind(file);
	data = malloc(*ret_bytes);
	assert_int_equal(fread(data, 1, *ret_bytes, file), *ret_bytes);
	fclose(file);
	return data;
}

static void write_file(const char *path, const char *data, size_t bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, bytes, file), bytes);
	fclose(file);
}

/* --- parts ------------------------------------------------------------------------------------------ */

static void checksum_is_crc32c(void **state)
{
	char data[300];

	(void)state;
	assert_int_equal(ts_crc32c("123456789", 9), 0xe3069283);
	for (size_t n = 0; n < sizeof(data); n++) {
		data[n] = (char)(n * 37);
		assert_int_equal(ts_crc32c(data, n), ts_crc32c_portable(data, n));
	}
}

static void rows_come_back_as_they_were(void **state)
{
	const struct ts_span span = {.trace_id = id_of(1),
				     .span_id = id_of(2),
				     .tenant_id = "acme",
				     .has_parent = true,
				     .parent_span_id = id_of(3),
				     .span_name = "llm:x",
				     .kind = "llm",
				     .function = "f",
				     .thread_id = 4,
				     .started_us = 5,
				     .ended_us = 6,
				     .duration_ms = 0.1,
				     .success = true,
				     .input_data = "{}",
				     .model = "",
				     .input_tokens = {true, -7},
				     .cost_nano_usd = {true, INT64_MAX},
				     .created_us = 8};
	struct ts_packed_map map;
	struct ts_bytes names = {0}, packed = {0}, again = {0};
	struct ts_span back;

	(void)state;
	ts_packed_names(&names, &ts_span_table);
	ts_packed_map(&map, &ts_span_table, names.data);
	ts_packed_add(&packed, &ts_span_table, &span);
	assert_int_equal(ts_packed_read(&map, packed.data, packed.bytes, &back), 0);
	assert_string_equal(back.kind, "llm");
	assert_string_equal(back.model, "");
	assert_null(back.error);
	assert_true(back.duration_ms == 0.1 && back.cost_nano_usd.value == INT64_MAX);
	ts_packed_add(&again, &ts_span_table, &back);
	assert_int_equal(again.bytes, packed.bytes);
	assert_memory_equal(again.data, packed.data, packed.bytes);
	/* cut anywhere, it is no row */
	for (size_t n = 0; n < packed.bytes; n++)
		assert_int_equal(ts_packed_read(&map, packed.data, n, &back), -EBADMSG);
	/* of a program whose spans had other columns */
	ts_packed_map(&map, &ts_span_table, "span_id,colour,kind");
	assert_null(map.columns[1]);
	ts_bytes_release(&again);
	ts_bytes_add(&again, "\4ABCDEFGHIJKLMNOP\3\3\0\0\0red\0\3\4\0\0\0step", 17 + 9 + 10);
	assert_int_equal(ts_packed_read(&map, again.data, again.bytes, &back), 0);
	assert_string_equal(back.kind, "step");
	assert_string_equal(back.span_name, "");
	assert_memory_equal(&back.span_id, "ABCDEFGHIJKLMNOP", 16);
	ts_bytes_release(&names);
	ts_bytes_release(&packed);
	ts_bytes_release(&again);
}

static void set_forgets_the_oldest(void **state)
{
	struct ts_idset set = {0};

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++) {
		assert_int_equal(ts_idset_add(&set, &(struct ts_row_id){.trace = id_of(i)}), 1);
		assert_int_equal(ts_idset_add(&set, &(struct ts_row_id){.trace = id_of(i)}), 0);
	}
	assert_true(set.n <= TS_IDSET_MAX);
	for (uint64_t i = 100000 - TS_IDSET_MAX / 2; i <= 100000; i++)
		assert_true(ts_idset_has(&set, &(struct ts_row_id){.trace = id_of(i)}));
	assert_false(ts_idset_has(&set, &(struct ts_row_id){.trace = id_of(1)}));
	ts_idset_release(&set);
}

/* --- away, and back --------------------------------------------------------------------------------- */

static void what_waits_is_delivered_in_order(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	struct stat status;
	char path[256];

	assert_false(ts_backlog_waits(backlog));
	assert_int_equal(n_files(place->backlog), -1);
	for (uint64_t i = 0; i < 100; i++)
		put(backlog, 1 + i * 10, 10, NULL);
	assert_int_equal(ts_backlog_count(backlog).waiting, 1000 * (SPANS + 1));
	assert_int_equal(stat(place->backlog, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/00000001.rows", place->backlog);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);

	store.away = true;
	assert_int_equal(deliver(backlog), TS_AWAY);
	assert_int_equal(ts_backlog_count(backlog).waiting, 1000 * (SPANS + 1));
	store.away = false;
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.n, 1000 * (SPANS + 1));
	for (size_t i = 1; i < store.n; i++)
		assert_true(store.order[i] + 1000 > store.order[i - 1]);
	assert_int_equal(store.order[0], 1);
	assert_int_equal(store.order[store.n - 1], 1000);
	assert_false(ts_backlog_waits(backlog));
	assert_int_equal(n_files(place->backlog), -1);
	ts_backlog_free(backlog);
}

static void while_away_a_step_reads_nothing(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	size_t writes;

	put(backlog, 1, 10, NULL);
	store.away = true;
	assert_int_equal(ts_backlog_step(backlog, true, NULL), TS_AWAY);
	assert_int_equal(ts_backlog_step(backlog, true, NULL), TS_AWAY);
	assert_int_equal(ts_backlog_step(backlog, true, NULL), TS_AWAY);
	writes = store.writes;
	for (int i = 0; i < 100; i++)
		ts_backlog_step(backlog, false, NULL);
	assert_in_range(store.writes, writes, writes + 2);
	ts_backlog_free(backlog);
}

static void next_consumer_takes_it_up(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place), *second;

	put(backlog, 1, 10, NULL);
	put(backlog, 11, 10, NULL);
	second = open_backlog(place);
	assert_true(ts_backlog_waits(second)); /* it is the first's, who holds the lock */
	assert_int_equal(ts_backlog_step(second, true, NULL), -EAGAIN);
	ts_backlog_free(second);
	/* As after a kill: the last batch may come again, for nobody knows whether its tails moved. */
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_int_equal(ts_backlog_count(backlog).waiting, 20 * (SPANS + 1));
	put(backlog, 11, 15, NULL);
	assert_int_equal(ts_backlog_count(backlog).waiting, 25 * (SPANS + 1));
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.n, 25 * (SPANS + 1));
	ts_backlog_free(backlog);
}

/* Killed while it wrote the second batch: what of that is there comes again, too. */
static void torn_batch_is_completed(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	char path[256];
	struct stat status;

	put(backlog, 1, 10, NULL);
	put(backlog, 11, 10, NULL);
	ts_backlog_free(backlog);
	snprintf(path, sizeof(path), "%s/00000001.rows", place->backlog);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size - 2000), 0);
	backlog = open_backlog(place);
	assert_in_range(ts_backlog_count(backlog).waiting, 10 * (SPANS + 1) + 1,
			20 * (SPANS + 1) - 1);
	put(backlog, 11, 10, NULL);
	assert_int_equal(ts_backlog_count(backlog).waiting, 20 * (SPANS + 1));
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.n, 20 * (SPANS + 1));
	assert_int_equal(ts_backlog_count(backlog).dropped, 0);
	ts_backlog_free(backlog);
}

static void without_a_folder_nothing_is_taken(void **state)
{
	struct place *place = *state;
	struct rows rows = make_rows(1, 1);
	struct ts_backlog *backlog;

	place->settings.backlog_bytes = 0;
	backlog = open_backlog(place);
	assert_null(ts_backlog_folder(backlog));
	assert_int_equal(ts_backlog_add(backlog, &rows.batch, NULL), -ENOTSUP);
	ts_backlog_free(backlog);
	place->settings.backlog_bytes = 1 << 20;
	place->settings.state = "";
	backlog = open_backlog(place);
	assert_null(ts_backlog_folder(backlog));
	assert_int_equal(ts_backlog_add(backlog, &rows.batch, NULL), -ENOTSUP);
	assert_int_equal(ts_backlog_step(backlog, true, NULL), 0);
	ts_backlog_free(backlog);
	/* a damaged spool may say anything */
	place->settings.state = "not/absolute";
	backlog = open_backlog(place);
	assert_null(ts_backlog_folder(backlog));
	assert_int_equal(ts_backlog_add(backlog, &rows.batch, NULL), -ENOTSUP);
	ts_backlog_free(backlog);
	assert_int_not_equal(access("not", F_OK), 0);
	free_rows(&rows);
}

static void remove_state(const struct place *place)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", place->state);
	assert_int_equal(system(command), 0);
}

/* Its rows are lost, and counted; those that come later have a folder again. */
static void folder_that_is_removed_is_made_anew(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);

	put(backlog, 1, 10, NULL);
	remove_state(place);
	put(backlog, 11, 5, NULL);
	assert_int_equal(ts_backlog_count(backlog).dropped, 10 * (SPANS + 1));
	assert_int_equal(ts_backlog_count(backlog).waiting, 5 * (SPANS + 1));
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_int_equal(ts_backlog_count(backlog).dropped, 10 * (SPANS + 1));
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.n, 5 * (SPANS + 1));
	ts_backlog_free(backlog);
}

static void folder_that_is_removed_has_nothing_to_deliver(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);

	put(backlog, 1, 10, NULL);
	remove_state(place);
	assert_int_equal(deliver(backlog), 0);
	assert_false(ts_backlog_waits(backlog));
	assert_int_equal(ts_backlog_count(backlog).dropped, 10 * (SPANS + 1));
	put(backlog, 11, 5, NULL);
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.n, 5 * (SPANS + 1));
	assert_int_equal(ts_backlog_count(backlog).dropped, 10 * (SPANS + 1));
	ts_backlog_free(backlog);
}

static void folders_of_others_are_refused(void **state)
{
	struct place *place = *state;
	struct rows rows = make_rows(1, 1);
	struct ts_backlog *backlog;
	char path[160];

	backlog = open_backlog(place);
	put(backlog, 1, 1, NULL);
	ts_backlog_free(backlog);
	snprintf(path, sizeof(path), "%s/backlog", place->state);
	assert_int_equal(chmod(path, 0777), 0);
	backlog = open_backlog(place);
	assert_false(ts_backlog_waits(backlog));
	assert_int_equal(ts_backlog_add(backlog, &rows.batch, NULL), -EPERM);
	ts_backlog_free(backlog);
	free_rows(&rows);
}

static void full_disk_takes_nothing(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	struct rows rows = make_rows(11, 100);
	struct rlimit limit = {20000, RLIM_INFINITY}, before;
	struct ts_error err = {""};

	signal(SIGXFSZ, SIG_IGN);
	put(backlog, 1, 10, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(ts_backlog_add(backlog, &rows.batch, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.text, place->backlog));
	assert_int_equal(ts_backlog_count(backlog).waiting, 10 * (SPANS + 1));
	assert_int_equal(ts_backlog_add(backlog, &rows.batch, &err), 0);
	assert_int_equal(ts_backlog_count(backlog).waiting, 110 * (SPANS + 1));
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.n, 110 * (SPANS + 1));
	ts_backlog_free(backlog);
	free_rows(&rows);
}

/* --- the run ---------------------------------------------------------------------------------------- */

static void latest_run_is_written_last(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	struct ts_run run = {.run_id = id_of(77), .tenant_id = ""};

	for (int i = 1; i <= 20; i++) {
		run.begun = run.stored = i * 10 * (SPANS + 1);
		put(backlog, (uint64_t)i * 10, 10, &run);
	}
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.runs, 1);
	assert_int_equal(store.run.stored, 200 * (SPANS + 1));
	assert_int_equal(store.n, 200 * (SPANS + 1));
	ts_backlog_free(backlog);
}

/* --- the budget ------------------------------------------------------------------------------------- */

/* Every trace is there with all its rows, or with none. The traces that are there. */
static size_t whole_traces(size_t n)
{
	size_t *rows = calloc(n + 1, sizeof(*rows)), whole = 0;

	for (size_t i = 0; i < store.n; i++)
		rows[store.order[i]]++;
	for (size_t i = 1; i <= n; i++) {
		if (rows[i] != 0 && rows[i] != SPANS + 1)
			fail_msg("trace %zu has %zu rows", i, rows[i]);
		whole += rows[i] != 0;
	}
	free(rows);
	return whole;
}

static void over_budget_the_oldest_traces_go(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog;
	struct ts_backlog_counts counts;
	struct ts_run run = {
		.run_id = id_of(77), .tenant_id = "", .dropped_by = "{\"ring_full\":3}"};
	size_t whole;

	place->settings.backlog_bytes = 256 << 10;
	backlog = open_backlog(place);
	for (int i = 0; i < 200; i++) {
		run.begun = (i + 1) * 10 * (SPANS + 1) + 3;
		run.dropped = 3 + (int64_t)ts_backlog_count(backlog).dropped;
		run.stored = run.begun - run.dropped;
		put(backlog, 1 + (uint64_t)i * 10, 10, &run);
		if (i % 50 == 49) { /* a kill changes no count */
			counts = ts_backlog_count(backlog);
			ts_backlog_free(backlog);
			backlog = open_backlog(place);
			assert_int_equal(counts.dropped, ts_backlog_count(backlog).dropped);
			assert_int_equal(counts.waiting, ts_backlog_count(backlog).waiting);
		}
	}
	counts = ts_backlog_count(backlog);
	assert_true(counts.dropped > 2000);
	assert_int_equal(counts.dropped + counts.waiting, 2000 * (SPANS + 1));
	assert_int_equal(deliver(backlog), 0);
	counts = ts_backlog_count(backlog);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.dropped + store.n, 2000 * (SPANS + 1));
	whole = whole_traces(2000);
	assert_int_equal(whole * (SPANS + 1), store.n);
	assert_int_equal(store.order[store.n - 1], 2000);
	assert_int_equal(store.run.stored + store.run.dropped, store.run.begun);
	assert_int_equal(store.run.stored, store.n);
	assert_non_null(strstr(store.dropped_by, "\"ring_full\":3"));
	/* what was dropped is known for as long as there is the spool */
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_int_equal(counts.dropped, ts_backlog_count(backlog).dropped);
	ts_backlog_free(backlog);
}

static void later_rows_of_a_dropped_trace_go_too(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog;
	struct rows first = make_rows(1, 1), rest = make_rows(1, 1);

	place->settings.backlog_bytes = 256 << 10;
	backlog = open_backlog(place);
	first.batch.n_traces = 0;
	first.batch.n_spans = 1;
	assert_int_equal(ts_backlog_add(backlog, &first.batch, NULL), 0);
	for (uint64_t i = 0; i < 200; i++)
		put(backlog, 2 + i * 10, 10, NULL);
	rest.batch.spans++;
	rest.batch.n_spans--;
	assert_int_equal(ts_backlog_add(backlog, &rest.batch, NULL), 0);
	assert_int_equal(deliver(backlog), 0);
	assert_false(is_stored(&(struct ts_row_id){.trace = id_of(1)}));
	whole_traces(2001);
	assert_int_equal(ts_backlog_count(backlog).dropped + store.n, 2001 * (SPANS + 1));
	ts_backlog_free(backlog);
	free_rows(&first);
	free_rows(&rest);
}

/* Killed when it had written down what is lost, and had not removed it. */
static void segment_on_its_way_out_goes(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog;
	struct ts_backlog_counts counts;
	char path[256], *data;
	size_t bytes;

	place->settings.backlog_bytes = 256 << 10;
	backlog = open_backlog(place);
	put(backlog, 1, 10, NULL);
	snprintf(path, sizeof(path), "%s/00000001.rows", place->backlog);
	data = read_file(path, &bytes);
	for (uint64_t i = 1; i < 50; i++)
		put(backlog, 1 + i * 10, 10, NULL);
	counts = ts_backlog_count(backlog);
	assert_true(counts.dropped > 0);
	ts_backlog_free(backlog);
	write_file(path, data, bytes);
	free(data);
	backlog = open_backlog(place);
	assert_int_equal(ts_backlog_count(backlog).dropped, counts.dropped);
	assert_int_equal(ts_backlog_count(backlog).waiting, counts.waiting);
	assert_int_not_equal(access(path, F_OK), 0);
	ts_backlog_free(backlog);
}

static void batch_over_the_budget_is_cut(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog;

	place->settings.backlog_bytes = 200 << 10;
	backlog = open_backlog(place);
	put(backlog, 1, 1000, NULL);
	assert_int_equal(ts_backlog_count(backlog).dropped + ts_backlog_count(backlog).waiting,
			 1000 * (SPANS + 1));
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(ts_backlog_count(backlog).dropped + store.n, 1000 * (SPANS + 1));
	ts_backlog_free(backlog);
}

/* --- recovery --------------------------------------------------------------------------------------- */

static struct ts_recovered recover(const struct place *place)
{
	struct ts_recovered recovered = {0};
	struct ts_error err = {""};

	if (ts_backlog_recover(place->state, load, NULL, &recovered, &err) < 0)
		fail_msg("%s", err.text);
	return recovered;
}

static void backlog_without_a_spool_is_recovered(void **state)
{
	struct place *place = *state;
	struct ts_run run = {.run_id = id_of(77), .tenant_id = "", .seen_us = 99, .stored = 40};
	struct ts_backlog *backlog = open_backlog(place);

	put(backlog, 1, 10, &run);
	/* its consumer lives */
	assert_int_equal(recover(place).backlogs, 0);
	ts_backlog_free(backlog);
	store.away = true;
	assert_int_equal(recover(place).postponed, 1);
	store.away = false;
	assert_int_equal(recover(place).backlogs, 1);
	assert_int_equal(store.n, 10 * (SPANS + 1));
	assert_string_equal(store.run.outcome, "interrupted");
	assert_int_equal(store.run.ended_us, 99);
	assert_int_equal(n_files(place->backlog), -1);
	assert_int_equal(recover(place).backlogs, 0);
}

static void backlog_of_a_spool_is_left_to_it(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	char command[400];

	put(backlog, 1, 10, NULL);
	ts_backlog_free(backlog);
	snprintf(command, sizeof(command), "mkdir -p %s && touch %s/process", place->spool,
		 place->spool);
	assert_int_equal(system(command), 0);
	assert_int_equal(recover(place).backlogs, 0);
	assert_int_equal(store.n, 0);
}

/* Bytes that this process has read so far. */
static uint64_t bytes_read(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	unsigned long long bytes;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "rchar: %llu", &bytes), 1);
	fclose(file);
	return bytes;
}

/* Whoever runs `traceshim list` while a server is away does not read what waits for it, nor what others deliver. */
static void nothing_is_read_for_a_store_that_is_away(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	uint64_t before, all = 4000 * (SPANS + 1) * 300;
	char command[400];

	for (uint64_t i = 0; i < 40; i++)
		put(backlog, 1 + i * 100, 100, NULL);
	ts_backlog_free(backlog);
	store.closed = true;
	before = bytes_read();
	assert_int_equal(recover(place).postponed, 1);
	assert_in_range(bytes_read() - before, 0, all / 10);
	store.closed = false;
	snprintf(command, sizeof(command), "mkdir -p %s && touch %s/process", place->spool,
		 place->spool);
	assert_int_equal(system(command), 0);
	before = bytes_read();
	assert_int_equal(recover(place).backlogs, 0);
	assert_in_range(bytes_read() - before, 0, all / 10);
	snprintf(command, sizeof(command), "rm -r %s", place->spool);
	assert_int_equal(system(command), 0);
	assert_int_equal(recover(place).backlogs, 1);
	assert_int_equal(store.n, 4000 * (SPANS + 1));
}

static void counts_go_with_the_spool(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog;

	place->settings.backlog_bytes = 100 << 10;
	backlog = open_backlog(place);
	for (uint64_t i = 0; i < 20; i++)
		put(backlog, 1 + i * 10, 10, NULL);
	assert_int_equal(deliver(backlog), 0);
	assert_true(ts_backlog_count(backlog).dropped > 0);
	ts_backlog_free(backlog);
	assert_int_equal(n_files(place->backlog), 1);
	recover(place);
	assert_int_equal(n_files(place->backlog), -1);
}

/* --- damage ----------------------------------------------------------------------------------------- */

/* One segment of three traces; answers its path and bytes. */
static char *make_segment(struct place *place, char path[256], size_t *ret_bytes)
{
	struct ts_backlog *backlog = open_backlog(place);

	for (uint64_t i = 1; i <= 3; i++)
		put(backlog, i, 1, NULL);
	ts_backlog_free(backlog);
	snprintf(path, 256, "%s/00000001.rows", place->backlog);
	return read_file(path, ret_bytes);
}

static void flipped_bytes_cost_their_rows(void **state)
{
	struct place *place = *state;
	char path[256], folder[128];
	size_t bytes;
	char *data = make_segment(place, path, &bytes);

	snprintf(folder, sizeof(folder), "%s/backlog", place->state);
	for (size_t i = 0; i < bytes; i += 5) {
		struct ts_backlog *backlog;
		uint64_t accounted;

		mkdir(place->backlog, 0700);
		data[i] ^= 0x55;
		write_file(path, data, bytes);
		data[i] ^= 0x55;
		forget_stored();
		backlog = open_backlog(place);
		assert_int_equal(deliver(backlog), 0);
		accounted = store.n + ts_backlog_count(backlog).dropped;
		/* the last piece tells how many rows there are, or cannot */
		assert_in_range(accounted, 3 * (SPANS + 1) - 1, 3 * (SPANS + 1));
		assert_in_range(store.n, 3 * (SPANS + 1) - 1, 3 * (SPANS + 1));
		ts_backlog_free(backlog);
		recover(place);
		assert_int_equal(n_files(place->backlog), -1);
		/* what was damaged; a last piece that cannot be told from a torn one costs nothing */
		assert_in_range(n_files(folder), i + 32 < bytes, 1);
	}
	free(data);
}

static void torn_segment_is_read_to_its_tear(void **state)
{
	struct place *place = *state;
	char path[256], aside[256];
	size_t bytes, stored = 0, header;
	char *data = make_segment(place, path, &bytes);

	header = ((uint32_t *)data)[2];
	snprintf(aside, sizeof(aside), "%s-00000001.rows.damaged", place->backlog);
	for (size_t n = 0; n <= bytes; n += n < header ? header / 2 : 11) {
		struct ts_backlog *backlog;

		mkdir(place->backlog, 0700);
		write_file(path, data, n);
		forget_stored();
		backlog = open_backlog(place);
		assert_int_equal(deliver(backlog), 0);
		assert_true(store.n >= stored);
		stored = store.n;
		assert_int_equal(ts_backlog_count(backlog).waiting, 0);
		ts_backlog_free(backlog);
		recover(place);
		/* a kill in the middle of a write is no damage, as far as that can be told */
		assert_int_equal(unlink(aside), n > 0 && n < header ? 0 : -1);
	}
	assert_in_range(stored, 3 * (SPANS + 1) - 1, 3 * (SPANS + 1));
	free(data);
}

static void segment_of_a_later_version_stays(void **state)
{
	struct place *place = *state;
	char path[256];
	size_t bytes;
	char *data = make_segment(place, path, &bytes);

	/* its header: record, version; the checksum is that of the record from its fifth byte on */
	uint32_t *words = (uint32_t *)data;

	words[4]++;
	words[1] = ts_crc32c(data + 8, words[2] - 8);
	write_file(path, data, bytes);
	assert_int_equal(recover(place).postponed, 1);
	assert_int_equal(store.n, 0);
	assert_int_equal(n_files(place->backlog), 1);
	free(data);
}

/* --- refused rows ----------------------------------------------------------------------------------- */

static void count_lines(const char *path, int *ret, char text[4096])
{
	size_t bytes;
	char *data = read_file(path, &bytes);

	*ret = 0;
	for (size_t i = 0; i < bytes; i++)
		*ret += data[i] == '\n';
	snprintf(text, 4096, "%.*s", (int)bytes, data);
	free(data);
}

static void refused_rows_stand_apart(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	struct rows rows = make_rows(1, 100);
	struct ts_error err = {""};
	char path[256], text[4096];
	int lines;

	store.refuse_span = 37;
	assert_int_equal(ts_backlog_bypass(backlog, &rows.batch, false, &err), 0);
	assert_int_equal(store.n, 100 * (SPANS + 1) - SPANS);
	assert_int_equal(ts_backlog_count(backlog).rejected, SPANS);
	assert_int_equal(place->notes, 1);
	assert_non_null(strstr(place->note, "it does not like 37"));
	snprintf(path, sizeof(path), "%s/rejected/boot-1-x.jsonl", place->state);
	assert_non_null(strstr(place->note, path));
	count_lines(path, &lines, text);
	assert_int_equal(lines, SPANS);
	assert_memory_equal(text, "{\"table\":\"span\",\"trace_id\":\"01000000-0000-0000-", 47);
	assert_non_null(strstr(text, "\"refused\":\"it does not like 37\"}\n"));
	/* again, by another consumer: the same rows are the same lines */
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_int_equal(ts_backlog_count(backlog).rejected, SPANS);
	assert_int_equal(ts_backlog_bypass(backlog, &rows.batch, false, &err), 0);
	assert_int_equal(ts_backlog_count(backlog).rejected, SPANS);
	count_lines(path, &lines, text);
	assert_int_equal(lines, SPANS);
	ts_backlog_free(backlog);
	free_rows(&rows);
}

/* What cannot be read for now is not cut off. */
static void rejected_file_that_cannot_be_read_stays(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	struct rows rows = make_rows(1, 100);
	struct ts_error err = {""};
	char path[256], aside[sizeof(path) + 8], text[4096];
	int lines;

	store.refuse_span = 37;
	assert_int_equal(ts_backlog_bypass(backlog, &rows.batch, false, &err), 0);
	ts_backlog_free(backlog);
	snprintf(path, sizeof(path), "%s/rejected/boot-1-x.jsonl", place->state);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	backlog = open_backlog(place);
	assert_int_equal(ts_backlog_count(backlog).rejected, 0);
	assert_true(ts_backlog_bypass(backlog, &rows.batch, false, &err) < 0);
	assert_int_equal(rename(aside, path), 0);
	assert_int_equal(ts_backlog_count(backlog).rejected, SPANS);
	store.refuse_span = 38;
	assert_int_equal(ts_backlog_bypass(backlog, &rows.batch, false, &err), 0);
	count_lines(path, &lines, text);
	assert_int_equal(lines, 2 * SPANS);
	ts_backlog_free(backlog);
	free_rows(&rows);
}

static void refused_rows_come_out_of_the_backlog_too(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	struct ts_run run = {.run_id = id_of(77), .tenant_id = "", .begun = 400, .stored = 400};

	put(backlog, 1, 100, &run);
	store.refuse_span = 64;
	assert_int_equal(deliver(backlog), 0);
	assert_int_equal(store.n, 100 * (SPANS + 1) - SPANS);
	assert_int_equal(ts_backlog_count(backlog).rejected, SPANS);
	assert_int_equal(ts_backlog_count(backlog).dropped, 0);
	ts_backlog_free(backlog);
}

static void rejected_file_is_bounded(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	size_t long_bytes = 200000;
	char *text = malloc(long_bytes + 1), path[256];
	struct stat status;

	memset(text, '7', long_bytes);
	text[long_bytes] = '\0';
	for (uint64_t i = 1; i <= 120; i++) {
		struct rows rows = make_rows(i, 1);

		store.refuse_span = i;
		rows.spans[0].input_data = text;
		rows.batch.n_traces = 0;
		rows.batch.n_spans = 1;
		assert_int_equal(ts_backlog_bypass(backlog, &rows.batch, false, NULL), 0);
		free_rows(&rows);
	}
	assert_int_equal(ts_backlog_count(backlog).rejected, 120);
	snprintf(path, sizeof(path), "%s/rejected/boot-1-x.jsonl", place->state);
	assert_int_equal(stat(path, &status), 0);
	assert_in_range(status.st_size, 1, 16 << 20);
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_int_equal(ts_backlog_count(backlog).rejected, 120);
	/* killed between the renaming and the first line of the next */
	assert_int_equal(unlink(path), 0);
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_in_range(ts_backlog_count(backlog).rejected, 60, 119);
	ts_backlog_free(backlog);
	free(text);
}

/* Row `number` with `bytes` of text, which the store refuses. */
static void refuse(struct ts_backlog *backlog, uint64_t number, size_t bytes)
{
	struct rows rows = make_rows(number, 1);
	char *text = malloc(bytes + 1);

	memset(text, '7', bytes);
	text[bytes] = '\0';
	store.refuse_span = number;
	rows.spans[0].input_data = text;
	rows.batch.n_traces = 0;
	rows.batch.n_spans = 1;
	assert_int_equal(ts_backlog_bypass(backlog, &rows.batch, false, NULL), 0);
	free_rows(&rows);
	free(text);
}

static uint64_t rejected(const struct ts_backlog *backlog)
{
	return ts_backlog_count(backlog).rejected;
}

/* Whoever reads refused rows may take them away. */
static void rejected_file_that_is_removed_goes_on(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog = open_backlog(place);
	char path[256], text[4096];
	int lines;

	snprintf(path, sizeof(path), "%s/rejected/boot-1-x.jsonl", place->state);
	for (uint64_t i = 1; i <= 3; i++)
		refuse(backlog, i, 100);
	assert_int_equal(unlink(path), 0);
	for (uint64_t i = 4; i <= 5; i++)
		refuse(backlog, i, 100);
	count_lines(path, &lines, text);
	assert_int_equal(lines, 3);
	assert_int_equal(strncmp(text, "{\"table\":\"rejected\",\"before\":3}\n{\"table\":", 40),
			 0);
	assert_int_equal(rejected(backlog), 5);
	/* emptied, and by then another consumer's */
	assert_int_equal(truncate(path, 0), 0);
	refuse(backlog, 6, 100);
	ts_backlog_free(backlog);
	backlog = open_backlog(place);
	assert_int_equal(rejected(backlog), 6);
	refuse(backlog, 7, 100);
	assert_int_equal(rejected(backlog), 7);
	count_lines(path, &lines, text);
	assert_int_equal(lines, 3);
	ts_backlog_free(backlog);
}

/* An old file of `bytes`, made the `number`-th. */
static void make_old(const char *path, off_t bytes, int number)
{
	const struct timespec when[2] = {{.tv_sec = 1000 + number}, {.tv_sec = 1000 + number}};
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, bytes), 0);
	assert_int_equal(futimens(fd, when), 0);
	close(fd);
}

static uint64_t bytes_in(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat status;
	uint64_t bytes = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (!fstatat(dirfd(dir), entry->d_name, &status, 0) && S_ISREG(status.st_mode))
			bytes += (uint64_t)status.st_size;
	closedir(dir);
	return bytes;
}

/* Of all programs together, and the oldest go first. */
static void what_is_kept_for_people_is_bounded(void **state)
{
	struct place *place = *state;
	struct ts_backlog *backlog;
	char folders[2][128], alive[256], former[256], path[256];

	snprintf(folders[0], sizeof(folders[0]), "%s/rejected", place->state);
	snprintf(folders[1], sizeof(folders[1]), "%s/backlog", place->state);
	place->settings.backlog_bytes = 8 << 20; /* a quarter: 2 MB */
	backlog = open_backlog(place);
	put(backlog, 1, 1, NULL);
	refuse(backlog, 99, 10);
	snprintf(alive, sizeof(alive), "%s/boot-%d-alive.jsonl", folders[0], (int)getpid());
	snprintf(former, sizeof(former), "%s/boot-%d-alive.jsonl.1", folders[0], (int)getpid());
	make_old(alive, 1000, 0);
	make_old(former, 1000, 1);
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "%s/boot-%d-x.jsonl", folders[0], 99999900 + i);
		make_old(path, 100000, 10 + i);
		snprintf(path, sizeof(path), "%s/boot-1-y-%08u.rows.damaged", folders[1], i);
		make_old(path, 100000, 10 + i);
	}
	for (uint64_t i = 100; i < 108; i++)
		refuse(backlog, i, 100000);
	assert_in_range(bytes_in(folders[0]) + bytes_in(folders[1]), 1 << 20, (2 << 20) + 65536);
	assert_int_equal(access(alive, F_OK), 0);
	assert_int_not_equal(access(former, F_OK), 0);
	assert_int_equal(access(path, F_OK), 0); /* the newest */
	snprintf(path, sizeof(path), "%s/boot-1-y-%08u.rows.damaged", folders[1], 0);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_non_null(strstr(place->note, "removed the oldest "));
	assert_int_equal(ts_backlog_count(backlog).waiting, SPANS + 1);
	ts_backlog_free(backlog);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(checksum_is_crc32c),
		TEST(rows_come_back_as_they_were),
		TEST(set_forgets_the_oldest),
		TEST(what_waits_is_delivered_in_order),
		TEST(while_away_a_step_reads_nothing),
		TEST(next_consumer_takes_it_up),
		TEST(torn_batch_is_completed),
		TEST(without_a_folder_nothing_is_taken),
		TEST(folder_that_is_removed_is_made_anew),
		TEST(folder_that_is_removed_has_nothing_to_deliver),
		TEST(folders_of_others_are_refused),
		TEST(full_disk_takes_nothing),
		TEST(latest_run_is_written_last),
		TEST(over_budget_the_oldest_traces_go),
		TEST(later_rows_of_a_dropped_trace_go_too),
		TEST(segment_on_its_way_out_goes),
		TEST(batch_over_the_budget_is_cut),
		TEST(backlog_without_a_spool_is_recovered),
		TEST(backlog_of_a_spool_is_left_to_it),
		TEST(nothing_is_read_for_a_store_that_is_away),
		TEST(counts_go_with_the_spool),
		TEST(flipped_bytes_cost_their_rows),
		TEST(torn_segment_is_read_to_its_tear),
		TEST(segment_of_a_later_version_stays),
		TEST(refused_rows_stand_apart),
		TEST(rejected_file_that_cannot_be_read_stays),
		TEST(refused_rows_come_out_of_the_backlog_too),
		TEST(rejected_file_is_bounded),
		TEST(rejected_file_that_is_removed_goes_on),
		TEST(what_is_kept_for_people_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
