// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../query/query.h"
#include "../../uuid.h"
#include "../command.h"
#include "../options.h"
#include "../terminal/display.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "../traces/chosen.h"
#include "../traces/period.h"
#include "../traces/stored.h"
#include "document.h"
#include "runs.h"

#define DEFAULT_LIMIT    20
#define MOST_LIMIT       1000000
#define COUNT_MORE       1000 /* "more than 1000 more" */
#define NARROWEST_NAME   6
#define RESULT_COLUMNS   12
#define LEAST_RESULT     8
#define WIDEST_NAME      24
#define DURATION_COLUMNS 9
#define SPANS_COLUMNS    6

static const char help[] =
	"usage: traceshim list [FILTER ...] [--limit N] [--json]\n"
	"       traceshim list --runs [--since WHEN] [--limit N] [--json]\n\n"
	"Lists traces, newest first. What is given must all hold.\n\n" TS_CHOSEN_HELP
		TS_CHOSEN_PERIOD_HELP
	"  --runs           processes instead, and what became of the calls they began:\n"
	"                   begun = stored + open (or on their way) + dropped; with\n"
	"                   --since those that lived then or later\n"
	"  --limit N        at most N (20)\n"
	"  --json           an array of trace objects, with all columns and span_count;\n"
	"                   with --runs an array of processes\n"
	"  -h, --help       this text\n\n"
	"exit status: 0 done, 1 failed, 2 wrong usage\n\n"
	"example: traceshim list --failed --since 2h\n";

struct options {
	struct ts_query_filter filter;
	bool runs;
	bool json;
};

/* --- what was asked ---------------------------------------------------------------------- */

static int check_options(const struct options *options, const struct ts_chosen *chosen)
{
	if (!options->runs || (!chosen->pipeline && !chosen->failed && !chosen->user &&
			       !chosen->program && !chosen->min_ms && !chosen->until))
		return 0;
	ts_say("of processes (--runs) only --since and --limit can be asked, not what is of "
	       "traces");
	return -EINVAL;
}

static int take_options(struct options *options, int argc, char **argv)
{
	struct ts_query_filter *filter = &options->filter;
	struct ts_chosen chosen = {.failed = false};
	const char *limit = NULL;
	const struct ts_option known[] = {TS_CHOSEN_OPTIONS(&chosen),
					  {"limit", .text = &limit},
					  {"json", .flag = &options->json},
					  {"runs", .flag = &options->runs},
					  {NULL}};
	int result = ts_options_only(&ts_command_list, known, argc, argv);

	filter->limit = DEFAULT_LIMIT;
	filter->with_payload = options->json;
	if (!result)
		result = ts_chosen_filter(&chosen, ts_now_us(), filter);
	if (!result && limit)
		result = ts_chosen_limit(limit, MOST_LIMIT, &filter->limit);
	return result ? result : check_options(options, &chosen);
}

/* --- the table --------------------------------------------------------------------------- */

struct table {
	size_t digits; /* of an id, dashes counted */
	size_t name;
	size_t when; /* 0: left out */
	size_t spans;
	int64_t now;
};

/* Hex digits of an id -> characters of its text form. */
static size_t with_dashes(size_t digits)
{
	return digits + (digits > 8) + (digits > 12) + (digits > 16) + (digits > 20);
}

/* Columns of a line up to its result. */
static size_t columns_before_result(const struct table *table)
{
	return table->digits + 2 + table->name + 2 + table->when + (table->when > 0) +
	       DURATION_COLUMNS + table->spans + 2;
}

static bool is_narrow(const struct table *table, size_t result)
{
	return columns_before_result(table) + result > ts_terminal()->columns;
}

/* What makes room for the result: long names, and where there is none for any of it what says least. */
static void make_room(struct table *table)
{
	if (table->name > WIDEST_NAME)
		table->name = WIDEST_NAME;
	while (table->name > NARROWEST_NAME && is_narrow(table, RESULT_COLUMNS))
		table->name--;
	if (is_narrow(table, LEAST_RESULT))
		table->spans = 0;
	if (is_narrow(table, LEAST_RESULT))
		table->when = 0;
}

static void measure(const struct ts_listing *listing, struct table *ret)
{
	ret->digits = with_dashes(ts_listing_digits(listing));
	ret->name = strlen("pipeline");
	ret->when = strlen("00:00:00");
	ret->spans = SPANS_COLUMNS;
	ret->now = ts_now_us();
	for (size_t i = 0; i < ts_listing_count(listing); i++) {
		const struct ts_trace *trace = &ts_listing_at(listing, i)->trace;
		size_t name = ts_display_columns(trace->pipeline_name);
		char when[32];

		ts_when_short(trace->started_us, ret->now, when, sizeof(when));
		ret->name = name > ret->name ? name : ret->name;
		ret->when = strlen(when) > ret->when ? strlen(when) : ret->when;
	}
	make_room(ret);
}

/* In what the line has left. */
static void put_result(const struct table *table, const char *text)
{
	const struct ts_terminal *terminal = ts_terminal();
	size_t used = columns_before_result(table);

	ts_display_put(stdout, text, terminal->columns > used ? terminal->columns - used : 0,
		       terminal->ellipsis);
}

/* What stands between name and result. */
static void put_middle(const struct table *table, const char *when, const char *took,
		       const char *spans)
{
	fputs("  ", stdout);
	if (table->when)
		printf("%-*s ", (int)table->when, when);
	printf("%*s", DURATION_COLUMNS, took);
	if (table->spans)
		printf("%*s", (int)table->spans, spans);
	fputs("  ", stdout);
}

static void print_row(const struct table *table, const struct ts_listed *listed)
{
	const struct ts_terminal *terminal = ts_terminal();
	const struct ts_trace *trace = &listed->trace;
	const char *result = "ok";
	char id[TS_UUID_TEXT];
	char when[32];
	char duration[32];
	char spans[32];

	if (!trace->success)
		result = trace->error && *trace->error ? trace->error : "failed";
	ts_uuid_format(&trace->trace_id, id);
	ts_when_short(trace->started_us, table->now, when, sizeof(when));
	ts_when_duration(trace->duration_ms, duration, sizeof(duration));
	printf("%.*s  ", (int)table->digits, id);
	ts_display_put_padded(stdout, trace->pipeline_name, table->name, terminal->ellipsis);
	snprintf(spans, sizeof(spans), "%lld", (long long)listed->span_count);
	put_middle(table, when, duration, spans);
	fputs(ts_style(trace->success ? TS_STYLE_GOOD : TS_STYLE_BAD), stdout);
	put_result(table, result);
	printf("%s\n", ts_style(TS_STYLE_PLAIN));
}

static void print_table(const struct ts_listing *listing)
{
	struct table table;

	measure(listing, &table);
	printf("%s%-*s  %-*.*s", ts_style(TS_STYLE_DIM), (int)table.digits, "trace",
	       (int)table.name, (int)table.name, "pipeline");
	put_middle(&table, "when", "took", "spans");
	put_result(&table, "result");
	printf("%s\n", ts_style(TS_STYLE_PLAIN));
	for (size_t i = 0; i < ts_listing_count(listing); i++)
		print_row(&table, ts_listing_at(listing, i));
}

/* --- what is said beside it -------------------------------------------------------------- */

static void say_more(struct ts_query *query, const struct ts_query_filter *filter)
{
	struct ts_error err;
	size_t more;

	if (ts_query_more(query, filter, COUNT_MORE + 1, &more, &err) < 0)
		ts_say("%s", err.text);
	else if (more > COUNT_MORE)
		ts_say("more than %d more; --limit N shows them", COUNT_MORE);
	else if (more)
		ts_say("%zu more; --limit N shows them", more);
}

static int list_stored(struct ts_query *query, const struct options *options)
{
	struct ts_error err = {.text = ""};
	struct ts_listing *listing;
	int status = TS_EXIT_DONE;

	if (ts_query_list(query, &options->filter, &listing, &err) < 0) {
		ts_say("%s", err.text);
		return TS_EXIT_FAILED;
	}
	if (options->json)
		status = ts_print_document(ts_document_list(listing));
	else if (ts_listing_count(listing))
		print_table(listing);
	fflush(stdout);
	if (ts_listing_count(listing) == options->filter.limit)
		say_more(query, &options->filter);
	else if (!ts_listing_count(listing))
		ts_period_say_none(query, &options->filter, ts_now_us());
	ts_listing_free(listing);
	return status;
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	struct ts_query *query;
	int result = take_options(&options, argc, argv);

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	result = ts_stored_open(&query);
	if (result == -ENOENT) {
		if (options.json)
			puts("[]");
		ts_stored_say_nothing(options.runs ? "processes" : "traces");
		return TS_EXIT_DONE;
	}
	if (result < 0)
		return TS_EXIT_FAILED;
	if (options.runs)
		result = ts_runs_list(query, &(struct ts_runs_options){
						     .since_us = options.filter.since_us,
						     .limit = options.filter.limit,
						     .json = options.json,
						     .now_us = ts_now_us(),
					     });
	else
		result = list_stored(query, &options);
	ts_query_free(query);
	return result;
}

const struct ts_command ts_command_list = {
	.name = "list",
	.summary = "list the traces that are stored",
	.help = help,
	.reads = true,
	.run = run,
};
