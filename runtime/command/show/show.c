// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../query/query.h"
#include "../../report/tree.h"
#include "../../uuid.h"
#include "../command.h"
#include "../functions/names.h"
#include "../options.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "../traces/stored.h"
#include "document.h"
#include "seen.h"
#include "used.h"
#include "waterfall.h"

static const char help[] =
	"usage: traceshim show [--full] [--json] TRACE\n\n"
	"Shows one trace: its spans as a tree on one time axis, how long each took and\n"
	"how much of that was its own (self), what went wrong, input and output. TRACE is\n"
	"the beginning of a trace's id, as list prints it, or last for the newest.\n\n"
	"  --full      every call, inputs and outputs whole, on as many lines as it takes\n"
	"  --json      the trace as one object, its spans in start order\n"
	"  -h, --help  this text\n\n"
	"exit status: 0 done, 1 failed (no such trace, or several), 2 wrong usage\n\n"
	"example: traceshim show last --full\n";

struct options {
	bool full;
	bool json;
	const char *trace;
};

static int take_options(struct options *options, int argc, char **argv)
{
	const struct ts_option known[] = {
		{"full", .flag = &options->full}, {"json", .flag = &options->json}, {NULL}};
	int result = ts_options_take(&ts_command_show, known, argc, argv);

	if (result)
		return result;
	if (optind + 1 != argc) {
		ts_say("show takes one trace: the beginning of its id, or last");
		return -EINVAL;
	}
	options->trace = argv[optind];
	return 0;
}

/* "user 42, telegram 99, session s, tenant t", of what is known. */
static void print_who(const struct ts_trace *trace, bool full)
{
	char telegram[24] = "";
	const struct {
		const char *label;
		const char *text;
	} parts[] = {{"user ", trace->user_id},
		     {"telegram ", telegram},
		     {"session ", trace->session_id},
		     {"tenant ", trace->tenant_id}};
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	if (trace->telegram_id.known)
		snprintf(telegram, sizeof(telegram), "%lld", (long long)trace->telegram_id.value);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].text && *parts[i].text)
			fprintf(to, "%s%s%s", ftell(to) ? ", " : "", parts[i].label, parts[i].text);
	if (!fclose(to) && *text)
		ts_waterfall_text("", "for", text, full);
	free(text);
}

static void print_when(const struct ts_trace *trace, double self_ms, bool full)
{
	char text[160];
	char started[64];
	char took[32];
	char self[32];

	ts_when_long(trace->started_us, started, sizeof(started));
	ts_when_duration(trace->duration_ms, took, sizeof(took));
	ts_when_duration(self_ms, self, sizeof(self));
	snprintf(text, sizeof(text), "%s, took %s, self %s", started, took, self);
	ts_waterfall_text("", "started", text, full);
}

static void print_program(const struct ts_trace *trace, bool full)
{
	char *text = NULL;

	if (!trace->program ||
	    asprintf(&text, "%s, pid %lld%s%s", trace->program, (long long)trace->pid,
		     trace->host ? " on " : "", trace->host ? trace->host : "") < 0)
		return;
	ts_waterfall_text("", "program", text, full);
	free(text);
}

static void print_used(const struct ts_story *story, bool full)
{
	char text[TS_USED_TEXT];
	struct ts_bill bill;
	size_t n;
	const struct ts_span *spans = ts_story_spans(story, &n);

	if (ts_bill_make(&bill, ts_story_trace(story), spans, n) < 0)
		return;
	ts_used_bill(&bill, text);
	if (*text)
		ts_waterfall_text("", "used", text, full);
}

static void print_trace(const struct ts_trace *trace, double self_ms, bool full)
{
	char *name = ts_name_of_symbol(trace->pipeline_name, false);
	char id[TS_UUID_TEXT];
	struct ts_seen seen;

	ts_uuid_format(&trace->trace_id, id);
	ts_seen_read(trace->attributes, &seen);
	ts_waterfall_text("", "trace", id, full);
	ts_waterfall_text("", "pipeline", name ? name : trace->pipeline_name, full);
	print_when(trace, self_ms, full);
	print_who(trace, full);
	print_program(trace, full);
	if (!trace->success)
		ts_waterfall_text("", "failed", trace->error ? trace->error : "", full);
	if (seen.exec)
		ts_waterfall_text("", "ended", TS_ENDED_BY_EXEC, full);
	ts_waterfall_value("", "in", trace->input_data, full);
	ts_waterfall_value("", "out", trace->output_data, full);
	if (seen.dropped[0])
		ts_waterfall_text("", "dropped", seen.dropped, full);
	free(name);
}

static int print_story(const struct ts_story *story, bool full)
{
	const struct ts_trace *trace = ts_story_trace(story);
	struct ts_tree tree;
	size_t n;
	const struct ts_span *spans = ts_story_spans(story, &n);

	if (ts_tree_init(&tree, trace, spans, n) < 0) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	print_trace(trace, tree.self_ms, full);
	print_used(story, full);
	putchar('\n');
	if (n)
		ts_waterfall_print(trace, &tree, full);
	else
		puts("no spans");
	ts_tree_release(&tree);
	return TS_EXIT_DONE;
}

static int show_stored(struct ts_query *query, const struct options *options)
{
	struct ts_error err = {.text = ""};
	struct ts_story *story;
	int result = ts_query_find(query, options->trace, &story, &err);

	if (result < 0) {
		ts_say("%s", err.text);
		return result == -EINVAL ? TS_EXIT_USAGE : TS_EXIT_FAILED;
	}
	result = options->json ? ts_show_document(story) : print_story(story, options->full);
	ts_story_free(story);
	return result;
}

static int run(int argc, char **argv)
{
	struct options options = {.full = false};
	struct ts_query *query;
	int result = take_options(&options, argc, argv);

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	result = ts_stored_open_some(&query);
	if (result < 0)
		return TS_EXIT_FAILED;
	result = show_stored(query, &options);
	ts_query_free(query);
	return result;
}

const struct ts_command ts_command_show = {
	.name = "show",
	.summary = "show one trace: its spans, times, inputs and outputs",
	.help = help,
	.reads = true,
	.run = run,
};
