// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../query/query.h"
#include "../command.h"
#include "../options.h"
#include "../terminal/print.h"
#include "../terminal/progress.h"
#include "../traces/period.h"
#include "../traces/stored.h"
#include "gates.h"

static const char help[] =
	"usage: traceshim gate [--since WHEN] [--until WHEN] [--junit FILE] [--json] FILE\n\n"
	"Judges the traces of a period by the requirements in FILE, as before a\n"
	"deployment. Without a trace, or where a price is not known, no gate is passed.\n"
	"Of the traces of one run: traceshim run --gate FILE -- CMD.\n\n"
	"  --since WHEN  started within the last 10m, 2h, 3d, or since a date or a\n"
	"                date-time (2026-11-20, 2026-11-20T23:07:31Z); 1d unless given\n"
	"  --until WHEN  started before then, told the same way\n"
	"  --junit FILE  also write the results to FILE as JUnit's XML\n"
	"  --json        the results as one object\n"
	"  -h, --help    this text\n\n"
	"  [gate learn-is-fast]\n"
	"  pipeline = learn                       # all unless given\n"
	"  require  = p95_ms <= 1500\n"
	"  require  = error_rate < 1%\n"
	"  require  = spans agent:trainer >= 1    # in each trace\n"
	"  require  = cost_usd <= 0.02 per trace\n"
	"  action   = block-deploy                # warn, fail (unless given) or this\n\n"
	"exit status: 0 passed, 1 a gate fails, 3 one that blocks a deployment; 2 wrong\n"
	"usage, faults in FILE, or no store that can be read\n\n"
	"example: traceshim gate --since 1h release.gate\n";

struct options {
	struct ts_query_filter filter;
	const char *junit; /* NULL: none */
	bool json;
	const char *file;
	int64_t now_us;
};

/* 0, 1 once the help is printed, or -EINVAL with the sentence printed. */
static int take_options(struct options *options, int argc, char **argv)
{
	const char *since = NULL, *until = NULL;
	const struct ts_option known[] = {{"since", .text = &since},
					  {"until", .text = &until},
					  {"junit", .text = &options->junit},
					  {"json", .flag = &options->json},
					  {NULL}};
	int result = ts_options_take(&ts_command_gate, known, argc, argv);

	if (result)
		return result;
	if (optind + 1 != argc) {
		ts_say("gate takes one file of requirements; see traceshim help gate");
		return -EINVAL;
	}
	options->file = argv[optind];
	options->now_us = ts_now_us();
	return ts_period_recent(&options->filter, since, until, options->now_us);
}

static int tell(struct ts_gates *gates, const struct options *options)
{
	int status = ts_gates_status(gates), printed = TS_EXIT_DONE;

	if (options->json)
		printed = ts_print_document(ts_document_gates(gates));
	else
		ts_gates_print(gates, stdout);
	if (options->junit && ts_gates_write_junit(gates, options->junit) < 0)
		printed = TS_EXIT_FAILED;
	return status ? status : printed;
}

/* A pipeline without a trace may be one that is spelt otherwise; what else there is to say holds for the others, too. */
static void say_missing(struct ts_query *query, const struct ts_gates *gates,
			const struct options *options)
{
	struct ts_query_filter filter = options->filter;

	for (size_t i = 0; i < gates->file.n; i++) {
		filter.pipeline = gates->file.sections[i].pipeline;
		if (!ts_gates_traces(gates, &gates->file.sections[i]) &&
		    !ts_period_say_none(query, &filter, options->now_us))
			return;
	}
}

static int judge(struct ts_gates *gates, const struct options *options)
{
	struct ts_error err = {.text = ""};
	struct ts_query *query;
	int result = ts_stored_open_some(&query);

	if (result < 0)
		return TS_EXIT_USAGE;
	ts_progress_begin("traces");
	result = ts_query_scan(query, &options->filter, ts_gates_add, gates, &err);
	ts_progress_end();
	if (result == 0)
		say_missing(query, gates, options);
	ts_query_free(query);
	if (result == 0)
		return tell(gates, options);
	ts_say("%s", err.text[0] ? err.text : strerror(-result));
	return TS_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	struct ts_gates gates;
	int result = take_options(&options, argc, argv);

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	result = ts_gates_init(&gates, options.file);
	result = result < 0 ? TS_EXIT_USAGE : judge(&gates, &options);
	ts_gates_release(&gates);
	return result;
}

const struct ts_command ts_command_gate = {
	.name = "gate",
	.summary = "judge traces by requirements, as before a deployment",
	.help = help,
	.reads = true,
	.run = run,
};
