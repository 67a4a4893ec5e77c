// SPDX-License-Identifier: Apache-2.0
/* Lines of JSON: what they say, when they are torn, when the file is full, when two write. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "runtime/store.h"

extern const struct ts_store ts_jsonl_store;
extern const struct ts_source ts_jsonl_source;

struct place {
	char folder[64];
	char path[96];
	char url[160];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/test_jsonl-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/deep/down/traces.jsonl", place->folder);
	snprintf(place->url, sizeof(place->url), "jsonl:%s", place->path);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];
	int status;

	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	status = system(command);
	free(place);
	return status;
}

static struct ts_store_handle *open_store(const struct place *place)
{
	struct ts_store_handle *handle;
	struct ts_error err = {""};

	if (ts_jsonl_store.open(&handle, place->url, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return handle;
}

static struct ts_uuid id_of(uint32_t number)
{
	struct ts_uuid id = {{1}};

	memcpy(id.bytes + 12, &number, sizeof(number));
	return id;
}

static const struct ts_trace a_trace = {
	.tenant_id = "",
	.pipeline_name = "learn",
	.telegram_id = {true, INT64_MAX},
	.success = true,
	.input_data = "{\"text\":\n\"two\\nlines\"}",
	.started_us = 1700000000000001,
	.ended_us = 1700000000000002,
};

/* `n` traces from `first` on. 0, or what the store answered. */
static int put(struct ts_store_handle *handle, uint32_t first, size_t n, struct ts_error *err)
{
	struct ts_trace *traces = calloc(n, sizeof(*traces));
	struct ts_batch batch = {.traces = traces, .n_traces = n};
	int result;

	for (size_t i = 0; i < n; i++) {
		traces[i] = a_trace;
		traces[i].trace_id = id_of(first + (uint32_t)i);
	}
	result = ts_jsonl_store.write(handle, &batch, err);
	free(traces);
	return result;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	long bytes;

	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	bytes = ftell(file);
	rewind(file);
	text = calloc(1, (size_t)bytes + 1);
	assert_int_equal(fread(text, 1, (size_t)bytes, file), bytes);
	fclose(file);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

/* The file's lines, each of which must be an object of ours; -1: there is no file. */
static int n_lines(const char *path)
{
	char *text = read_file(path), *line = text, *end;
	int n = 0;

	if (!text)
		return -1;
	for (; (end = strchr(line, '\n')); line = end + 1, n++) {
		cJSON *object;

		*end = '\0';
		object = cJSON_Parse(line);
		if (!cJSON_HasObjectItem(object, "table"))
			fail_msg("line %d is none: %s", n, line);
		cJSON_Delete(object);
	}
	assert_int_equal(*line, '\0');
	free(text);
	return n;
}

static void lines_are_rows(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = open_store(place);
	const struct ts_span span = {.trace_id = id_of(1),
				     .span_id = id_of(2),
				     .tenant_id = "",
				     .span_name = "llm:x",
				     .kind = "llm",
				     .error = "\"no\""};
	const struct ts_run run = {.run_id = id_of(3), .tenant_id = "", .begun = 5};
	struct ts_batch batch = {
		.traces = &a_trace, .n_traces = 1, .spans = &span, .n_spans = 1, .run = &run};
	struct stat status;
	char *text;

	assert_int_equal(ts_jsonl_store.write(handle, &batch, NULL), 0);
	assert_int_equal(n_lines(place->path), 3);
	text = read_file(place->path);
	assert_memory_equal(text, "{\"table\":\"trace\",\"trace_id\":\"00000000-", 38);
	assert_non_null(strstr(text, "\"telegram_id\":9223372036854775807,\"user_id\":null"));
	assert_non_null(strstr(text, "\"started_at\":\"2023-11-14T22:13:20.000001Z\""));
	assert_non_null(strstr(text, "\"input_data\":{\"text\": \"two\\nlines\"}"));
	assert_non_null(strstr(text, "\n{\"table\":\"span\",\"trace_id\":\"01000000-"));
	assert_non_null(strstr(text, "\"error\":\"\\\"no\\\"\""));
	assert_non_null(strstr(text, "\n{\"table\":\"run\",\"run_id\":\"01000000-"));
	free(text);
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	ts_jsonl_store.close(handle);
}

static void torn_line_is_cut_off(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = open_store(place);
	char *text;
	size_t bytes;

	assert_int_equal(put(handle, 1, 3, NULL), 0);
	text = read_file(place->path);
	bytes = strlen(text);
	for (size_t n = 0; n <= bytes; n++) {
		char *cut = strndup(text, n);
		int whole = 0;

		for (size_t i = 0; i < n; i++)
			whole += cut[i] == '\n';
		write_file(place->path, cut);
		free(cut);
		assert_int_equal(put(handle, 4, 1, NULL), 0);
		assert_int_equal(n_lines(place->path), whole + 1);
	}
	free(text);
	ts_jsonl_store.close(handle);
}

static void long_torn_line_is_cut_off(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = open_store(place);
	FILE *file;

	assert_int_equal(put(handle, 1, 1, NULL), 0);
	file = fopen(place->path, "a");
	for (int i = 0; i < 20000; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(put(handle, 2, 1, NULL), 0);
	assert_int_equal(n_lines(place->path), 2);
	ts_jsonl_store.close(handle);
}

static void full_disk_takes_all_or_nothing(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = open_store(place);
	struct rlimit limit = {5000, RLIM_INFINITY}, before;
	struct ts_error err = {""};

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(put(handle, 1, 3, NULL), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(put(handle, 4, 100, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.text, place->path));
	assert_int_equal(n_lines(place->path), 3);
	ts_jsonl_store.close(handle);
}

static void strangers_are_left_as_they_are(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle = open_store(place);
	struct ts_error err = {""};
	char *text;

	write_file(place->path, "Dear diary,\ntoday");
	assert_int_equal(put(handle, 1, 1, &err), -EEXIST);
	assert_non_null(strstr(err.text, "another program"));
	text = read_file(place->path);
	assert_string_equal(text, "Dear diary,\ntoday");
	free(text);
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkfifo(place->path, 0600), 0);
	assert_true(put(handle, 1, 1, &err) < 0);
	ts_jsonl_store.close(handle);
}

static void files_are_rotated(void **state)
{
	struct place *place = *state;
	struct ts_store_handle *handle;
	char path[128];
	struct stat status;

	strcat(place->url, "?size=10KB&keep=4");
	handle = open_store(place);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(put(handle, i * 5, 5, NULL), 0);
	for (int i = 0; i <= 4; i++) {
		snprintf(path, sizeof(path), i ? "%s.%d" : "%s", place->path, i);
		if (i == 4) {
			assert_int_equal(n_lines(path), -1);
			continue;
		}
		assert_true(n_lines(path) > 0);
		assert_int_equal(stat(path, &status), 0);
		assert_in_range(status.st_size, 1, 10240);
	}
	ts_jsonl_store.close(handle);
	/* one file only; what is longer than a file may be has one of its own */
	snprintf(place->url, sizeof(place->url), "jsonl:%s/one?keep=1&size=100", place->folder);
	handle = open_store(place);
	assert_int_equal(put(handle, 1, 5, NULL), 0);
	assert_int_equal(put(handle, 6, 7, NULL), 0);
	snprintf(path, sizeof(path), "%s/one", place->folder);
	assert_int_equal(n_lines(path), 7);
	ts_jsonl_store.close(handle);
}

#define WRITERS 4
#define BATCHES 100

/* As often as it takes: who finds the file in others' hands for a second is told so, and has written nothing. */
static int put_in_the_end(struct ts_store_handle *handle, uint32_t id)
{
	int result;

	do
		result = put(handle, id, 1, NULL);
	while (result == -EAGAIN);
	return result;
}

static void four_programs_lose_nothing(void **state)
{
	struct place *place = *state;
	char path[128], seen[WRITERS * BATCHES] = {0};
	pid_t pids[WRITERS];
	int status, found = 0;

	strcat(place->url, "?size=20KB&keep=1000");
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		if (pids[w] == 0) {
			struct ts_store_handle *handle = open_store(place);

			for (uint32_t i = 0; i < BATCHES; i++)
				if (put_in_the_end(handle, (uint32_t)w * BATCHES + i) < 0)
					_exit(1);
			_exit(0);
		}
	}
	for (int w = 0; w < WRITERS; w++) {
		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < 1000; i++) {
		char *text;

		snprintf(path, sizeof(path), i ? "%s.%d" : "%s", place->path, i);
		if (n_lines(path) < 0)
			break;
		text = read_file(path);
		for (char *at = text; (at = strstr(at, "\"trace_id\":\"")); at += 12) {
			unsigned long id =
				__builtin_bswap32((uint32_t)strtoul(at + 12 + 28, NULL, 16));

			assert_in_range(id, 0, sizeof(seen) - 1);
			assert_int_equal(seen[id], 0);
			seen[id] = 1;
			found++;
		}
		free(text);
	}
	assert_int_equal(found, WRITERS * BATCHES);
}

static void faulty_urls_are_told(void **state)
{
	static const char *const urls[] = {
		"jsonl:relative",      "jsonl:",
		"jsonl:/x?size=0",     "jsonl:/x?size=1TB",
		"jsonl:/x?keep=-1",    "jsonl:/x?keep=0",
		"jsonl:/x?color=blue", "jsonl:/x?size",
		"jsonl:/x?keep=2000",  "jsonl:/x?size=9999999999999999999999",
		"sqlite:/x",
	};
	struct ts_store_handle *handle;

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct ts_error err = {""};

		assert_true(ts_jsonl_store.open(&handle, urls[i], NULL, &err) < 0);
		assert_non_null(strstr(err.text, urls[i]));
	}
}

static void reading_is_for_others(void **state)
{
	struct place *place = *state;
	struct ts_source_handle *handle;
	struct ts_error err = {""};

	assert_int_equal(ts_jsonl_source.open(&handle, place->url, NULL, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, place->path));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_rows),
		TEST(torn_line_is_cut_off),
		TEST(long_torn_line_is_cut_off),
		TEST(full_disk_takes_all_or_nothing),
		TEST(strangers_are_left_as_they_are),
		TEST(files_are_rotated),
		TEST(four_programs_lose_nothing),
		TEST(faulty_urls_are_told),
		TEST(reading_is_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
