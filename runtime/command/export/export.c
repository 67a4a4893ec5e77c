// SPDX-License-Identifier: Apache-2.0
#include "../../export/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../command.h"
#include "../options.h"
#include "../terminal/guess.h"
#include "../terminal/print.h"
#include "../terminal/progress.h"
#include "../traces/chosen.h"
#include "../traces/period.h"
#include "../traces/stored.h"
#include "file.h"

#define MOST_LIMIT 1000000000

static const char help[] =
	"usage: traceshim export [--format json|csv|chrome|folded] [--weight WHAT]\n"
	"                        [-o FILE] [FILTER ...] [--limit N]\n\n"
	"Writes traces with all their spans for other programs, newest first. A store may\n"
	"be larger than memory.\n\n"
	"  --format json    an array of traces, each as show --json has it (the default)\n"
	"  --format csv     a line a span, with the columns of its trace (RFC 4180)\n"
	"  --format chrome  Trace Event Format, for ui.perfetto.dev and chrome://tracing\n"
	"  --format folded  stacks for flame graphs, summed over all traces\n"
	"  --weight time    of folded: microseconds of each call's own (the default)\n"
	"  --weight cost    nano-dollars\n"
	"  --weight calls   how many\n"
	"  --json           the same as --format json\n"
	"  -o, --output FILE\n"
	"                   instead of standard output a file of mode 0600, which is\n"
	"                   there whole or not at all\n\n"
	"Only traces for which all of this holds:\n\n" TS_CHOSEN_HELP TS_CHOSEN_PERIOD_HELP
	"  --limit N        the newest N of those\n"
	"  -h, --help       this text\n\n"
	"exit status: 0 done, 1 failed, 2 wrong usage, or no store that can be read\n\n"
	"example: traceshim export --since 1d -o traces.json\n"
	"         traceshim export --format chrome --pipeline learn -o learn.trace\n"
	"         traceshim export --format folded --since 1h | flamegraph.pl > hour.svg\n";

static const struct ts_format *const formats[] = {&ts_format_json, &ts_format_csv,
						  &ts_format_chrome, &ts_format_folded};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

struct options {
	struct ts_query_filter filter;
	size_t limit; /* SIZE_MAX: all */
	const struct ts_format *format;
	enum ts_weight weight;
	const char *output;
	int64_t now_us;
};

/* --- what was asked ---------------------------------------------------------------------- */

static int refuse(const char *option, const char *text, const char *const *names, size_t n)
{
	const char *guess = ts_guess(text, names, n);

	ts_say("%s %s: %s%s%sone of %s, %s, %s%s%s", option, text, guess ? "did you mean " : "",
	       guess ? guess : "", guess ? "? it is " : "", names[0], names[1], names[2],
	       n > 3 ? ", " : "", n > 3 ? names[3] : "");
	return -EINVAL;
}

static int take_format(const char *text, const struct ts_format **ret)
{
	const char *names[N_FORMATS];

	for (size_t i = 0; i < N_FORMATS; i++) {
		names[i] = formats[i]->name;
		if (!strcmp(text, names[i])) {
			*ret = formats[i];
			return 0;
		}
	}
	return refuse("--format", text, names, N_FORMATS);
}

static int take_weight(const char *text, struct options *options)
{
	static const char *const names[] = {
		[TS_WEIGHT_TIME] = "time", [TS_WEIGHT_COST] = "cost", [TS_WEIGHT_CALLS] = "calls"};
	const size_t n = sizeof(names) / sizeof(names[0]);

	if (options->format != &ts_format_folded) {
		ts_say("--weight is for --format folded, not for %s", options->format->name);
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(text, names[i])) {
			options->weight = (enum ts_weight)i;
			return 0;
		}
	return refuse("--weight", text, names, n);
}

static int take_options(struct options *options, int argc, char **argv)
{
	const char *format = NULL, *weight = NULL, *limit = NULL;
	struct ts_chosen chosen = {.failed = false};
	bool json = false;
	const struct ts_option known[] = {{"format", .text = &format},
					  {"json", .flag = &json},
					  {"weight", .text = &weight},
					  {"output", .text = &options->output, .letter = 'o'},
					  {"limit", .text = &limit},
					  TS_CHOSEN_OPTIONS(&chosen),
					  {NULL}};
	int result = ts_options_only(&ts_command_export, known, argc, argv);

	options->now_us = ts_now_us();
	if (!result)
		result = ts_chosen_filter(&chosen, options->now_us, &options->filter);
	if (!result && format)
		result = take_format(format, &options->format);
	if (!result && json && options->format != &ts_format_json) {
		ts_say("--json or --format %s, not both", format);
		result = -EINVAL;
	}
	if (!result && weight)
		result = take_weight(weight, options);
	if (!result && limit)
		result = ts_chosen_limit(limit, MOST_LIMIT, &options->limit);
	return result;
}

/* --- pieces ------------------------------------------------------------------------------ */

struct walk {
	const struct options *options;
	FILE *out;
	void *format;
	const struct ts_trace *traces; /* of this piece */
	size_t n, at;                  /* at: how many the format was given */
	uint64_t spans;
	size_t n_traces;
};

static int give_trace(struct walk *walk)
{
	int result = walk->options->format->trace(walk->format, &walk->traces[walk->at++]);

	return result == 0 && ferror(walk->out) ? -EPIPE : result;
}

static bool is_of(const struct ts_trace *trace, const struct ts_span *span)
{
	return !memcmp(&trace->trace_id, &span->trace_id, sizeof(span->trace_id));
}

static int take_span(void *context, const struct ts_span *span)
{
	struct walk *walk = context;
	int result = 0;

	while (result == 0 && (!walk->at || !is_of(&walk->traces[walk->at - 1], span))) {
		if (walk->at == walk->n)
			return -EPROTO;
		result = give_trace(walk);
	}
	ts_progress_count(++walk->spans);
	if (result == 0)
		result = walk->options->format->span(walk->format, span);
	return result == 0 && ferror(walk->out) ? -EPIPE : result;
}

static int export_piece(struct ts_query *query, struct walk *walk, const struct ts_piece *piece,
			struct ts_error *err)
{
	int result;

	walk->traces = ts_piece_traces(piece, &walk->n);
	walk->at = 0;
	result = ts_query_spans(query, piece, walk->options->format->shape, take_span, walk, err);
	while (result == 0 && walk->at < walk->n)
		result = give_trace(walk);
	walk->n_traces += walk->n;
	return result;
}

/* All of them. 0, -EPIPE where nobody takes it, or another negative errno. */
static int export_all(struct ts_query *query, struct walk *walk, struct ts_error *err)
{
	struct ts_query_filter filter = walk->options->filter;
	size_t left = walk->options->limit;
	struct ts_piece *before = NULL, *piece;
	int result;

	filter.with_payload = walk->options->format->payload;
	do {
		filter.limit = left < TS_PIECE_MOST ? left : TS_PIECE_MOST;
		result = ts_query_piece(query, &filter, before, &piece, err);
		if (result < 0)
			break;
		ts_piece_free(before);
		before = piece;
		result = export_piece(query, walk, piece, err);
		left -= walk->n;
	} while (result == 0 && walk->n == filter.limit && left > 0);
	ts_piece_free(before);
	return result;
}

static int export_to(struct ts_query *query, const struct options *options, FILE *out,
		     struct ts_error *err, size_t *ret_n)
{
	const struct ts_format *format = options->format;
	struct walk walk = {.options = options, .out = out};
	int result = format->begin(&walk.format, out, options->weight);

	if (result < 0)
		return result;
	/* on one terminal the two would get in each other's way */
	if (out != stdout || !ts_terminal()->bars)
		ts_progress_begin("spans");
	result = export_all(query, &walk, err);
	if (result == 0)
		result = format->end(walk.format);
	ts_progress_end();
	format->free(walk.format);
	*ret_n = walk.n_traces;
	return result;
}

/* --- the command ------------------------------------------------------------------------- */

static int export_stored(struct ts_query *query, const struct options *options)
{
	struct ts_error err = {.text = ""};
	FILE *out = options->output ? ts_outfile_begin(options->output) : stdout;
	size_t n = 0;
	int result;

	if (!out)
		return TS_EXIT_FAILED;
	result = export_to(query, options, out, &err, &n);
	if (result < 0 && !ferror(out))
		ts_say("%s", err.text[0] ? err.text : strerror(-result));
	if (options->output && (result == 0 || ferror(out)))
		result = ts_outfile_keep();
	else if (options->output)
		ts_outfile_drop();
	if (result < 0)
		return TS_EXIT_FAILED;
	fflush(stdout);
	if (!n)
		ts_period_say_none(query, &options->filter, options->now_us);
	return TS_EXIT_DONE;
}

static int run(int argc, char **argv)
{
	struct options options = {.limit = SIZE_MAX, .format = &ts_format_json};
	int result = take_options(&options, argc, argv);
	struct ts_query *query;

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	result = ts_stored_open_some(&query);
	if (result < 0)
		return TS_EXIT_USAGE;
	result = export_stored(query, &options);
	ts_query_free(query);
	return result;
}

const struct ts_command ts_command_export = {
	.name = "export",
	.summary = "write traces for other programs: JSON, CSV, Perfetto, flame graphs",
	.help = help,
	.reads = true,
	.run = run,
};
