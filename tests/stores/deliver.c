// SPDX-License-Identifier: Apache-2.0
/*
 * deliver MODULE URL [KEY=VALUE...]: opens a store's module and writes batches to it, the same ones each time; tells of
 * each what the store answered.
 *   batches=1 spans=10   so many batches of so many spans, and a trace for every ten
 *   seed=1               other ids
 *   tenants=0            rows take turns between so many tenants, t0, t1, ...; 0: the empty one
 *   poison=KIND at=0     one span of the second batch (or the only one) holds what no store may pass on
 *   days=1               started on so many days, up to today
 *   pause=0              milliseconds between batches
 *   hold=FILE            waits between batches as long as FILE is there
 *   again=FILE           all of the batches once more, as long as FILE is there
 *   insist=0             write a batch again until it is stored
 *   run=1                a row of pipeline_runs with each batch, the same run
 *   keeps=1              descriptors are not shared with a program around us
 *   child=0              between batches a child is forked that closes what it finds and exits
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/gate.h"
#include "../../runtime/store.h"

#define DAY_US (86400 * 1000000LL)

static int batches = 1, spans = 10, seed = 1, tenants, at, days = 1, pause_ms, insist, run = 1,
	   keeps = 1, child;
static const char *poison = "", *hold = "", *again = "";

static const struct {
	const char *name;
	int *value;
} numbers[] = {
	{"batches", &batches}, {"spans", &spans}, {"seed", &seed},      {"tenants", &tenants},
	{"at", &at},           {"days", &days},   {"pause", &pause_ms}, {"insist", &insist},
	{"run", &run},         {"keeps", &keeps}, {"child", &child},
};

static const struct {
	const char *name;
	const char **value;
} texts[] = {{"poison", &poison}, {"hold", &hold}, {"again", &again}};

static const struct {
	const char *name;
	const char *json;
	const char *text;
} poisons[] = {
	{"nul", "{\"a\":\"\\u0000\"}", NULL},
	{"surrogate", "{\"a\":\"\\ud800\"}", NULL},
	{"halves", "{\"a\":\"\\udc00\\ud800\"}", NULL},
	{"bytes", "{\"a\":\"\xc3\x28\"}", NULL},
	{"number", "{\"a\":1e200000}", NULL},
	{"nan", "{\"a\":NaN}", NULL},
	{"cut", "{\"a\":", NULL},
	{"name", NULL, "agent:\xff"},
};

static void read_option(const char *option)
{
	size_t n = strcspn(option, "=");

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strlen(numbers[i].name) == n && !strncmp(option, numbers[i].name, n)) {
			*numbers[i].value = atoi(option + n + 1);
			return;
		}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strlen(texts[i].name) == n && !strncmp(option, texts[i].name, n)) {
			*texts[i].value = option + n + 1;
			return;
		}
	fprintf(stderr, "deliver: %s\n", option);
	exit(2);
}

static const char *tenant_of(int number)
{
	static char names[100][8];

	if (!tenants)
		return "";
	number %= tenants < 100 ? tenants : 100;
	sprintf(names[number], "t%d", number);
	return names[number];
}

static int64_t today_us(void)
{
	return time(NULL) / 86400 * DAY_US;
}

static int64_t start_of(int number)
{
	return today_us() - number / 10 % days * DAY_US + number * 100;
}

/* Version 7: the time comes first. */
static struct ts_uuid id_of(int kind, int number)
{
	struct ts_uuid id = {.bytes = {[6] = 0x70, [7] = (uint8_t)kind, [8] = 0x80}};
	int64_t ms = start_of(kind == 1 ? number * 10 : number) / 1000;

	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	for (int i = 0; i < 3; i++) {
		id.bytes[10 + i] = (uint8_t)(number >> (16 - 8 * i));
		id.bytes[13 + i] = (uint8_t)(seed >> (16 - 8 * i));
	}
	return id;
}

static struct ts_span span_of(int number)
{
	int64_t started = start_of(number);

	return (struct ts_span){
		.trace_id = id_of(1, number / 10),
		.span_id = id_of(2, number),
		.tenant_id = tenant_of(number / 10),
		.has_parent = number % 10 != 0,
		.parent_span_id = id_of(2, number / 10 * 10),
		.span_name = "agent:trainer",
		.kind = "agent",
		.function = "trainer_run",
		.thread_id = 42,
		.started_us = started,
		.ended_us = started + 1500,
		.duration_ms = 1.5,
		.success = number % 7 != 0,
		.error = number % 7 ? NULL : "returned NULL",
		.input_data =
			"{\"prompt\":\"What is the weather like? Ünïcödé\",\"n\":9007199254740993}",
		.output_data = "{\"result\":\"Sunny, with a chance of rain\"}",
		.input_tokens = {number % 2 == 0, number},
		.attributes = "{\"thread_name\":\"worker\"}",
		.created_us = started + 1500,
	};
}

static struct ts_trace trace_of(int number)
{
	struct ts_span span = span_of(number * 10);

	return (struct ts_trace){
		.trace_id = span.trace_id,
		.tenant_id = span.tenant_id,
		.pipeline_name = "support",
		.telegram_id = {true, number},
		.user_id = "ann",
		.started_us = span.started_us,
		.ended_us = span.ended_us,
		.duration_ms = 1.5,
		.success = true,
		.input_data = span.input_data,
		.program = "deliver",
		.host = "here",
		.pid = 1,
		.created_us = span.created_us,
	};
}

static void make_batch(int number, struct ts_span *rows, struct ts_trace *traces)
{
	for (int i = 0; i < spans; i++)
		rows[i] = span_of(number * spans + i);
	for (int i = 0; i < spans / 10; i++)
		traces[i] = trace_of(number * spans / 10 + i);
	if (number != (batches > 1))
		return;
	for (size_t i = 0; i < sizeof(poisons) / sizeof(poisons[0]); i++) {
		if (strcmp(poisons[i].name, poison) != 0)
			continue;
		if (poisons[i].json)
			rows[at].input_data = poisons[i].json;
		else
			rows[at].span_name = poisons[i].text;
	}
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static int deliver(const struct ts_store *store, struct ts_store_handle *handle, int number)
{
	struct ts_trace *traces = calloc((size_t)spans / 10 + 1, sizeof(*traces));
	struct ts_span *rows = calloc((size_t)spans, sizeof(*rows));
	struct ts_run now = {
		.run_id = id_of(3, 0),
		.tenant_id = tenant_of(0),
		.program = "deliver",
		.host = "here",
		.pid = 1,
		.started_us = today_us(),
		.seen_us = today_us() + number,
		.created_us = today_us(),
		.begun = (number + 1) * spans,
		.stored = (number + 1) * spans,
	};
	struct ts_batch batch = {
		.traces = traces,
		.n_traces = (size_t)spans / 10,
		.spans = rows,
		.n_spans = (size_t)spans,
		.run = run ? &now : NULL,
	};
	struct ts_error err;
	int result;

	make_batch(number, rows, traces);
	do {
		err.text[0] = '\0';
		result = store->write(handle, &batch, &err);
		printf("batch %d: %s%s%s\n", number, result ? strerrorname_np(-result) : "stored",
		       result ? " " : "", result ? err.text : "");
		if (result && insist)
			sleep_ms(50);
	} while (result && result != -EILSEQ && insist);
	free(traces);
	free(rows);
	return result;
}

static void fork_a_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int fd = 3; fd < 100; fd++)
			close(fd);
		exit(0);
	}
	waitpid(pid, NULL, 0);
}

static bool is_there(const char *file)
{
	return *file && access(file, F_OK) == 0;
}

static void do_nothing(void *context)
{
	(void)context;
}

int main(int argc, char **argv)
{
	struct ts_gate gate = {.open = do_nothing, .close = do_nothing};
	struct ts_store_handle *handle = NULL;
	const struct ts_store *store;
	struct ts_error err = {""};
	int result, failed = 0;
	void *module;

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 3; i < argc; i++)
		read_option(argv[i]);
	gate.keeps = keeps;
	module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	store = module ? dlsym(module, "ts_store") : NULL;
	if (!store) {
		fprintf(stderr, "deliver: %s\n", dlerror());
		return 2;
	}
	do {
		result = store->open(&handle, argv[2], &gate, &err);
		if (result)
			printf("open: %s %s\n", strerrorname_np(-result), err.text);
		if (result && insist)
			sleep_ms(50);
	} while (result && insist);
	if (result)
		return 1;
	do {
		for (int i = 0; i < batches; i++) {
			failed |= deliver(store, handle, i) != 0;
			if (child)
				fork_a_child();
			do
				sleep_ms(pause_ms);
			while (is_there(hold));
		}
	} while (is_there(again));
	store->close(handle);
	return failed;
}
