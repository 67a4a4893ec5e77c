// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "path.h"
#include "tree.h"

void ts_report_init(struct ts_report *report, enum ts_report_by by, int64_t since_us,
		    int64_t until_us)
{
	*report = (struct ts_report){.by = by};
	ts_timeline_init(&report->timeline, since_us, until_us);
	ts_keyed_init(&report->pipelines, sizeof(struct ts_pipeline));
	ts_keyed_init(&report->models, sizeof(struct ts_figures));
	ts_keyed_init(&report->rows, sizeof(struct ts_figures));
	ts_keyed_init(&report->repeats, sizeof(struct ts_repeat));
	ts_failures_init(&report->failures);
}

/* --- one trace ----------------------------------------------------------------------------- */

struct adding {
	struct ts_report *report;
	const struct ts_trace *trace;
	struct ts_tree tree;
	struct ts_spend spend;
	double *path_ms; /* of each node */
	double root_path_ms;
	double busy_ms;
	char root[256]; /* "pipeline:learn" */
};

static int add_row(struct ts_keyed *rows, const struct ts_key *key, double duration_ms,
		   bool success, struct ts_figures **ret)
{
	*ret = ts_keyed_get(rows, key);
	return *ret ? ts_figures_add(*ret, duration_ms, success) : -ENOMEM;
}

/* The own times of all its calls, and of the pipeline itself. */
static double busy_of(const struct ts_tree *tree)
{
	double ms = tree->self_ms;

	for (size_t i = 0; i < tree->n; i++)
		ms += tree->nodes[i].self_ms;
	return ms;
}

/* Spans by name, and the pipeline among them, each with its own time. */
static int add_spans(const struct adding *adding, struct ts_keyed *to)
{
	const struct ts_trace *trace = adding->trace;
	struct ts_figures *row;
	int result = add_row(to, &(struct ts_key){{adding->root}}, trace->duration_ms,
			     trace->success, &row);

	if (result == 0) {
		row->self_ms += adding->tree.self_ms;
		row->path_ms += adding->root_path_ms;
	}
	for (size_t i = 0; result == 0 && i < adding->tree.n; i++) {
		const struct ts_tree_node *node = &adding->tree.nodes[i];

		result = add_row(to, &(struct ts_key){{node->span->span_name}},
				 node->span->duration_ms, node->span->success, &row);
		if (result < 0)
			break;
		row->self_ms += node->self_ms;
		if (adding->path_ms[i] != TS_PATH_OFF)
			row->path_ms += adding->path_ms[i];
	}
	return result;
}

/* The calls of models that are counted: the trace's sums, and a row each in `to` (NULL: none). */
static int add_calls(struct adding *adding, struct ts_keyed *to)
{
	const struct ts_tree *tree = &adding->tree;
	struct ts_spend spend;
	int result = 0;

	for (size_t i = ts_spend_next(tree, 0, &spend); result == 0 && i < tree->n;
	     i = ts_spend_next(tree, tree->nodes[i].end, &spend)) {
		const struct ts_span *span = tree->nodes[i].span;
		const char *provider = span->provider ? span->provider : "";
		struct ts_key key = {{provider, ts_spend_model(tree, i)}};
		struct ts_figures *row;

		ts_spend_add(&adding->spend, &spend);
		if (!to)
			continue;
		if (adding->report->by == TS_BY_PROVIDER)
			key.parts[1] = NULL;
		result = add_row(to, &key, span->duration_ms, span->success, &row);
		if (result < 0)
			break;
		ts_spend_add(&row->spend, &spend);
		row->self_ms += tree->nodes[i].self_ms;
	}
	return result;
}

/* What the trace is counted under where it is `by` something of its own; NULL: by something of its calls. */
static const char *key_of(const struct ts_report *report, const struct ts_trace *trace,
			  char text[32])
{
	time_t seconds = (time_t)(trace->started_us / 1000000);
	struct tm tm;

	switch (report->by) {
	case TS_BY_PIPELINE:
		return trace->pipeline_name;
	case TS_BY_TENANT:
		return trace->tenant_id;
	case TS_BY_DAY:
		localtime_r(&seconds, &tm);
		strftime(text, 32, "%Y-%m-%d", &tm);
		return text;
	case TS_BY_USER:
		if (trace->user_id || !trace->telegram_id.known)
			return trace->user_id ? trace->user_id : "";
		snprintf(text, 32, "%" PRId64, trace->telegram_id.value);
		return text;
	default:
		return NULL;
	}
}

static int add_by(struct adding *adding)
{
	struct ts_report *report = adding->report;
	char text[32];
	const char *key = key_of(report, adding->trace, text);
	bool models = report->by == TS_BY_MODEL || report->by == TS_BY_PROVIDER;
	struct ts_figures *row;
	int result = add_calls(adding, models ? &report->rows : NULL);

	if (result == 0 && report->by == TS_BY_SPAN)
		result = add_spans(adding, &report->rows);
	if (result < 0 || !key)
		return result;
	result = add_row(&report->rows, &(struct ts_key){{key}}, adding->trace->duration_ms,
			 adding->trace->success, &row);
	if (result == 0)
		ts_spend_add(&row->spend, &adding->spend);
	return result;
}

static int add_all(struct adding *adding)
{
	struct ts_report *report = adding->report;
	const struct ts_trace *trace = adding->trace;
	struct ts_pipeline *pipeline =
		ts_keyed_get(&report->pipelines, &(struct ts_key){{trace->pipeline_name}});
	uint64_t number = report->all.n;
	int result;

	if (!pipeline)
		return -ENOMEM;
	if (!pipeline->figures.n)
		ts_keyed_init(&pipeline->spans, sizeof(struct ts_figures));
	result = add_calls(adding, &report->models);
	if (result == 0)
		result = ts_figures_add(&pipeline->figures, trace->duration_ms, trace->success);
	if (result == 0)
		result = add_spans(adding, &pipeline->spans);
	if (result == 0)
		result = ts_failures_add(&report->failures, trace, &adding->tree, adding->root,
					 number);
	if (result == 0)
		result = ts_repeats_add(&report->repeats, &adding->tree, adding->root, number);
	ts_spend_add(&pipeline->figures.spend, &adding->spend);
	pipeline->figures.self_ms += adding->busy_ms;
	return result;
}

int ts_report_add(struct ts_report *report, const struct ts_trace *trace,
		  const struct ts_span *spans, size_t n)
{
	struct adding adding = {.report = report, .trace = trace};
	int result = ts_tree_init(&adding.tree, trace, spans, n);

	if (result < 0)
		return result;
	adding.busy_ms = busy_of(&adding.tree);
	snprintf(adding.root, sizeof(adding.root), "pipeline:%s", trace->pipeline_name);
	adding.path_ms = calloc(n + 1, sizeof(*adding.path_ms));
	result = adding.path_ms
			 ? ts_path_find(trace, &adding.tree, adding.path_ms, &adding.root_path_ms)
			 : -ENOMEM;
	if (result == 0)
		result = ts_figures_add(&report->all, trace->duration_ms, trace->success);
	if (result == 0)
		result = report->by ? add_by(&adding) : add_all(&adding);
	ts_spend_add(&report->all.spend, &adding.spend);
	report->all.self_ms += adding.busy_ms;
	report->calls += n;
	ts_timeline_add(&report->timeline, trace->started_us, trace->success);
	free(adding.path_ms);
	ts_tree_release(&adding.tree);
	return result;
}

/* --- in order ------------------------------------------------------------------------------ */

/* As their keys read, where nothing else tells. */
static int compare_keys(const void *a, const void *b)
{
	for (size_t i = 0; i < TS_KEY_PARTS; i++) {
		const char *x = ts_key_of(a, i), *y = ts_key_of(b, i);
		int order = x && y ? strcmp(x, y) : (x != NULL) - (y != NULL);

		if (order || !x)
			return order;
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct ts_figures *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : compare_keys(a, b);
}

static int by_pipeline(const void *a, const void *b)
{
	const struct ts_pipeline *x = a, *y = b;
	uint64_t m = x->figures.n, n = y->figures.n;

	return m != n ? (m < n) - (m > n) : compare_keys(a, b);
}

static int by_self(const void *a, const void *b)
{
	double x = ((const struct ts_figures *)a)->self_ms,
	       y = ((const struct ts_figures *)b)->self_ms;

	return x > y ? -1 : x < y ? 1 : compare_keys(a, b);
}

static int by_cost(const void *a, const void *b)
{
	int64_t x = ((const struct ts_figures *)a)->spend.cost_nano_usd.known;
	int64_t y = ((const struct ts_figures *)b)->spend.cost_nano_usd.known;

	return x != y ? (x < y) - (x > y) : by_number(a, b);
}

static int by_calls(const void *a, const void *b)
{
	const struct ts_failure *x = a, *y = b;

	return x->calls != y->calls ? (x->calls < y->calls) - (x->calls > y->calls)
				    : compare_keys(a, b);
}

/* What followed failures first. */
static int by_repeats(const void *a, const void *b)
{
	const struct ts_repeat *x = a, *y = b;
	uint64_t m = x->retries + x->fallbacks, n = y->retries + y->fallbacks;

	if (m != n)
		return (m < n) - (m > n);
	if (x->calls != y->calls)
		return (x->calls < y->calls) - (x->calls > y->calls);
	return compare_keys(a, b);
}

void ts_report_finish(struct ts_report *report)
{
	bool models = report->by == TS_BY_MODEL || report->by == TS_BY_PROVIDER;

	ts_keyed_sort(&report->pipelines, by_pipeline);
	for (size_t i = 0; i < report->pipelines.n; i++)
		ts_keyed_sort(&((struct ts_pipeline *)report->pipelines.things[i])->spans, by_self);
	ts_keyed_sort(&report->models, by_cost);
	ts_keyed_sort(&report->rows, models                     ? by_cost
				     : report->by == TS_BY_SPAN ? by_self
				     : report->by == TS_BY_DAY  ? compare_keys
								: by_number);
	ts_keyed_sort(&report->failures.groups, by_calls);
	ts_keyed_sort(&report->repeats, by_repeats);
}

const struct ts_figures *ts_pipeline_bottleneck(const struct ts_pipeline *pipeline,
						double *ret_share)
{
	const struct ts_figures *first = pipeline->spans.n ? pipeline->spans.things[0] : NULL;

	if (first)
		*ret_share = pipeline->figures.self_ms > 0
				     ? first->self_ms / pipeline->figures.self_ms
				     : 0;
	return first;
}

static void release_all(struct ts_keyed *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		ts_figures_release(rows->things[i]);
	ts_keyed_release(rows);
}

void ts_report_release(struct ts_report *report)
{
	for (size_t i = 0; i < report->pipelines.n; i++) {
		struct ts_pipeline *pipeline = report->pipelines.things[i];

		ts_figures_release(&pipeline->figures);
		release_all(&pipeline->spans);
	}
	ts_keyed_release(&report->pipelines);
	release_all(&report->models);
	release_all(&report->rows);
	ts_keyed_release(&report->repeats);
	ts_failures_release(&report->failures);
	ts_figures_release(&report->all);
}
