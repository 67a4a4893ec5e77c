// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../command.h"
#include "../options.h"
#include "../terminal/print.h"
#include "../terminal/progress.h"
#include "../traces/period.h"
#include "../traces/stored.h"
#include "set.h"

#define DAY_US 86400000000LL

static const char help[] =
	"usage: traceshim compare [--json] TRACE TRACE\n"
	"       traceshim compare --before SET ... --after SET ... [--since WHEN]\n"
	"                         [--until WHEN] [--pipeline NAME] [--user ID] [--json]\n\n"
	"Shows two traces side by side, call by call; or tells what is slower, dearer,\n"
	"fails more or is called more often in one set of traces than in another, and\n"
	"claims nothing that may be noise. TRACE is the beginning of a trace's id, as\n"
	"list prints it, or last for the newest.\n\n"
	"  --before SET     the first set; given again, all must hold. SET is a period\n"
	"                   (2026-11-01..2026-11-02, 2d..1d, 1h..), a date (that day),\n"
	"                   program=NAME, pipeline=NAME, user=ID or attributes.KEY=VALUE\n"
	"  --after SET      the second one\n"
	"  --since WHEN     of both sets: started within the last 10m, 2h, 3d, or since a\n"
	"                   date or a date-time; 1d unless a period is given\n"
	"  --until WHEN     of both sets: started before then\n"
	"  --pipeline NAME  of both sets: only this pipeline's\n"
	"  --user ID        of both sets: of this user_id or telegram_id\n"
	"  --json           all differences as one object\n"
	"  -h, --help       this text\n\n"
	"exit status: 0 done, also where there are differences; 1 failed; 2 wrong usage,\n"
	"no such trace or several, or a set without traces\n\n"
	"example: traceshim compare 01a1fb5f-d7ea last\n"
	"example: traceshim compare --before 2d..1d --after 1d.. --pipeline learn\n"
	"example: traceshim compare --before program=bot-1 --after program=bot-2\n";

enum { BEFORE = TS_OPTION_LONG, AFTER, SINCE, UNTIL, PIPELINE, USER, JSON };

struct options {
	struct ts_query_filter both;
	struct ts_query_filter sets[2];
	bool has_set[2];
	bool has_both;
	bool json;
	bool help;
	char *const *traces; /* two, or NULL */
	int64_t now_us;
};

/* --- what was asked ---------------------------------------------------------------------- */

static int take_set(struct options *options, int side)
{
	options->has_set[side] = true;
	return ts_set_take(&options->sets[side], side ? "--after" : "--before", optarg,
			   options->now_us);
}

static int take_option(struct options *options, int option)
{
	options->has_both |= option >= SINCE && option <= USER;
	switch (option) {
	case BEFORE:
	case AFTER:
		return take_set(options, option == AFTER);
	case SINCE:
		return ts_period_take(&options->both, "--since", optarg, options->now_us);
	case UNTIL:
		return ts_period_take(&options->both, "--until", optarg, options->now_us);
	case PIPELINE:
		options->both.pipeline = optarg;
		return 0;
	case USER:
		options->both.user = optarg;
		return 0;
	case JSON:
		options->json = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/* What holds for both, where the set does not say it itself. */
static void complete(struct ts_query_filter *set, const struct options *options)
{
	const struct ts_query_filter *both = &options->both;

	if (!set->has_since && !set->has_until) {
		set->has_since = true;
		set->since_us = both->has_since ? both->since_us : options->now_us - DAY_US;
		set->has_until = both->has_until;
		set->until_us = both->until_us;
	}
	set->pipeline = set->pipeline ? set->pipeline : both->pipeline;
	set->user = set->user ? set->user : both->user;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* May one trace be on both sides? */
static bool overlap(const struct ts_query_filter *a, const struct ts_query_filter *b)
{
	bool apart = (a->has_until && b->has_since && a->until_us <= b->since_us) ||
		     (b->has_until && a->has_since && b->until_us <= a->since_us);

	return !apart && same_text(a->pipeline, b->pipeline) && same_text(a->user, b->user) &&
	       same_text(a->program, b->program) && same_text(a->attribute, b->attribute) &&
	       same_text(a->value, b->value);
}

static int check_sets(struct options *options)
{
	for (int side = 0; side < 2; side++) {
		if (!options->has_set[side]) {
			ts_say("compare needs both --before and --after; see traceshim help "
			       "compare");
			return -EINVAL;
		}
		complete(&options->sets[side], options);
		if (ts_period_check(&options->sets[side], options->now_us) < 0)
			return -EINVAL;
	}
	if (!overlap(&options->sets[0], &options->sets[1]))
		return 0;
	ts_say("--before and --after overlap: a trace may be on one side only");
	return -EINVAL;
}

static int check(struct options *options, int argc, char **argv)
{
	bool sets = options->has_set[0] || options->has_set[1];

	if (sets && optind < argc) {
		ts_say("compare takes two traces or two sets, not %s besides --before and --after",
		       argv[optind]);
		return -EINVAL;
	}
	if (sets)
		return check_sets(options);
	if (optind + 2 != argc || options->has_both) {
		ts_say("compare takes two traces, or --before and --after; see traceshim help "
		       "compare");
		return -EINVAL;
	}
	options->traces = argv + optind;
	return 0;
}

static int take_options(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {{"before", required_argument, NULL, BEFORE},
					      {"after", required_argument, NULL, AFTER},
					      {"since", required_argument, NULL, SINCE},
					      {"until", required_argument, NULL, UNTIL},
					      {"pipeline", required_argument, NULL, PIPELINE},
					      {"user", required_argument, NULL, USER},
					      {"json", no_argument, NULL, JSON},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	const struct ts_options known = {.command = "compare", .shorts = ":h", .longs = longs};
	int option;

	options->now_us = ts_now_us();
	while ((option = ts_options_next(&known, argc, argv)) != -1)
		if (take_option(options, option) < 0)
			return -EINVAL;
	return options->help ? 0 : check(options, argc, argv);
}

/* --- two sets ---------------------------------------------------------------------------- */

struct reading {
	struct ts_compare *compare;
	int side;
};

static int take_trace(void *context, const struct ts_trace *trace, const struct ts_span *spans,
		      size_t n)
{
	const struct reading *reading = context;
	struct ts_compare *compare = reading->compare;

	ts_progress_count(compare->traces[0] + compare->traces[1] + 1);
	return ts_compare_add(compare, reading->side, trace, spans, n);
}

static int read_sets(struct ts_query *query, const struct options *options,
		     struct ts_compare *compare, struct ts_error *err)
{
	int result = 0;

	ts_progress_begin("traces");
	for (int side = 0; result == 0 && side < 2; side++) {
		struct reading reading = {compare, side};

		result = ts_query_scan(query, &options->sets[side], take_trace, &reading, err);
	}
	ts_progress_end();
	return result;
}

static int print_sets(struct ts_query *query, const struct options *options,
		      struct ts_compare *compare)
{
	const struct ts_compared_sets sets = {
		compare, {&options->sets[0], &options->sets[1]}, options->now_us};

	for (int side = 0; side < 2; side++)
		if (!compare->traces[side]) {
			ts_say("there is no trace for %s", side ? "--after" : "--before");
			ts_period_say_none(query, &options->sets[side], options->now_us);
			return TS_EXIT_USAGE;
		}
	if (ts_compare_finish(compare) < 0) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	return options->json ? ts_compare_print_sets_json(&sets) : ts_compare_print_sets(&sets);
}

static int compare_sets(struct ts_query *query, const struct options *options)
{
	struct ts_error err = {.text = ""};
	struct ts_compare compare;
	int result;

	ts_compare_init(&compare);
	result = read_sets(query, options, &compare, &err);
	if (result < 0)
		ts_say("%s", err.text[0] ? err.text : strerror(-result));
	result = result < 0 ? TS_EXIT_USAGE : print_sets(query, options, &compare);
	ts_compare_release(&compare);
	return result;
}

/* --- two traces -------------------------------------------------------------------------- */

static int print_traces(struct ts_story *const stories[2], const struct ts_tree trees[2], bool json)
{
	struct ts_alignment alignment;
	const struct ts_compared_traces traces = {
		{ts_story_trace(stories[0]), ts_story_trace(stories[1])},
		{&trees[0], &trees[1]},
		&alignment,
	};
	int result = ts_align(&alignment, &trees[0], &trees[1]);

	if (result < 0) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	result = json ? ts_compare_print_traces_json(&traces) : ts_compare_print_traces(&traces);
	ts_alignment_release(&alignment);
	return result;
}

static int grow_trees(struct ts_story *const stories[2], bool json)
{
	struct ts_tree trees[2] = {{.n = 0}, {.n = 0}};
	int result = 0;

	for (int i = 0; result == 0 && i < 2; i++) {
		size_t n;
		const struct ts_span *spans = ts_story_spans(stories[i], &n);

		result = ts_tree_init(&trees[i], ts_story_trace(stories[i]), spans, n);
	}
	if (result < 0)
		ts_say("out of memory");
	result = result < 0 ? TS_EXIT_FAILED : print_traces(stories, trees, json);
	ts_tree_release(&trees[0]);
	ts_tree_release(&trees[1]);
	return result;
}

static int compare_traces(struct ts_query *query, const struct options *options)
{
	struct ts_story *stories[2] = {NULL, NULL};
	struct ts_error err = {.text = ""};
	int result = 0;

	for (int i = 0; result == 0 && i < 2; i++)
		result = ts_query_find(query, options->traces[i], &stories[i], &err);
	if (result < 0)
		ts_say("%s", err.text[0] ? err.text : strerror(-result));
	result = result < 0 ? TS_EXIT_USAGE : grow_trees(stories, options->json);
	ts_story_free(stories[0]);
	ts_story_free(stories[1]);
	return result;
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	struct ts_query *query;
	int result = take_options(&options, argc, argv);

	if (result < 0)
		return TS_EXIT_USAGE;
	if (options.help) {
		ts_command_help(&ts_command_compare);
		return TS_EXIT_DONE;
	}
	result = ts_stored_open_some(&query);
	if (result < 0)
		return TS_EXIT_USAGE;
	result = options.traces ? compare_traces(query, &options) : compare_sets(query, &options);
	ts_query_free(query);
	return result;
}

const struct ts_command ts_command_compare = {
	.name = "compare",
	.summary = "show what differs between two traces, or two sets of them",
	.help = help,
	.reads = true,
	.run = run,
};
