// SPDX-License-Identifier: Apache-2.0
#include "runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../backlog/backlog.h"
#include "../../ended.h"
#include "../../log/spool.h"
#include "../../pool.h"
#include "../../query/query.h"
#include "../command.h"
#include "../program/wired.h"
#include "../terminal/display.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "../traces/stored.h"
#include "document.h"
#include "dropped.h"

#define NARROWEST_PROGRAM 6
#define WIDEST_PROGRAM    20
#define OUTCOME_COLUMNS   12 /* "ended, waits" */

enum { PROGRAM, PID, WHEN, LIVED, BEGUN, STORED, OPEN, DROPPED, OUTCOME, CELLS };

static const struct {
	const char *name;
	bool right;
} heads[CELLS] = {
	[PROGRAM] = {"program", false}, [PID] = {"pid", true},
	[WHEN] = {"when", false},       [LIVED] = {"for", true},
	[BEGUN] = {"begun", true},      [STORED] = {"stored", true},
	[OPEN] = {"open", true},        [DROPPED] = {"dropped", false},
	[OUTCOME] = {"ended", false},
};

/* What follows a column; numbers under each other need less. */
static size_t gap(int cell)
{
	return cell == OUTCOME ? 0 : cell >= LIVED && cell < OPEN ? 1 : 2;
}

struct line {
	char cells[CELLS][64];
};

static void put_dropped(const struct ts_run *run, char *ret, size_t bytes)
{
	struct ts_dropped reason = ts_dropped_reason(run->dropped_by);

	snprintf(ret, bytes, "%" PRId64 "%s%s%s", run->dropped, *reason.name ? " " : "",
		 reason.name, reason.n_reasons > 1 ? ", ..." : "");
}

/* How it ended; the store may not know yet what its spool does. */
static const char *outcome_of(const struct ts_run *run, const struct ts_ended *ended)
{
	if (run->outcome)
		return run->outcome;
	return ts_ended_has(ended, &run->run_id) ? "ended, waits" : "runs";
}

static void fill(const struct ts_run *run, const struct ts_ended *ended, int64_t now_us,
		 struct line *line)
{
	const char *program = run->program ? run->program : "?";
	const char *slash = strrchr(program, '/');
	int64_t until_us = run->outcome ? run->ended_us : run->seen_us;
	const size_t bytes = sizeof(line->cells[0]);

	snprintf(line->cells[PROGRAM], bytes, "%s", slash && slash[1] ? slash + 1 : program);
	snprintf(line->cells[PID], bytes, "%" PRId64, run->pid);
	ts_when_short(run->started_us, now_us, line->cells[WHEN], bytes);
	ts_when_duration((double)(until_us - run->started_us) / 1e3, line->cells[LIVED], bytes);
	snprintf(line->cells[BEGUN], bytes, "%" PRId64, run->begun);
	snprintf(line->cells[STORED], bytes, "%" PRId64, run->stored);
	snprintf(line->cells[OPEN], bytes, "%" PRId64, run->open);
	put_dropped(run, line->cells[DROPPED], bytes);
	snprintf(line->cells[OUTCOME], bytes, "%s", outcome_of(run, ended));
}

static void widen(size_t widths[CELLS], const struct line *line)
{
	for (int i = 0; i < CELLS; i++) {
		size_t columns = ts_display_columns(line->cells[i]);

		widths[i] = columns > widths[i] ? columns : widths[i];
	}
}

/* Long names make room for how it ended; whatever that still has, it gets. */
static void fit(size_t widths[CELLS])
{
	size_t outcome = widths[OUTCOME] < OUTCOME_COLUMNS ? widths[OUTCOME] : OUTCOME_COLUMNS;
	size_t used = 0, all = ts_terminal()->columns;

	if (widths[PROGRAM] > WIDEST_PROGRAM)
		widths[PROGRAM] = WIDEST_PROGRAM;
	for (int i = 0; i < OUTCOME; i++)
		used += widths[i] + gap(i);
	for (; widths[PROGRAM] > NARROWEST_PROGRAM && used + outcome > all; used--)
		widths[PROGRAM]--;
	widths[OUTCOME] = used < all ? all - used : 0;
}

static void print_line(const size_t widths[CELLS], const struct line *line)
{
	const char *ellipsis = ts_terminal()->ellipsis;

	for (int i = 0; i < CELLS; i++) {
		if (i == OUTCOME)
			ts_display_put(stdout, line->cells[i], widths[i], ellipsis);
		else if (heads[i].right)
			printf("%*s", (int)widths[i], line->cells[i]);
		else
			ts_display_put_padded(stdout, line->cells[i], widths[i], ellipsis);
		printf("%*s", (int)gap(i), "");
	}
}

static enum ts_style style_of(const struct ts_run *run)
{
	if (run->dropped)
		return TS_STYLE_BAD;
	return run->outcome && !strcmp(run->outcome, "exited") ? TS_STYLE_GOOD : TS_STYLE_PLAIN;
}

/* Below its line, what became of its connections. */
static void print_wired(const struct ts_run *run)
{
	struct ts_pool pool = {.chunks = NULL};
	struct ts_wired wired;
	char *text = NULL;

	if (ts_wired_read(&wired, run->attributes, &pool))
		text = ts_wired_text(&wired);
	if (text) {
		printf("%s  wire  ", ts_style(TS_STYLE_DIM));
		ts_display_wrap(stdout, text, "        ", ts_terminal()->columns);
		fputs(ts_style(TS_STYLE_PLAIN), stdout);
	}
	free(text);
	ts_pool_release(&pool);
}

static int print_table(const struct ts_run *runs, size_t n, const struct ts_ended *ended,
		       int64_t now_us)
{
	struct line *lines = calloc(n + 1, sizeof(*lines));
	size_t widths[CELLS] = {0};

	if (!lines) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	for (int i = 0; i < CELLS; i++)
		strcpy(lines[0].cells[i], heads[i].name);
	for (size_t i = 0; i < n; i++)
		fill(&runs[i], ended, now_us, &lines[i + 1]);
	for (size_t i = 0; i <= n; i++)
		widen(widths, &lines[i]);
	fit(widths);
	for (size_t i = 0; i <= n; i++) {
		fputs(ts_style(i ? style_of(&runs[i - 1]) : TS_STYLE_DIM), stdout);
		print_line(widths, &lines[i]);
		printf("%s\n", ts_style(TS_STYLE_PLAIN));
		if (i)
			print_wired(&runs[i - 1]);
	}
	free(lines);
	return TS_EXIT_DONE;
}

/* Where all have ended as far as the store knows, nobody has to be asked. */
static void find_ended(const struct ts_run *runs, size_t n, struct ts_ended *ret)
{
	bool asks = false;
	char *root, *state;
	int result;

	*ret = (struct ts_ended){.n = 0};
	for (size_t i = 0; i < n; i++)
		asks |= !runs[i].outcome;
	root = asks ? ts_spool_root() : NULL;
	state = asks ? ts_backlog_state() : NULL;
	result = root ? ts_ended_find(ret, root, state) : 0;
	if (result < 0)
		ts_say("cannot tell which programs have ended: %s: %s", root, strerror(-result));
	free(root);
	free(state);
}

int ts_runs_list(struct ts_query *query, const struct ts_runs_options *options)
{
	struct ts_error err = {.text = ""};
	struct ts_runs *runs;
	const struct ts_run *all;
	struct ts_ended ended;
	int status = TS_EXIT_DONE;
	size_t n;

	if (ts_query_runs(query, options->since_us, options->limit, &runs, &err) < 0) {
		ts_say("%s", err.text);
		return TS_EXIT_FAILED;
	}
	all = ts_runs_all(runs, &n);
	find_ended(all, n, &ended);
	if (options->json)
		status = ts_print_document(ts_document_runs(runs, &ended));
	else if (n)
		status = print_table(all, n, &ended, options->now_us);
	ts_ended_release(&ended);
	fflush(stdout);
	if (!n && options->since_us)
		ts_say("no process is like that");
	else if (!n)
		ts_stored_say_nothing("processes");
	if (ts_runs_more(runs))
		ts_say("there are more; --limit N shows them");
	ts_runs_free(runs);
	return status;
}
