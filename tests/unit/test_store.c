// SPDX-License-Identifier: Apache-2.0
/* The SQLite store and its source, on real files. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "runtime/store.h"

extern const struct ts_store ts_store;
extern const struct ts_source ts_source;

struct place {
	char folder[64];
	char path[96];
	char url[112];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/dev/shm/test_store-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/traces.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];
	int status;

	/* In case a test that mounted something there failed. */
	umount2(place->folder, MNT_DETACH);
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	status = system(command);
	free(place);
	return status;
}

static struct ts_uuid id_of(uint64_t high, uint64_t low)
{
	struct ts_uuid id;

	for (int i = 0; i < 8; i++) {
		id.bytes[i] = high >> (56 - 8 * i);
		id.bytes[8 + i] = low >> (56 - 8 * i);
	}
	return id;
}

static struct ts_span span_of(uint64_t trace, uint64_t number)
{
	return (struct ts_span){
		.trace_id = id_of(trace, trace),
		.span_id = id_of(trace, number),
		.tenant_id = "",
		.span_name = "agent:trainer",
		.kind = "agent",
		.function = "trainer_run",
		.started_us = 1795215600000000,
		.ended_us = 1795215601000000,
		.created_us = 1795215601000000,
		.success = true,
	};
}

static struct ts_store_handle *opened(const char *url)
{
	struct ts_store_handle *handle = NULL;
	struct ts_error err = {""};
	int result;

	do
		result = ts_store.open(&handle, url, NULL, &err);
	while (result == -EAGAIN);
	if (result)
		fail_msg("%d: %s", result, err.text);
	return handle;
}

static void write_spans(struct ts_store_handle *handle, uint64_t trace, uint64_t first, int n)
{
	struct ts_span *spans = calloc(n, sizeof(*spans));
	struct ts_batch batch = {.spans = spans, .n_spans = n};
	struct ts_error err = {""};
	int result;

	for (int i = 0; i < n; i++)
		spans[i] = span_of(trace, first + i);
	do
		result = ts_store.write(handle, &batch, &err);
	while (result == -EAGAIN);
	free(spans);
	if (result)
		fail_msg("%d: %s", result, err.text);
}

/* What a query over SQLite itself, not over the source, answers in its first column. */
static char *ask(const char *path, const char *sql)
{
	static char answer[256];
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) ||
	    sqlite3_step(statement) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return answer;
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void new_store_is_private_and_migrated(void **state)
{
	struct place *place = *state;
	char path[128], url[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/a/b/traces.db", place->folder);
	snprintf(url, sizeof(url), "sqlite:%s", path);
	umask(0);
	ts_store.close(opened(url));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	strcat(path, "/traces.db");
	assert_string_equal(ask(path, "PRAGMA user_version"), "2");
	assert_string_equal(ask(path, "PRAGMA journal_mode"), "wal");
}

static void companions_are_private(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle;
	char path[160];
	struct stat st;

	umask(0);
	handle = opened(place->url);
	write_spans(handle, 1, 1, 10);
	for (const char **suffix = (const char *[]){"-wal", "-shm", ".lock", NULL}; *suffix;
	     suffix++) {
		snprintf(path, sizeof(path), "%s%s", place->path, *suffix);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	ts_store.close(handle);
}

static void second_delivery_changes_nothing(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	struct ts_span changed = span_of(1, 1);
	struct ts_batch batch = {.spans = &changed, .n_spans = 1};

	write_spans(handle, 1, 1, 100);
	write_spans(handle, 1, 51, 100);
	changed.span_name = "agent:other";
	assert_int_equal(ts_store.write(handle, &batch, NULL), 0);
	ts_store.close(handle);
	handle = opened(place->url);
	write_spans(handle, 1, 1, 150);
	ts_store.close(handle);
	assert_string_equal(ask(place->path, "SELECT count(*) FROM pipeline_spans"), "150");
	assert_string_equal(
		ask(place->path, "SELECT count(DISTINCT span_name) FROM pipeline_spans"), "1");
}

static void write_run(struct ts_store_handle *handle, int64_t begun, int64_t stored,
		      const char *outcome)
{
	const struct ts_run run = {
		.run_id = id_of(7, 7),
		.tenant_id = "",
		.begun = begun,
		.stored = stored,
		.open = begun - stored,
		.outcome = outcome,
		.ended_us = outcome ? 5 : 0,
	};
	const struct ts_batch batch = {.run = &run};
	struct ts_error err = {""};

	if (ts_store.write(handle, &batch, &err) < 0)
		fail_msg("%s", err.text);
}

static void expect_run(const struct place *place, const char *wanted)
{
	assert_string_equal(ask(place->path,
				"SELECT begun || ' ' || stored || ' ' || coalesce(outcome, '-') "
				"FROM pipeline_runs"),
			    wanted);
}

/* One that waited in a backlog may be brought after another that did not. */
static void older_run_overwrites_no_newer(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);

	write_run(handle, 100, 90, NULL);
	write_run(handle, 100, 95, NULL);
	expect_run(place, "100 95 -");
	write_run(handle, 99, 99, NULL);
	expect_run(place, "100 95 -");
	/* how it ended is known to who comes late, of a spool that is damaged */
	write_run(handle, 98, 98, "SIGKILL");
	expect_run(place, "98 98 SIGKILL");
	write_run(handle, 120, 120, NULL);
	write_run(handle, 97, 97, "interrupted");
	expect_run(place, "98 98 SIGKILL");
	write_run(handle, 98, 97, "exited");
	expect_run(place, "98 97 exited");
	ts_store.close(handle);
}

static void closing_leaves_one_file(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	char wal[112];
	struct stat st;

	write_spans(handle, 1, 1, 1000);
	ts_store.close(handle);
	snprintf(wal, sizeof(wal), "%s-wal", place->path);
	assert_true(stat(wal, &st) < 0 || st.st_size == 0);
}

static void long_wal_is_checkpointed(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	char wal[112];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", place->path);
	for (int i = 0; i < 200; i++)
		write_spans(handle, i, 1, 100);
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size < 2 << 20);
	ts_store.close(handle);
	assert_string_equal(ask(place->path, "SELECT count(*) FROM pipeline_spans"), "20000");
}

/* --- round trip --- */

struct seen {
	int rows;
	struct ts_cell cells[32];
	size_t n;
	char texts[32][64];
};

static int keep(void *context, const struct ts_cell *cells, size_t n)
{
	struct seen *seen = context;

	seen->rows++;
	seen->n = n;
	for (size_t i = 0; i < n; i++) {
		seen->cells[i] = cells[i];
		if (cells[i].type == TS_CELL_TEXT) {
			snprintf(seen->texts[i], sizeof(seen->texts[i]), "%s", cells[i].text);
			seen->cells[i].text = seen->texts[i];
		}
	}
	return 0;
}

static void read_one(const char *url, const char *sql, const struct ts_cell *params, size_t n,
		     struct seen *ret)
{
	struct ts_source_handle *source;
	struct ts_error err = {""};

	*ret = (struct seen){0};
	if (ts_source.open(&source, url, NULL, &err))
		fail_msg("%s", err.text);
	if (ts_source.select(source, sql, params, n, keep, ret, &err))
		fail_msg("%s", err.text);
	ts_source.close(source);
}

static void expect_text(const struct seen *seen, size_t *at, const char *text)
{
	const struct ts_cell *cell = &seen->cells[(*at)++];

	if (!text) {
		assert_int_equal(cell->type, TS_CELL_NULL);
		return;
	}
	assert_int_equal(cell->type, TS_CELL_TEXT);
	assert_string_equal(cell->text, text);
}

static void expect_int(const struct seen *seen, size_t *at, struct ts_maybe value)
{
	const struct ts_cell *cell = &seen->cells[(*at)++];

	assert_int_equal(cell->type, value.known ? TS_CELL_INT : TS_CELL_NULL);
	assert_int_equal(cell->integer, value.known ? value.value : 0);
}

static void expect_uuid(const struct seen *seen, size_t *at, const struct ts_uuid *id)
{
	const struct ts_cell *cell = &seen->cells[(*at)++];

	assert_int_equal(cell->type, id ? TS_CELL_UUID : TS_CELL_NULL);
	if (id)
		assert_memory_equal(cell->uuid.bytes, id->bytes, 16);
}

static struct ts_maybe known(int64_t value)
{
	return (struct ts_maybe){true, value};
}

static void expect_trace(const struct seen *seen, const struct ts_trace *t, const char *started)
{
	size_t at = 0;

	expect_uuid(seen, &at, &t->trace_id);
	expect_text(seen, &at, t->tenant_id);
	expect_text(seen, &at, t->pipeline_name);
	expect_int(seen, &at, t->telegram_id);
	expect_text(seen, &at, t->user_id);
	expect_text(seen, &at, t->session_id);
	expect_text(seen, &at, started);
	expect_text(seen, &at, "9999-12-31T23:59:59.999999Z");
	assert_true(seen->cells[at++].real == t->duration_ms);
	expect_int(seen, &at, known(t->success));
	expect_text(seen, &at, t->error);
	expect_text(seen, &at, t->input_data);
	expect_text(seen, &at, t->output_data);
	expect_text(seen, &at, t->program);
	expect_text(seen, &at, t->host);
	expect_int(seen, &at, known(t->pid));
	expect_text(seen, &at, t->attributes);
	expect_text(seen, &at, "2024-02-29T00:00:00.000000Z");
	assert_int_equal(at, seen->n);
}

static void trace_comes_back(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	struct ts_trace full = {
		.trace_id = id_of(0x0190000000007000, 1),
		.tenant_id = "acme",
		.pipeline_name = "learn",
		.telegram_id = known(INT64_MIN),
		.user_id = "u\xc3\xa9",
		.session_id = "s",
		.started_us = 1795216051123456,
		.ended_us = 253402300799999999,
		.duration_ms = 0.001,
		.success = false,
		.error = "no",
		.input_data = "{\"text\":\"hi\"}",
		.output_data = "{\"result\":0}",
		.program = "/usr/bin/bot",
		.host = "h",
		.pid = 42,
		.attributes = "{}",
		.created_us = 1709164800000000,
	};
	struct ts_trace bare = {.trace_id = id_of(0x0190000000007000, 2),
				.tenant_id = "",
				.pipeline_name = "x",
				.started_us = 0,
				.ended_us = 253402300799999999,
				.duration_ms = 5e-324,
				.success = true,
				.created_us = 1709164800000000};
	struct ts_batch batch = {.traces = (struct ts_trace[]){full, bare}, .n_traces = 2};
	struct ts_cell param = {.type = TS_CELL_UUID, .uuid = full.trace_id};
	struct seen seen;

	assert_int_equal(ts_store.write(handle, &batch, NULL), 0);
	read_one(place->url, "SELECT * FROM pipeline_traces WHERE trace_id = $1", &param, 1, &seen);
	assert_int_equal(seen.rows, 1);
	expect_trace(&seen, &full, "2026-11-20T23:07:31.123456Z");
	param.uuid = bare.trace_id;
	read_one(place->url, "SELECT * FROM pipeline_traces WHERE trace_id = $1", &param, 1, &seen);
	expect_trace(&seen, &bare, "1970-01-01T00:00:00.000000Z");
	ts_store.close(handle);
}

static void expect_span(const struct seen *seen, const struct ts_span *s)
{
	size_t at = 0;

	expect_uuid(seen, &at, &s->trace_id);
	expect_uuid(seen, &at, &s->span_id);
	expect_text(seen, &at, s->tenant_id);
	expect_uuid(seen, &at, s->has_parent ? &s->parent_span_id : NULL);
	expect_text(seen, &at, s->span_name);
	expect_text(seen, &at, s->kind);
	expect_text(seen, &at, s->function);
	expect_int(seen, &at, known(s->thread_id));
	expect_text(seen, &at, "2026-11-20T23:00:00.000000Z");
	expect_text(seen, &at, "2026-11-20T23:00:01.000000Z");
	assert_true(seen->cells[at++].real == s->duration_ms);
	expect_int(seen, &at, known(s->success));
	expect_text(seen, &at, s->error);
	expect_text(seen, &at, s->input_data);
	expect_text(seen, &at, s->output_data);
	expect_text(seen, &at, s->model);
	expect_text(seen, &at, s->provider);
	expect_int(seen, &at, s->input_tokens);
	expect_int(seen, &at, s->output_tokens);
	expect_int(seen, &at, s->cost_nano_usd);
	expect_text(seen, &at, s->attributes);
	expect_text(seen, &at, "2026-11-20T23:00:01.000000Z");
	assert_int_equal(at, seen->n);
}

static void span_comes_back(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	struct ts_span bare = span_of(1, 1), full = span_of(1, 2), both[2];
	struct ts_batch batch = {.spans = both, .n_spans = 2};
	struct seen seen;

	full.tenant_id = "acme";
	full.has_parent = true;
	full.parent_span_id = bare.span_id;
	full.thread_id = 7;
	full.duration_ms = 12.5;
	full.success = false;
	full.error = "it's \"broken\"";
	full.input_data = "[1]";
	full.output_data = "[2]";
	full.model = "m";
	full.provider = "p";
	full.input_tokens = known(0);
	full.output_tokens = known(INT64_MAX);
	full.cost_nano_usd = known(-1);
	full.attributes = "{\"errno\":2}";
	both[0] = bare;
	both[1] = full;
	assert_int_equal(ts_store.write(handle, &batch, NULL), 0);
	ts_store.close(handle);
	read_one(place->url, "SELECT * FROM pipeline_spans ORDER BY span_id LIMIT 1", NULL, 0,
		 &seen);
	expect_span(&seen, &bare);
	read_one(place->url, "SELECT * FROM pipeline_spans ORDER BY span_id DESC LIMIT 1", NULL, 0,
		 &seen);
	expect_span(&seen, &full);
}

static void unknown_duration_keeps_no_batch_out(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	struct ts_span span = span_of(1, 1);
	struct ts_batch batch = {.spans = &span, .n_spans = 1};

	span.duration_ms = NAN;
	span.kind = NULL;
	span.started_us = INT64_MIN;
	span.ended_us = INT64_MAX;
	assert_int_equal(ts_store.write(handle, &batch, NULL), 0);
	ts_store.close(handle);
	assert_string_equal(ask(place->path, "SELECT started_at || ended_at FROM pipeline_spans"),
			    "1970-01-01T00:00:00.000000Z9999-12-31T23:59:59.999999Z");
}

static int stop_at_three(void *context, const struct ts_cell *cells, size_t n)
{
	(void)n;
	++*(int *)context;
	return cells[0].integer == 3 ? 77 : 0;
}

static void queries_take_parameters_by_number(void **state)
{
	struct place *place = *state;
	const char *numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			      " WHERE i < 9) SELECT i FROM n";
	struct ts_cell params[] = {{.type = TS_CELL_TEXT, .text = "one"},
				   {.type = TS_CELL_INT, .integer = 2},
				   {.type = TS_CELL_DOUBLE, .real = 0.5},
				   {.type = TS_CELL_NULL}};
	struct ts_source_handle *source;
	struct ts_error err = {""};
	struct seen seen;
	int calls = 0;

	ts_store.close(opened(place->url));
	read_one(place->url, "SELECT $3, $1, $4, $2, $1", params, 4, &seen);
	assert_true(seen.cells[0].real == 0.5);
	assert_string_equal(seen.cells[1].text, "one");
	assert_int_equal(seen.cells[2].type, TS_CELL_NULL);
	assert_int_equal(seen.cells[3].integer, 2);
	assert_string_equal(seen.cells[4].text, "one");
	assert_int_equal(ts_source.open(&source, place->url, NULL, &err), 0);
	assert_int_equal(ts_source.select(source, numbers, NULL, 0, stop_at_three, &calls, &err),
			 77);
	assert_int_equal(calls, 3);
	assert_int_equal(ts_source.select(source, "SELECT $1", NULL, 0, keep, &seen, &err),
			 -EINVAL);
	assert_int_equal(ts_source.select(source, "SELECT $2", params, 1, keep, &seen, &err),
			 -EINVAL);
	assert_true(ts_source.select(source, "SELEC", NULL, 0, keep, &seen, &err) < 0);
	assert_non_null(strstr(err.text, "syntax error"));
	assert_int_equal(
		ts_source.select(source, "DELETE FROM pipeline_spans", NULL, 0, keep, &seen, &err),
		-EROFS);
	ts_source.close(source);
}

/* --- what is refused --- */

static void expect_refusal(const char *url, int result, const char *words)
{
	struct ts_store_handle *handle = NULL;
	struct ts_error err = {""};

	assert_int_equal(ts_store.open(&handle, url, NULL, &err), result);
	assert_null(handle);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void strange_urls_are_refused(void **state)
{
	(void)state;
	expect_refusal("sqlite::memory:", -EINVAL, "absolute path");
	expect_refusal("sqlite:", -EINVAL, "absolute path");
	expect_refusal("sqlite:traces.db", -EINVAL, "absolute path");
	expect_refusal("jsonl:/tmp/x", -EINVAL, "no sqlite: URL");
	expect_refusal("sqlite:/tmp/x?mode=ro", -EINVAL, "has ?mode=ro");
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static void other_file_is_not_overwritten(void **state)
{
	struct place *place = *state;
	const char *text =
		"Dear diary, this is more than a hundred bytes of text, for SQLite looks at "
		"the first hundred of them.\n";
	char found[256] = "";
	FILE *file;

	write_file(place->path, text);
	expect_refusal(place->url, -EEXIST, place->path);
	expect_refusal(place->url, -EEXIST, "another program");
	file = fopen(place->path, "r");
	assert_non_null(fgets(found, sizeof(found), file));
	fclose(file);
	assert_string_equal(found, text);
	/* nor is there a file beside it: /etc/passwd.lock would stop who adds a user */
	snprintf(found, sizeof(found), "%s.lock", place->path);
	assert_int_not_equal(access(found, F_OK), 0);
}

static void other_database_stays_as_it_is(void **state)
{
	struct place *place = *state;

	run_sql(place->path, "CREATE TABLE users (id)");
	expect_refusal(place->url, -EEXIST, "another program");
	assert_string_equal(ask(place->path, "PRAGMA journal_mode"), "delete");
	assert_string_equal(ask(place->path, "SELECT count(*) FROM sqlite_master"), "1");
}

static void newer_schema_is_refused(void **state)
{
	struct place *place = *state;
	struct ts_source_handle *source;
	struct ts_error err;

	ts_store.close(opened(place->url));
	run_sql(place->path, "PRAGMA user_version = 99");
	expect_refusal(place->url, -EPROTONOSUPPORT, "newer traceshim");
	assert_int_equal(ts_source.open(&source, place->url, NULL, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "99"));
}

static void half_a_migration_is_none(void **state)
{
	struct place *place = *state;

	/* What a migration killed before its commit leaves: an empty file. */
	write_file(place->path, "");
	ts_store.close(opened(place->url));
	assert_string_equal(ask(place->path, "PRAGMA user_version"), "2");
}

/* Runs `body` in a child; answers its wait status. */
static pid_t in_child(void (*body)(struct place *), struct place *place)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		body(place);
		_exit(0);
	}
	return child;
}

static void expect_success(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void child_fails_on_folder(struct place *place)
{
	struct ts_store_handle *handle;
	struct ts_error err = {""};

	if (geteuid() == 0 && setuid(65534) < 0)
		_exit(2);
	if (ts_store.open(&handle, place->url, NULL, &err) != -EACCES ||
	    !strstr(err.text, place->folder) || !strstr(err.text, "Permission denied"))
		_exit(3);
}

static void unwritable_folder_is_named(void **state)
{
	struct place *place = *state;

	assert_int_equal(chmod(place->folder, 0555), 0);
	expect_success(in_child(child_fails_on_folder, place));
	assert_int_equal(chmod(place->folder, 0700), 0);
}

static void folder_that_is_a_file_is_named(void **state)
{
	struct place *place = *state;
	char url[128];

	write_file(place->path, "");
	snprintf(url, sizeof(url), "%s/traces.db", place->url);
	expect_refusal(url, -ENOTDIR, place->path);
}

static void child_opens_read_only_mount(struct place *place)
{
	struct ts_store_handle *handle;
	struct ts_error err = {""};

	if (ts_store.open(&handle, place->url, NULL, &err) != -EROFS ||
	    !strstr(err.text, "Read-only"))
		_exit(3);
}

static void read_only_file_system_is_named(void **state)
{
	struct place *place = *state;

	if (mount("none", place->folder, "tmpfs", MS_RDONLY, "size=1m") < 0)
		skip();
	child_opens_read_only_mount(place);
	assert_int_equal(umount(place->folder), 0);
}

static void full_disk_loses_nothing(void **state)
{
	struct place *place = *state;
	char filler[128], block[8192] = {1};
	struct ts_store_handle *handle;
	struct ts_span span = span_of(2, 1);
	struct ts_batch batch = {.spans = &span, .n_spans = 1};
	struct ts_error err = {""};
	int fd;

	if (mount("none", place->folder, "tmpfs", 0, "size=1m") < 0)
		skip();
	handle = opened(place->url);
	write_spans(handle, 1, 1, 100);
	snprintf(filler, sizeof(filler), "%s/filler", place->folder);
	fd = open(filler, O_CREAT | O_WRONLY, 0600);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
	assert_int_equal(ts_store.write(handle, &batch, &err), -ENOSPC);
	assert_non_null(strstr(err.text, place->path));
	assert_non_null(strstr(err.text, "full"));
	unlink(filler);
	assert_int_equal(ts_store.write(handle, &batch, &err), 0);
	ts_store.close(handle);
	assert_string_equal(ask(place->path, "SELECT count(*) FROM pipeline_spans"), "101");
	assert_string_equal(ask(place->path, "PRAGMA integrity_check"), "ok");
	assert_int_equal(umount(place->folder), 0);
}

static void child_hits_size_limit(struct place *place)
{
	struct ts_store_handle *handle = opened(place->url);
	struct rlimit small = {200000, 200000};
	struct ts_error err = {""};
	struct ts_span spans[2000];
	struct ts_batch batch = {.spans = spans, .n_spans = 2000};
	sigset_t all;

	/* As on the flusher's thread. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 2000; i++)
		spans[i] = span_of(3, i);
	write_spans(handle, 1, 1, 1);
	setrlimit(RLIMIT_FSIZE, &small);
	if (ts_store.write(handle, &batch, &err) >= 0 || !strstr(err.text, place->path))
		_exit(3);
}

static void size_limit_is_an_error_like_others(void **state)
{
	struct place *place = *state;

	expect_success(in_child(child_hits_size_limit, place));
	assert_string_equal(ask(place->path, "SELECT count(*) FROM pipeline_spans"), "1");
	assert_string_equal(ask(place->path, "PRAGMA integrity_check"), "ok");
}

/* --- processes --- */

static void child_writes(struct place *place)
{
	struct ts_store_handle *handle = opened(place->url);

	for (int i = 0; i < 10; i++)
		write_spans(handle, getpid(), i * 20, 20);
	ts_store.close(handle);
}

static void eight_processes_share_a_new_file(void **state)
{
	struct place *place = *state;
	pid_t children[8];

	for (int i = 0; i < 8; i++)
		children[i] = in_child(child_writes, place);
	for (int i = 0; i < 8; i++)
		expect_success(children[i]);
	assert_string_equal(ask(place->path, "SELECT count(*) FROM pipeline_spans"), "1600");
	assert_string_equal(ask(place->path, "PRAGMA integrity_check"), "ok");
}

static void child_meets_lock(struct place *place)
{
	struct ts_store_handle *handle = opened(place->url);
	struct ts_span span = span_of(1, 1);
	struct ts_batch batch = {.spans = &span, .n_spans = 1};
	struct ts_error err = {""};
	char lock[128];
	int fd;

	snprintf(lock, sizeof(lock), "%s.lock", place->path);
	fd = open(lock, O_RDWR);
	if (flock(fd, LOCK_EX) < 0)
		_exit(2);
	if (ts_store.write(handle, &batch, &err) != -EAGAIN || !strstr(err.text, "busy"))
		_exit(3);
	close(fd);
	if (ts_store.write(handle, &batch, &err) != 0)
		_exit(4);
	ts_store.close(handle);
}

/* It takes the second for which a store waits, so it runs beside all the other tests. */
static struct {
	struct place *place;
	pid_t child;
} waiting;

static int start_waiting(void **state)
{
	void *place;

	(void)state;
	make_place(&place);
	waiting.place = place;
	waiting.child = in_child(child_meets_lock, place);
	return 0;
}

static int stop_waiting(void **state)
{
	void *place = waiting.place;

	(void)state;
	return remove_place(&place);
}

static void lock_of_another_is_busy(void **state)
{
	(void)state;
	expect_success(waiting.child);
}

static int go[2];

static void child_writes_once(struct place *place)
{
	struct ts_store_handle *handle = opened(place->url);
	struct ts_span span = span_of(1, 1);
	struct ts_batch batch = {.spans = &span, .n_spans = 1};
	char byte;

	_exit(read(go[0], &byte, 1) != 1 || ts_store.write(handle, &batch, NULL) != 0);
}

/* Whether somebody has the lock now. */
static bool is_locked(const struct place *place)
{
	char lock[128];
	bool locked;
	int fd;

	snprintf(lock, sizeof(lock), "%s.lock", place->path);
	fd = open(lock, O_RDWR);
	locked = flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	return locked;
}

static void writer_holds_the_lock(void **state)
{
	struct place *place = *state;
	pid_t child;
	sqlite3 *db;

	ts_store.close(opened(place->url));
	assert_int_equal(pipe(go), 0);
	/* Before the file is opened here: SQLite's own book-keeping does not survive a fork. */
	child = in_child(child_writes_once, place);
	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000); /* the child may be opening its store yet */
	/* A stranger's transaction keeps the child in the midst of its write. */
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(write(go[1], "g", 1), 1);
	while (!is_locked(place))
		assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	sqlite3_close(db);
	expect_success(child);
	assert_false(is_locked(place));
	close(go[0]);
	close(go[1]);
}

static void no_descriptor_is_kept(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	int before = dup(0), after;

	close(before);
	write_spans(handle, 1, 1, 5);
	close_range(before, ~0U, 0);
	write_spans(handle, 1, 6, 5);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	ts_store.close(handle);
	assert_string_equal(ask(place->path, "SELECT count(*) FROM pipeline_spans"), "10");
}

static void removed_file_is_made_anew(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	char command[128];

	write_spans(handle, 1, 1, 5);
	snprintf(command, sizeof(command), "rm %s*", place->path);
	assert_int_equal(system(command), 0);
	write_spans(handle, 1, 6, 5);
	ts_store.close(handle);
	assert_string_equal(ask(place->path, "SELECT count(*) FROM pipeline_spans"), "5");
}

static void child_writes_for_ever(struct place *place)
{
	struct ts_store_handle *handle = opened(place->url);

	for (uint64_t i = 0;; i++)
		write_spans(handle, getpid(), i * 50, 50);
}

/* Every batch is there whole or not at all. */
static void killed_writers_leave_whole_batches(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	struct seen seen;

	for (int round = 1; round <= 10; round++) {
		pid_t child = in_child(child_writes_for_ever, place);

		do
			read_one(place->url,
				 "SELECT count(*), count(*) % 50 FROM pipeline_spans GROUP BY "
				 "trace_id"
				 " HAVING count(*) >= 100",
				 NULL, 0, &seen);
		while (seen.rows < round);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		read_one(place->url, "SELECT count(*) % 50 FROM pipeline_spans", NULL, 0, &seen);
		assert_int_equal(seen.cells[0].integer, 0);
	}
	write_spans(handle, 1, 1, 1);
	ts_store.close(handle);
	assert_string_equal(ask(place->path, "PRAGMA integrity_check"), "ok");
}

static void reader_and_writer_do_not_wait(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = opened(place->url);
	struct ts_source_handle *source;
	struct seen seen = {0};

	write_spans(handle, 1, 1, 10);
	assert_int_equal(ts_source.open(&source, place->url, NULL, NULL), 0);
	for (int i = 0; i < 20; i++) {
		write_spans(handle, 2 + i, 1, 1000);
		assert_int_equal(ts_source.select(source, "SELECT count(*) FROM pipeline_spans",
						  NULL, 0, keep, &seen, NULL),
				 0);
		assert_int_equal(seen.cells[0].integer, 10 + (i + 1) * 1000);
	}
	ts_store.close(handle);
	assert_int_equal(ts_source.select(source, "SELECT count(*) FROM pipeline_spans", NULL, 0,
					  keep, &seen, NULL),
			 0);
	assert_int_equal(seen.cells[0].integer, 20010);
	ts_source.close(source);
}

static void nothing_stored_is_no_entry(void **state)
{
	struct place *place = *state;
	struct ts_source_handle *source;
	struct ts_error err = {""};

	assert_int_equal(ts_source.open(&source, place->url, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.text, place->path));
	assert_int_not_equal(access(place->path, F_OK), 0);
	write_file(place->path, "");
	assert_int_equal(ts_source.open(&source, place->url, NULL, &err), -ENOENT);
}

/* --- finding --- */

static char asked[128];

static const void *load(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	snprintf(asked, sizeof(asked), "%s %s", module, symbol);
	if (strcmp(module, "store_sqlite") != 0) {
		snprintf(why, why_bytes, "no such module");
		return NULL;
	}
	return strcmp(symbol, "ts_store") == 0 ? (const void *)&ts_store : &ts_source;
}

static void urls_find_their_module(void **state)
{
	struct ts_error err = {""};

	(void)state;
	assert_ptr_equal(ts_store_find("sqlite:/x", load, &err), &ts_store);
	assert_ptr_equal(ts_source_find("sqlite:/x", load, &err), &ts_source);
	assert_null(ts_store_find("Postgresql://u:secret@h/db", load, &err));
	assert_null(strstr(err.text, "secret"));
	assert_null(ts_store_find("postgresql://u:secret@h/db", load, &err));
	assert_string_equal(asked, "store_postgresql ts_store");
	assert_non_null(strstr(err.text, "no such module"));
	assert_null(strstr(err.text, "secret"));
	assert_null(ts_store_find("mysql://u:secret@h/db", load, &err));
	assert_string_equal(err.text,
			    "there is no store \"mysql\"; there are: sqlite, postgresql, jsonl");
	asked[0] = '\0';
	for (const char **url =
		     (const char *[]){"../x:y", "", ":", "Sqlite:/x", "/a/b", "sqlite", NULL};
	     *url; url++)
		assert_null(ts_store_find(*url, load, &err));
	assert_string_equal(asked, "");
}

static void expect_default(const char *expected)
{
	struct ts_error err = {""};
	char *url = ts_store_default_url(&err);

	if (!url)
		fail_msg("%s", err.text);
	assert_string_equal(url, expected);
	free(url);
}

static void default_url_is_absolute(void **state)
{
	struct place *place = *state;
	char expected[160], *back = getcwd(NULL, 0);
	struct ts_error err = {""};

	assert_int_equal(chdir(place->folder), 0);
	setenv("TRACESHIM_STORE", "sqlite:traces.db", 1);
	expect_default(place->url);
	setenv("TRACESHIM_STORE", "sqlite:/x/y.db", 1);
	expect_default("sqlite:/x/y.db");
	setenv("TRACESHIM_STORE", "sqlite::memory:", 1);
	expect_default("sqlite::memory:");
	setenv("TRACESHIM_STORE", "", 1);
	setenv("XDG_DATA_HOME", "/data", 1);
	expect_default("sqlite:/data/traceshim/traces.db");
	setenv("XDG_DATA_HOME", "data", 1);
	setenv("HOME", place->folder, 1);
	snprintf(expected, sizeof(expected), "sqlite:%s/.local/share/traceshim/traces.db",
		 place->folder);
	expect_default(expected);
	unsetenv("HOME");
	assert_null(ts_store_default_url(&err));
	assert_non_null(strstr(err.text, "TRACESHIM_STORE"));
	assert_int_equal(chdir(back), 0);
	free(back);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_store_is_private_and_migrated),
		TEST(companions_are_private),
		TEST(second_delivery_changes_nothing),
		TEST(older_run_overwrites_no_newer),
		TEST(closing_leaves_one_file),
		TEST(long_wal_is_checkpointed),
		TEST(trace_comes_back),
		TEST(span_comes_back),
		TEST(unknown_duration_keeps_no_batch_out),
		TEST(queries_take_parameters_by_number),
		TEST(strange_urls_are_refused),
		TEST(other_file_is_not_overwritten),
		TEST(other_database_stays_as_it_is),
		TEST(newer_schema_is_refused),
		TEST(half_a_migration_is_none),
		TEST(unwritable_folder_is_named),
		TEST(folder_that_is_a_file_is_named),
		TEST(read_only_file_system_is_named),
		TEST(full_disk_loses_nothing),
		TEST(size_limit_is_an_error_like_others),
		TEST(eight_processes_share_a_new_file),
		TEST(writer_holds_the_lock),
		TEST(no_descriptor_is_kept),
		TEST(removed_file_is_made_anew),
		TEST(killed_writers_leave_whole_batches),
		TEST(reader_and_writer_do_not_wait),
		TEST(nothing_stored_is_no_entry),
		TEST(urls_find_their_module),
		TEST(default_url_is_absolute),
		cmocka_unit_test(lock_of_another_is_busy),
	};

	return cmocka_run_group_tests(tests, start_waiting, stop_waiting);
}
