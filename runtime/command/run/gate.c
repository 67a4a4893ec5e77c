// SPDX-License-Identifier: Apache-2.0
/*
 * Which traces are of a run: each process under the shim has told its run_id, whose row in the store says by what pid on
 * which host it lived from when to when; a trace has the pid and the host of the process in which it began.
 */
#include "gate.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../query/query.h"
#include "../../uuid.h"
#include "../module.h"
#include "../program/lines.h"
#include "../terminal/print.h"
#include "../traces/stored.h"

#define PATIENCE_MS 10000 /* a collector, or a flusher that is at its end, takes so long at most */
#define AGAIN_MS    50

struct process {
	struct ts_uuid run_id;
	pid_t pid;
	bool stored; /* what follows is known */
	bool runs;
	int64_t from_us;
	int64_t to_us; /* INT64_MAX: it runs */
	int64_t dropped;
	char host[256];
	int64_t stored_pid;
};

struct family {
	struct process *all;
	size_t n;
	bool no_memory;
	struct ts_gates *gates;
};

int ts_run_gate_check(void)
{
	struct ts_error err = {.text = ""};
	char *url = ts_store_default_url(&err);
	const struct ts_source *source = url ? ts_source_find(url, ts_module_symbol, &err) : NULL;

	free(url);
	if (source)
		return 0;
	ts_say("--gate: %s", err.text);
	return -EINVAL;
}

/* --- who it was ------------------------------------------------------------------------------ */

/* The field that is an id. */
static bool find_run(char *const fields[TS_LINES_FIELDS], struct ts_uuid *ret)
{
	struct ts_uuid high;

	for (size_t i = 2; i < TS_LINES_FIELDS; i++)
		if (strlen(fields[i]) == 32 && ts_uuid_prefix_range(fields[i], ret, &high) == 0)
			return true;
	return false;
}

static int take_line(void *context, char *const fields[TS_LINES_FIELDS])
{
	struct family *family = context;
	struct ts_uuid run;
	struct process *more;

	if (strcmp(fields[0], "reached") != 0 || !find_run(fields, &run))
		return 0;
	more = reallocarray(family->all, family->n + 1, sizeof(*more));
	family->no_memory |= !more;
	if (!more)
		return -ENOMEM;
	family->all = more;
	family->all[family->n++] =
		(struct process){.run_id = run, .pid = (pid_t)strtol(fields[1], NULL, 10)};
	return 0;
}

/* --- has the store got it? -------------------------------------------------------------------- */

static bool is_alive(const struct process *process)
{
	return kill(process->pid, 0) == 0 || errno == EPERM;
}

static void note(struct process *process, const struct ts_run *run)
{
	process->runs = !run->outcome;
	process->stored = run->outcome || is_alive(process);
	process->from_us = run->started_us;
	process->to_us = run->outcome ? run->ended_us : INT64_MAX;
	process->dropped = run->dropped;
	process->stored_pid = run->pid;
	strncpy(process->host, run->host ? run->host : "", sizeof(process->host) - 1);
}

static int ask_one(struct ts_query *query, struct process *process, struct ts_error *err)
{
	struct ts_runs *runs;
	const struct ts_run *all;
	size_t n;
	int result = ts_query_run_of(query, &process->run_id, &runs, err);

	if (result < 0)
		return result;
	all = ts_runs_all(runs, &n);
	if (n)
		note(process, &all[0]);
	ts_runs_free(runs);
	return 0;
}

/* How many are not stored yet; or a negative errno. */
static int ask_all(struct ts_query *query, struct family *family)
{
	struct ts_error err = {.text = ""};
	int missing = 0, result = 0;

	for (size_t i = 0; result == 0 && i < family->n; i++) {
		struct process *process = &family->all[i];

		if (!process->stored || process->runs)
			result = ask_one(query, process, &err);
		missing += !process->stored;
	}
	if (result < 0)
		ts_say("%s", err.text);
	return result < 0 ? result : missing;
}

/* The store, once it has all; NULL with the reason said. */
static struct ts_query *await(struct family *family)
{
	struct timespec rest = {.tv_nsec = AGAIN_MS * 1000000L};
	struct ts_query *query = NULL;
	int missing = 0;

	for (int waited = 0; waited < PATIENCE_MS; waited += AGAIN_MS) {
		int result = ts_stored_open(&query);

		if (result < 0 && result != -ENOENT)
			return NULL;
		missing = result < 0 ? (int)family->n : ask_all(query, family);
		if (missing == 0)
			return query;
		if (result == 0)
			ts_query_free(query);
		if (missing < 0)
			return NULL;
		if (ts_stored_waiting())
			break;
		nanosleep(&rest, NULL);
	}
	ts_say("the store has not got what %d process%s recorded, so no gate can be judged; "
	       "traceshim recover says why",
	       missing, missing == 1 ? "" : "es");
	return NULL;
}

/* --- its traces ------------------------------------------------------------------------------- */

static bool is_of(const struct process *process, const struct ts_trace *trace)
{
	return trace->pid == process->stored_pid && trace->started_us >= process->from_us &&
	       trace->started_us <= process->to_us &&
	       !strcmp(trace->host ? trace->host : "", process->host);
}

static int take_trace(void *context, const struct ts_trace *trace, const struct ts_span *spans,
		      size_t n)
{
	const struct family *family = context;

	for (size_t i = 0; i < family->n; i++)
		if (is_of(&family->all[i], trace))
			return ts_gates_add(family->gates, trace, spans, n);
	return 0;
}

static void say_what_lacks(const struct family *family)
{
	long long dropped = 0;
	size_t running = 0;

	for (size_t i = 0; i < family->n; i++) {
		running += family->all[i].runs;
		dropped += family->all[i].dropped;
	}
	if (running)
		ts_say("%zu process%s still run%s; what %s from now on is not judged", running,
		       running == 1 ? "" : "es", running == 1 ? "s" : "",
		       running == 1 ? "it records" : "they record");
	if (dropped)
		ts_say("%lld calls were dropped and cannot be judged; traceshim list --runs says "
		       "why",
		       dropped);
}

static int scan(struct ts_query *query, struct family *family)
{
	struct ts_query_filter filter = {.has_since = true, .since_us = INT64_MAX};
	struct ts_error err = {.text = ""};
	int result;

	for (size_t i = 0; i < family->n; i++)
		if (family->all[i].from_us < filter.since_us)
			filter.since_us = family->all[i].from_us;
	result = ts_query_scan(query, &filter, take_trace, family, &err);
	if (result < 0)
		ts_say("%s", err.text[0] ? err.text : strerror(-result));
	else
		say_what_lacks(family);
	return result;
}

int ts_run_gate(const char *status_file, struct ts_gates *gates)
{
	struct family family = {.gates = gates};
	struct ts_query *query;
	int result = 0;

	ts_lines_read(status_file, take_line, &family);
	if (family.no_memory) {
		ts_say("out of memory");
		result = -ENOMEM;
	} else if (family.n) {
		query = await(&family);
		result = query ? scan(query, &family) : -EIO;
		ts_query_free(query);
	}
	free(family.all);
	return result;
}
