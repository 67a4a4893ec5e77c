// SPDX-License-Identifier: Apache-2.0
#include "tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../uuid.h"
#include "../terminal/amount.h"
#include "../terminal/grid.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "spark.h"

#define DURATION 32
#define WIDE     110 /* columns from which on each pipeline shows how its times are spread */

static size_t rows_of(const struct ts_overview *overview, const struct ts_keyed *rows)
{
	return rows->n < overview->top ? rows->n : overview->top;
}

static void put_duration(struct ts_grid *grid, double ms)
{
	char text[DURATION];

	ts_when_duration(ms, text, sizeof(text));
	ts_grid_put(grid, "%s", text);
}

static void put_percentiles(struct ts_grid *grid, struct ts_figures *figures)
{
	put_duration(grid, ts_samples_percentile(&figures->durations_ms, 50));
	put_duration(grid, ts_samples_percentile(&figures->durations_ms, 95));
	put_duration(grid, ts_samples_percentile(&figures->durations_ms, 99));
}

/* How many, and of those how many failed. */
static void put_numbers(struct ts_grid *grid, const struct ts_figures *figures)
{
	ts_grid_put(grid, "%s", ts_amount_count(figures->n).text);
	ts_grid_put(grid, "%s", ts_amount_share((double)figures->failed, (double)figures->n).text);
}

static void say_rest(const struct ts_overview *overview, size_t n)
{
	if (n > overview->top)
		printf("%s%s more (--top N)%s\n", ts_style(TS_STYLE_DIM),
		       ts_amount_count(n - overview->top).text, ts_style(TS_STYLE_PLAIN));
}

/* --- pipelines ----------------------------------------------------------------------------- */

static void put_bottleneck(struct ts_grid *grid, const struct ts_pipeline *pipeline)
{
	double share = 0;
	const struct ts_figures *first = ts_pipeline_bottleneck(pipeline, &share);

	if (first && share > TS_BOTTLENECK)
		ts_grid_put(grid, "%s %s", ts_key_of(first, 0), ts_amount_share(share, 1).text);
	else
		ts_grid_put(grid, "%s", "");
}

static int print_pipelines(const struct ts_overview *overview)
{
	bool spread = ts_terminal()->bars && ts_terminal()->columns >= WIDE;
	const struct ts_grid_column columns[] = {{"pipeline", TS_GRID_NAME},
						 {"traces", TS_GRID_FIGURE},
						 {"failed", TS_GRID_FIGURE},
						 {"p50", TS_GRID_SPARE},
						 {"p95", TS_GRID_FIGURE},
						 {"p99", TS_GRID_SPARE},
						 {"cost", TS_GRID_FIGURE},
						 {"bottleneck", TS_GRID_NAME},
						 {spread ? "spread" : NULL, TS_GRID_TEXT},
						 {NULL, TS_GRID_TEXT}};
	struct ts_grid *grid = ts_grid_new(columns);
	const struct ts_keyed *pipelines = &overview->report->pipelines;
	double least, most;

	ts_spark_bounds(&overview->report->all.durations_ms, &least, &most);
	for (size_t i = 0; i < rows_of(overview, pipelines); i++) {
		struct ts_pipeline *pipeline = pipelines->things[i];

		ts_grid_row(grid, TS_STYLE_PLAIN);
		ts_grid_put(grid, "%s", ts_key_of(pipeline, 0));
		put_numbers(grid, &pipeline->figures);
		put_percentiles(grid, &pipeline->figures);
		ts_grid_put(grid, "%s", ts_amount_cost(&pipeline->figures.spend).text);
		put_bottleneck(grid, pipeline);
		ts_grid_put(grid, "%s",
			    ts_spark_spread(&pipeline->figures.durations_ms, least, most, 16).text);
	}
	putchar('\n');
	if (ts_grid_print(grid) < 0)
		return -ENOMEM;
	say_rest(overview, pipelines->n);
	return 0;
}

/* --- where the time went ------------------------------------------------------------------- */

struct place {
	struct ts_pipeline *pipeline;
	struct ts_figures *figures;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->figures->self_ms != y->figures->self_ms)
		return x->figures->self_ms > y->figures->self_ms ? -1 : 1;
	return strcmp(ts_key_of(x->pipeline, 0), ts_key_of(y->pipeline, 0));
}

/* The spans of all pipelines, that with most time of its own first. From malloc. */
static struct place *gather_places(const struct ts_report *report, size_t *ret_n)
{
	struct place *places;
	size_t n = 0;

	for (size_t i = 0; i < report->pipelines.n; i++)
		n += ((struct ts_pipeline *)report->pipelines.things[i])->spans.n;
	places = calloc(n + 1, sizeof(*places));
	*ret_n = 0;
	for (size_t i = 0; places && i < report->pipelines.n; i++) {
		struct ts_pipeline *pipeline = report->pipelines.things[i];

		for (size_t j = 0; j < pipeline->spans.n; j++)
			places[(*ret_n)++] = (struct place){pipeline, pipeline->spans.things[j]};
	}
	if (places)
		qsort(places, *ret_n, sizeof(*places), compare_places);
	return places;
}

/* Is it the pipeline's own code that took the time? */
static bool is_itself(const struct place *place)
{
	const char *name = ts_key_of(place->figures, 0);

	return !strncmp(name, "pipeline:", strlen("pipeline:")) &&
	       !strcmp(name + strlen("pipeline:"), ts_key_of(place->pipeline, 0));
}

static void put_place(struct ts_grid *grid, const struct place *place)
{
	const struct ts_figures *all = &place->pipeline->figures;
	bool bottleneck = place->figures->self_ms > TS_BOTTLENECK * all->self_ms &&
			  place->figures == place->pipeline->spans.things[0];

	ts_grid_row(grid, bottleneck ? TS_STYLE_BOLD : TS_STYLE_PLAIN);
	if (is_itself(place))
		ts_grid_put(grid, "%s itself", ts_key_of(place->pipeline, 0));
	else
		ts_grid_put(grid, "%s > %s", ts_key_of(place->pipeline, 0),
			    ts_key_of(place->figures, 0));
	put_numbers(grid, place->figures);
	put_duration(grid, ts_samples_percentile(&place->figures->durations_ms, 95));
	put_duration(grid, place->figures->self_ms);
	ts_grid_put(grid, "%s", ts_amount_share(place->figures->self_ms, all->self_ms).text);
	ts_grid_put(grid, "%s", ts_amount_share(place->figures->path_ms, all->total_ms).text);
	ts_grid_put(grid, "%s", bottleneck ? "<-" : "");
}

static int print_places(const struct ts_overview *overview)
{
	static const struct ts_grid_column columns[] = {{"where the time went", TS_GRID_NAME},
							{"calls", TS_GRID_FIGURE},
							{"failed", TS_GRID_SPARE},
							{"p95", TS_GRID_SPARE},
							{"self", TS_GRID_FIGURE},
							{"of busy", TS_GRID_FIGURE},
							{"of wall", TS_GRID_SPARE},
							{"", TS_GRID_TEXT},
							{NULL, TS_GRID_TEXT}};
	struct ts_grid *grid = ts_grid_new(columns);
	size_t n;
	struct place *places = gather_places(overview->report, &n);

	for (size_t i = 0; places && i < n && i < overview->top; i++)
		put_place(grid, &places[i]);
	free(places);
	putchar('\n');
	if (ts_grid_print(grid) < 0 || !places)
		return -ENOMEM;
	say_rest(overview, n);
	return 0;
}

static const char *known(const char *name)
{
	return *name ? name : "?";
}

/* --- where the money went ------------------------------------------------------------------ */

/* Is this the first of a table in which the dearest comes first, and was anything paid for it? */
static bool is_dearest(const struct ts_keyed *models, size_t i)
{
	const struct ts_figures *first = models->things[0];

	return i == 0 && models->n > 1 && first->spend.cost_nano_usd.known > 0;
}

static int print_models(const struct ts_overview *overview)
{
	static const struct ts_grid_column columns[] = {{"where the money went", TS_GRID_NAME},
							{"calls", TS_GRID_FIGURE},
							{"failed", TS_GRID_SPARE},
							{"tokens in", TS_GRID_SPARE},
							{"out", TS_GRID_SPARE},
							{"cost", TS_GRID_FIGURE},
							{"", TS_GRID_TEXT},
							{NULL, TS_GRID_TEXT}};
	const struct ts_keyed *models = &overview->report->models;
	struct ts_grid *grid;

	if (!models->n)
		return 0;
	grid = ts_grid_new(columns);
	for (size_t i = 0; i < rows_of(overview, models); i++) {
		struct ts_figures *row = models->things[i];
		const struct ts_spend *spend = &row->spend;

		ts_grid_row(grid, is_dearest(models, i) ? TS_STYLE_BOLD : TS_STYLE_PLAIN);
		ts_grid_put(grid, "%s %s", known(ts_key_of(row, 0)), known(ts_key_of(row, 1)));
		put_numbers(grid, row);
		ts_grid_put(grid, "%s", ts_amount_tokens(&spend->input_tokens, spend->calls).text);
		ts_grid_put(grid, "%s", ts_amount_tokens(&spend->output_tokens, spend->calls).text);
		ts_grid_put(grid, "%s", ts_amount_cost(spend).text);
		ts_grid_put(grid, "%s", is_dearest(models, i) ? "<-" : "");
	}
	putchar('\n');
	if (ts_grid_print(grid) < 0)
		return -ENOMEM;
	say_rest(overview, models->n);
	return 0;
}

/* --- what went wrong ----------------------------------------------------------------------- */

/* Of an id so much as tells it from all others that are stored. */
static void put_id(struct ts_grid *grid, const struct ts_uuid *id, size_t digits)
{
	char text[TS_UUID_TEXT];

	ts_uuid_format(id, text);
	digits += (digits > 8) + (digits > 12) + (digits > 16) + (digits > 20);
	ts_grid_put(grid, "%.*s", (int)digits, text);
}

static int find_digits(struct ts_query *query, const struct ts_overview *overview, size_t *ret,
		       struct ts_error *err)
{
	const struct ts_keyed *groups = &overview->report->failures.groups;
	size_t n = rows_of(overview, groups);
	struct ts_uuid *ids = calloc(n + 1, sizeof(*ids));
	int result;

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ids[i] = ((struct ts_failure *)groups->things[i])->latest;
	result = ts_query_digits(query, ids, n, ret, err);
	free(ids);
	return result;
}

static int print_failures(struct ts_query *query, const struct ts_overview *overview,
			  struct ts_error *err)
{
	static const struct ts_grid_column columns[] = {
		{"what went wrong", TS_GRID_NAME}, {"times", TS_GRID_FIGURE},
		{"fatal", TS_GRID_SPARE},          {"error", TS_GRID_NAME},
		{"as in trace", TS_GRID_TEXT},     {NULL, TS_GRID_TEXT}};
	const struct ts_keyed *groups = &overview->report->failures.groups;
	struct ts_grid *grid;
	size_t digits;
	int result;

	if (!groups->n)
		return 0;
	result = find_digits(query, overview, &digits, err);
	if (result < 0)
		return result;
	grid = ts_grid_new(columns);
	for (size_t i = 0; i < rows_of(overview, groups); i++) {
		const struct ts_failure *failure = groups->things[i];

		ts_grid_row(grid, TS_STYLE_PLAIN);
		ts_grid_put(grid, "%s", ts_key_of(failure, 0));
		ts_grid_put(grid, "%s", ts_amount_count(failure->calls).text);
		ts_grid_put(grid, "%s", ts_amount_count(failure->fatal).text);
		ts_grid_put(grid, "%s", failure->varied ? ts_key_of(failure, 1) : failure->sample);
		put_id(grid, &failure->latest, digits);
	}
	putchar('\n');
	if (ts_grid_print(grid) < 0)
		return -ENOMEM;
	say_rest(overview, groups->n);
	return 0;
}

/* --- what was called again ----------------------------------------------------------------- */

/* "x2 to x8", and whether most of them ran beside each other. */
static void put_times(struct ts_grid *grid, const struct ts_repeat *repeat)
{
	bool beside = 2 * repeat->beside > repeat->calls - repeat->parents;

	if (repeat->kind == TS_REPEAT_FALLBACK)
		ts_grid_put(grid, "%s", "");
	else if (repeat->least == repeat->most)
		ts_grid_put(grid, "x%s%s", ts_amount_count(repeat->most).text,
			    beside ? " at once" : "");
	else
		ts_grid_put(grid, "x%s to x%s%s", ts_amount_count(repeat->least).text,
			    ts_amount_count(repeat->most).text, beside ? " at once" : "");
}

static void put_failures(struct ts_grid *grid, const struct ts_repeat *repeat)
{
	uint64_t after = repeat->retries + repeat->fallbacks;

	ts_grid_put(grid, "%s", after ? ts_amount_count(after).text : "-");
	ts_grid_put(grid, "%s", after ? ts_amount_count(repeat->helped).text : "");
}

static int print_repeats(const struct ts_overview *overview)
{
	static const struct ts_grid_column columns[] = {{"what was called again", TS_GRID_NAME},
							{"times", TS_GRID_FIGURE},
							{"failures", TS_GRID_FIGURE},
							{"helped", TS_GRID_SPARE},
							{NULL, TS_GRID_TEXT}};
	const struct ts_keyed *repeats = &overview->report->repeats;
	struct ts_grid *grid;

	if (!repeats->n)
		return 0;
	grid = ts_grid_new(columns);
	for (size_t i = 0; i < rows_of(overview, repeats); i++) {
		const struct ts_repeat *repeat = repeats->things[i];

		ts_grid_row(grid, TS_STYLE_PLAIN);
		if (repeat->kind == TS_REPEAT_SAME)
			ts_grid_put(grid, "%s > %s", ts_key_of(repeat, 0), ts_key_of(repeat, 1));
		else
			ts_grid_put(grid, "%s > %s -> %s", ts_key_of(repeat, 0),
				    ts_key_of(repeat, 2),
				    strcmp(ts_key_of(repeat, 2), ts_key_of(repeat, 1)) != 0
					    ? ts_key_of(repeat, 1)
					    : "another model");
		put_times(grid, repeat);
		put_failures(grid, repeat);
	}
	putchar('\n');
	if (ts_grid_print(grid) < 0)
		return -ENOMEM;
	say_rest(overview, repeats->n);
	return 0;
}

/* --- by one thing -------------------------------------------------------------------------- */

/* In and out together. */
static void put_tokens(struct ts_grid *grid, const struct ts_spend *spend)
{
	struct ts_sum both = spend->input_tokens;

	ts_sum_add(&both, &spend->output_tokens);
	/* of a call that does not know either, both are not known */
	both.unknown = spend->input_tokens.unknown > spend->output_tokens.unknown
			       ? spend->input_tokens.unknown
			       : spend->output_tokens.unknown;
	ts_grid_put(grid, "%s", ts_amount_tokens(&both, spend->calls).text);
}

/* A user or a tenant that is not named is none; a model or a provider is one that nobody knows. */
static const char *name_of(enum ts_report_by by, const struct ts_figures *row)
{
	const char *name = ts_key_of(row, by == TS_BY_MODEL);

	if (by == TS_BY_USER || by == TS_BY_TENANT)
		return *name ? name : "(none)";
	return known(name);
}

int ts_overview_rows(const struct ts_overview *overview)
{
	static const char *const names[] = {[TS_BY_PIPELINE] = "pipeline",
					    [TS_BY_SPAN] = "span",
					    [TS_BY_MODEL] = "model",
					    [TS_BY_PROVIDER] = "provider",
					    [TS_BY_USER] = "user",
					    [TS_BY_TENANT] = "tenant",
					    [TS_BY_DAY] = "day"};
	const struct ts_report *report = overview->report;
	bool spans = report->by == TS_BY_SPAN;
	bool calls = spans || report->by == TS_BY_MODEL || report->by == TS_BY_PROVIDER;
	const struct ts_grid_column columns[] = {{names[report->by], TS_GRID_NAME},
						 {calls ? "calls" : "traces", TS_GRID_FIGURE},
						 {"failed", TS_GRID_FIGURE},
						 {"p50", TS_GRID_SPARE},
						 {"p95", TS_GRID_FIGURE},
						 {"p99", TS_GRID_SPARE},
						 {spans ? "self" : "tokens", TS_GRID_FIGURE},
						 {spans ? "path" : "cost", TS_GRID_FIGURE},
						 {NULL, TS_GRID_TEXT}};
	struct ts_grid *grid = ts_grid_new(columns);

	for (size_t i = 0; i < rows_of(overview, &report->rows); i++) {
		struct ts_figures *row = report->rows.things[i];

		ts_grid_row(grid, TS_STYLE_PLAIN);
		ts_grid_put(grid, "%s", name_of(report->by, row));
		put_numbers(grid, row);
		put_percentiles(grid, row);
		if (spans) {
			put_duration(grid, row->self_ms);
			put_duration(grid, row->path_ms);
			continue;
		}
		put_tokens(grid, &row->spend);
		ts_grid_put(grid, "%s", ts_amount_cost(&row->spend).text);
	}
	putchar('\n');
	if (ts_grid_print(grid) < 0)
		return -ENOMEM;
	say_rest(overview, report->rows.n);
	return 0;
}

int ts_overview_tables(struct ts_query *query, const struct ts_overview *overview,
		       struct ts_error *err)
{
	int result = print_pipelines(overview);

	if (result == 0)
		result = print_places(overview);
	if (result == 0)
		result = print_models(overview);
	if (result == 0)
		result = print_failures(query, overview, err);
	if (result == 0)
		result = print_repeats(overview);
	return result;
}
