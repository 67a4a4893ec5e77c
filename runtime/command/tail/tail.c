// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../query/arrivals.h"
#include "../../uuid.h"
#include "../command.h"
#include "../list/document.h"
#include "../options.h"
#include "../terminal/display.h"
#include "../terminal/keys.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "../traces/chosen.h"
#include "../traces/period.h"
#include "../traces/stored.h"

#define ASK_MS  250
#define LOOK_MS 2000
#define MOST_MS 10000 /* between two attempts to reach a store that is away */

#define WHEN_COLUMNS     8
#define ID_CHARACTERS    18 /* the quarter of a microsecond in which it was made, with dashes */
#define NAME_COLUMNS     12
#define DURATION_COLUMNS 9
#define SPANS_COLUMNS    6

static const char help[] =
	"usage: traceshim tail [FILTER ...] [--json]\n\n"
	"Prints traces as they end, of all programs that store in the same place, each\n"
	"once, until it is interrupted. On a terminal the space bar holds them back and\n"
	"lets them come again; q ends.\n\n"
	"Only traces for which all of this holds:\n\n" TS_CHOSEN_HELP "\n"
	"  --json           a trace object a line, with all columns and span_count\n"
	"  -h, --help       this text\n\n"
	"exit status: 0 done, 1 failed, 2 wrong usage, or no store that can be read\n\n"
	"example: traceshim tail --failed\n"
	"         traceshim tail --json --pipeline learn | jq .duration_ms\n";

struct options {
	struct ts_query_filter filter;
	bool json;
};

static int take_options(struct options *options, int argc, char **argv)
{
	struct ts_chosen chosen = {.failed = false};
	const struct ts_option known[] = {
		TS_CHOSEN_LASTING(&chosen), {"json", .flag = &options->json}, {NULL}};
	int result = ts_options_only(&ts_command_tail, known, argc, argv);

	options->filter.with_payload = options->json;
	return result ? result : ts_chosen_filter(&chosen, ts_now_us(), &options->filter);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void put_result(const char *text)
{
	size_t used = WHEN_COLUMNS + 2 + ID_CHARACTERS + 2 + NAME_COLUMNS + 1 + DURATION_COLUMNS +
		      SPANS_COLUMNS + 2;
	size_t columns = ts_terminal()->columns;

	ts_display_put(stdout, text, columns > used ? columns - used : 0, ts_terminal()->ellipsis);
}

static void print_head(void)
{
	printf("%s%-*s  %-*s  %-*s %*s%*s  ", ts_style(TS_STYLE_DIM), WHEN_COLUMNS, "ended",
	       ID_CHARACTERS, "trace", NAME_COLUMNS, "pipeline", DURATION_COLUMNS, "took",
	       SPANS_COLUMNS, "spans");
	put_result("result");
	printf("%s\n", ts_style(TS_STYLE_PLAIN));
}

static void print_line(const struct ts_listed *listed)
{
	const struct ts_trace *trace = &listed->trace;
	time_t seconds = (time_t)(trace->ended_us / 1000000);
	char id[TS_UUID_TEXT], when[16], took[32];
	struct tm local;

	ts_uuid_format(&trace->trace_id, id);
	localtime_r(&seconds, &local);
	strftime(when, sizeof(when), "%H:%M:%S", &local);
	ts_when_duration(trace->duration_ms, took, sizeof(took));
	printf("%s  %.*s  ", when, ID_CHARACTERS, id);
	ts_display_put_padded(stdout, trace->pipeline_name, NAME_COLUMNS, ts_terminal()->ellipsis);
	printf(" %*s%*lld  %s", DURATION_COLUMNS, took, SPANS_COLUMNS,
	       (long long)listed->span_count,
	       ts_style(trace->success ? TS_STYLE_GOOD : TS_STYLE_BAD));
	put_result(trace->success ? "ok" : trace->error && *trace->error ? trace->error : "failed");
	printf("%s\n", ts_style(TS_STYLE_PLAIN));
}

static int take_trace(void *context, const struct ts_listed *listed)
{
	const struct options *options = context;
	char *document;

	if (!options->json) {
		print_line(listed);
	} else {
		document = ts_document_listed(listed);
		if (!document)
			return -ENOMEM;
		puts(document);
		free(document);
	}
	return ferror(stdout) ? -EPIPE : 0;
}

/* --- the store, which may go and come -------------------------------------------------------- */

struct follower {
	struct options *options;
	struct ts_arrivals *arrivals;
	struct ts_query *query; /* NULL: it is away, or there is none yet */
	bool away;              /* and that was said */
	int wait_ms;            /* until the next attempt */
	int since_look_ms;
};

static void note_away(struct follower *follower, int result, const struct ts_error *err)
{
	ts_query_free(follower->query);
	follower->query = NULL;
	/* there is no store yet: what makes one may come any time */
	if (result == -ENOENT)
		return;
	if (!follower->away)
		ts_say("%s; traces are told when it is back",
		       err->text[0] ? err->text : strerror(-result));
	follower->away = true;
	follower->wait_ms = 2 * follower->wait_ms < MOST_MS ? 2 * follower->wait_ms : MOST_MS;
}

/* 0, or -EPIPE: nobody reads any more. */
static int ask(struct follower *follower)
{
	struct ts_error err = {.text = ""};
	int result = 0;

	if (!follower->query)
		result = ts_stored_reopen(&follower->query, &err);
	if (result == 0)
		result = ts_arrivals_ask(follower->query, follower->arrivals, take_trace,
					 follower->options, &err);
	fflush(stdout);
	if (ferror(stdout))
		return -EPIPE;
	if (result < 0) {
		note_away(follower, result, &err);
		return 0;
	}
	if (follower->away)
		ts_say("the store is back");
	follower->away = false;
	follower->wait_ms = ASK_MS;
	return 0;
}

/* Of programs that were killed nobody else may come, and a file may have been made anew. */
static void look_after(struct follower *follower)
{
	follower->since_look_ms += follower->wait_ms;
	if (follower->since_look_ms < LOOK_MS || follower->away)
		return;
	follower->since_look_ms = 0;
	ts_stored_recover();
	if (ts_stored_is_file()) {
		ts_query_free(follower->query);
		follower->query = NULL;
	}
}

/* --- following ------------------------------------------------------------------------------- */

/* Until the space bar is pressed again. False: it is to end. */
static bool pause_here(void)
{
	int key;

	printf("%sheld back; the space bar goes on%s", ts_style(TS_STYLE_DIM),
	       ts_style(TS_STYLE_PLAIN));
	fflush(stdout);
	do {
		key = ts_keys_wait(MOST_MS);
	} while (key != ' ' && key != 'q' && key != TS_KEY_ENDED);
	fputs("\r\033[K", stdout);
	return key == ' ';
}

static int follow(struct follower *follower)
{
	bool goes_on = true;
	int key;

	if (!follower->options->json && ts_terminal()->bars)
		print_head();
	while (goes_on && ask(follower) == 0) {
		key = ts_keys_wait(follower->wait_ms);
		look_after(follower);
		if (key == ' ')
			goes_on = pause_here();
		else
			goes_on = key != 'q' && key != TS_KEY_ENDED;
	}
	return TS_EXIT_DONE;
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	struct follower follower = {.options = &options, .wait_ms = ASK_MS};
	int result = take_options(&options, argc, argv);
	int64_t since_us = ts_now_us();

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	result = ts_stored_open(&follower.query);
	if (result == -ENOENT)
		ts_say("nothing is stored yet; waiting for the first trace (traceshim run -- CMD "
		       "makes some)");
	else if (result < 0)
		return TS_EXIT_USAGE;
	if (ts_arrivals_new(&follower.arrivals, &options.filter, since_us) < 0) {
		ts_say("out of memory");
		ts_query_free(follower.query);
		return TS_EXIT_FAILED;
	}
	ts_keys_begin(false);
	result = follow(&follower);
	ts_keys_end();
	ts_arrivals_free(follower.arrivals);
	ts_query_free(follower.query);
	return result;
}

const struct ts_command ts_command_tail = {
	.name = "tail",
	.summary = "print traces as they end",
	.help = help,
	.reads = true,
	.run = run,
};
