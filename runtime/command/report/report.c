// SPDX-License-Identifier: Apache-2.0
#include "../../report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../query/query.h"
#include "../command.h"
#include "../options.h"
#include "../terminal/guess.h"
#include "../terminal/print.h"
#include "../terminal/progress.h"
#include "../traces/period.h"
#include "../traces/stored.h"
#include "document.h"
#include "overview.h"

#define DEFAULT_TOP 5
#define MOST_TOP    100000

static const char help[] =
	"usage: traceshim report [--since WHEN] [--until WHEN] [--pipeline NAME]\n"
	"                        [--user ID] [--by WHAT] [--top N] [--json]\n\n"
	"Answers of many traces at once: where the time went, where the money went, and\n"
	"what went wrong. What is given must all hold.\n\n"
	"  --since WHEN     started within the last 10m, 2h, 3d, or since a date or a\n"
	"                   date-time (2026-11-20, 2026-11-20T23:07:31Z); 1d unless given\n"
	"  --until WHEN     started before then, told the same way\n"
	"  --pipeline NAME  only this pipeline's\n"
	"  --user ID        of this user_id or telegram_id\n"
	"  --by WHAT        one table by pipeline, span, model, provider, user, tenant or\n"
	"                   day instead\n"
	"  --top N          at most N lines a table (5; with --by 20)\n"
	"  --json           all figures as one object\n"
	"  -h, --help       this text\n\n"
	"Percentiles are nearest ranks. self is the time in which none of a call's own\n"
	"calls ran. All of a pipeline's self times are its busy time: more than the clock\n"
	"on the wall shows where calls run at once. of busy is a call's part of that, of\n"
	"wall its part of the time that passed, by the critical path; each adds up to\n"
	"100 %. A sum of which not all is known has >= before it, one of which nothing is\n"
	"known is ?.\n\n"
	"exit status: 0 done, 1 failed, 2 wrong usage, or no store that can be read\n\n"
	"example: traceshim report --since 2h --pipeline learn\n"
	"example: traceshim report --since 2026-11-01 --until 2026-12-01 --by model\n";

struct options {
	struct ts_query_filter filter;
	enum ts_report_by by;
	size_t top; /* 0: not given */
	bool json;
	int64_t now_us;
};

/* --- what was asked ---------------------------------------------------------------------- */

static int take_by(const char *text, enum ts_report_by *ret)
{
	static const char *const names[] = {"pipeline", "span",   "model", "provider",
					    "user",     "tenant", "day"};
	const size_t n = sizeof(names) / sizeof(names[0]);
	const char *guess = ts_guess(text, names, n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], text)) {
			*ret = (enum ts_report_by)(i + TS_BY_PIPELINE);
			return 0;
		}
	ts_say("--by %s: %s%s%spipeline, span, model, provider, user, tenant or day", text,
	       guess ? "did you mean " : "", guess ? guess : "", guess ? "? it is one of " : "");
	return -EINVAL;
}

static int take_top(const char *text, size_t *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > MOST_TOP) {
		ts_say("--top %s: a number from 1 to %d", text, MOST_TOP);
		return -EINVAL;
	}
	*ret = (size_t)n;
	return 0;
}

/* 0, 1 once the help is printed, or -EINVAL with the sentence printed. */
static int take_options(struct options *options, int argc, char **argv)
{
	const char *since = NULL, *until = NULL, *by = NULL, *top = NULL;
	const struct ts_option known[] = {{"since", .text = &since},
					  {"until", .text = &until},
					  {"pipeline", .text = &options->filter.pipeline},
					  {"user", .text = &options->filter.user},
					  {"by", .text = &by},
					  {"top", .text = &top},
					  {"json", .flag = &options->json},
					  {NULL}};
	int result = ts_options_only(&ts_command_report, known, argc, argv);

	if (result == 0 && by)
		result = take_by(by, &options->by);
	if (result == 0 && top)
		result = take_top(top, &options->top);
	options->now_us = ts_now_us();
	return result ? result : ts_period_recent(&options->filter, since, until, options->now_us);
}

/* --- what is answered -------------------------------------------------------------------- */

static int take_trace(void *context, const struct ts_trace *trace, const struct ts_span *spans,
		      size_t n)
{
	struct ts_report *report = context;

	ts_progress_count(report->all.n + 1);
	return ts_report_add(report, trace, spans, n);
}

static int print_report(struct ts_query *query, struct ts_report *report,
			const struct options *options)
{
	struct ts_overview overview = {
		.report = report,
		.filter = &options->filter,
		.now_us = options->now_us,
		.top = options->top  ? options->top
		       : options->by ? 4 * DEFAULT_TOP
				     : DEFAULT_TOP,
	};
	struct ts_error err = {.text = "out of memory"};

	if (options->json)
		return ts_print_document(
			ts_document_report(report, &options->filter, options->top));
	if (!report->all.n)
		return TS_EXIT_DONE;
	if (ts_overview_print(query, &overview, &err) == 0)
		return TS_EXIT_DONE;
	ts_say("%s", err.text);
	return TS_EXIT_FAILED;
}

static int report_stored(struct ts_query *query, const struct options *options)
{
	struct ts_error err = {.text = ""};
	struct ts_report report;
	int result;

	ts_report_init(&report, options->by, options->filter.since_us,
		       options->filter.has_until ? options->filter.until_us : options->now_us + 1);
	ts_progress_begin("traces");
	result = ts_query_scan(query, &options->filter, take_trace, &report, &err);
	ts_progress_end();
	ts_report_finish(&report);
	if (result < 0)
		ts_say("%s", err.text[0] ? err.text : strerror(-result));
	result = result < 0 ? TS_EXIT_USAGE : print_report(query, &report, options);
	if (result == TS_EXIT_DONE && !report.all.n)
		ts_period_say_none(query, &options->filter, options->now_us);
	ts_report_release(&report);
	return result;
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	struct ts_query *query;
	int result = take_options(&options, argc, argv);

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	result = ts_stored_open_some(&query);
	if (result < 0)
		return TS_EXIT_USAGE;
	result = report_stored(query, &options);
	ts_query_free(query);
	return result;
}

const struct ts_command ts_command_report = {
	.name = "report",
	.summary = "show where time and money of many traces went, and what went wrong",
	.help = help,
	.reads = true,
	.run = run,
};
