// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>
#include <math.h>

#include "../../jsonmember.h"
#include "../figures.h"

static void add_numbers(cJSON *to, const char *what, struct ts_figures *figures)
{
	ts_member_integer(to, what, (int64_t)figures->n);
	ts_member_integer(to, "failed", (int64_t)figures->failed);
	ts_member_number(to, "error_rate",
			 figures->n ? (double)figures->failed / (double)figures->n : NAN);
	ts_member_times(to, figures);
}

static size_t rows_of(const struct ts_keyed *rows, size_t top)
{
	return top && top < rows->n ? top : rows->n;
}

static void add_timeline(cJSON *to, const struct ts_timeline *timeline)
{
	cJSON *object = cJSON_AddObjectToObject(to, "timeline"), *traces, *failed;

	ts_member_moment(object, "since", timeline->since_us);
	ts_member_integer(object, "step_ms", timeline->step_us / 1000);
	traces = cJSON_AddArrayToObject(object, "traces");
	failed = cJSON_AddArrayToObject(object, "failed");
	for (size_t i = 0; i < timeline->n; i++) {
		cJSON_AddItemToArray(traces, cJSON_CreateNumber((double)timeline->traces[i]));
		cJSON_AddItemToArray(failed, cJSON_CreateNumber((double)timeline->failed[i]));
	}
}

/* `all`: its pipeline, or NULL: of no single one. */
static void add_span(cJSON *array, struct ts_figures *row, const struct ts_figures *all)
{
	cJSON *to = ts_member_object(array);

	ts_member_text(to, "span_name", ts_key_of(row, 0));
	add_numbers(to, "calls", row);
	ts_member_number(to, "self_ms", row->self_ms);
	ts_member_number(to, "path_ms", row->path_ms);
	if (!all)
		return;
	ts_member_number(to, "share", all->self_ms > 0 ? row->self_ms / all->self_ms : 0);
	ts_member_number(to, "path_share", all->total_ms > 0 ? row->path_ms / all->total_ms : 0);
}

static void add_pipeline(cJSON *array, struct ts_pipeline *pipeline, size_t top)
{
	cJSON *to = ts_member_object(array), *spans;
	double share = 0;
	const struct ts_figures *first = ts_pipeline_bottleneck(pipeline, &share);

	ts_member_text(to, "pipeline", ts_key_of(pipeline, 0));
	add_numbers(to, "traces", &pipeline->figures);
	ts_member_number(to, "busy_ms", pipeline->figures.self_ms);
	ts_member_spend(to, &pipeline->figures.spend);
	ts_member_text(to, "bottleneck",
		       first && share > TS_BOTTLENECK ? ts_key_of(first, 0) : NULL);
	spans = cJSON_AddArrayToObject(to, "spans");
	for (size_t i = 0; i < rows_of(&pipeline->spans, top); i++)
		add_span(spans, pipeline->spans.things[i], &pipeline->figures);
}

/* What a table is by; "" is unknown. */
static void add_name(cJSON *to, const char *key, const char *name)
{
	ts_member_text(to, key, *name ? name : NULL);
}

static void add_models(cJSON *array, const struct ts_keyed *models, size_t top)
{
	for (size_t i = 0; i < rows_of(models, top); i++) {
		struct ts_figures *row = models->things[i];
		cJSON *to = ts_member_object(array);

		add_name(to, "provider", ts_key_of(row, 0));
		if (ts_key_of(row, 1))
			add_name(to, "model", ts_key_of(row, 1));
		add_numbers(to, "calls", row);
		ts_member_spend(to, &row->spend);
	}
}

static void add_failures(cJSON *to, const struct ts_failures *failures, size_t top)
{
	cJSON *array = cJSON_AddArrayToObject(to, "failures");

	for (size_t i = 0; i < rows_of(&failures->groups, top); i++) {
		const struct ts_failure *failure = failures->groups.things[i];
		cJSON *object = ts_member_object(array);

		ts_member_text(object, "span_name", ts_key_of(failure, 0));
		ts_member_text(object, "error", ts_key_of(failure, 1));
		ts_member_text(object, "example", failure->sample);
		ts_member_integer(object, "calls", (int64_t)failure->calls);
		ts_member_integer(object, "traces", (int64_t)failure->traces);
		ts_member_integer(object, "failed_traces", (int64_t)failure->fatal);
		ts_member_uuid(object, "trace_id", &failure->latest);
		ts_member_moment(object, "started_at", failure->latest_us);
	}
	ts_member_integer(to, "failures_left_out", (int64_t)failures->others);
}

static void add_repeats(cJSON *to, const struct ts_keyed *repeats, size_t top)
{
	cJSON *array = cJSON_AddArrayToObject(to, "repeats");

	for (size_t i = 0; i < rows_of(repeats, top); i++) {
		const struct ts_repeat *repeat = repeats->things[i];
		cJSON *object = ts_member_object(array);

		ts_member_text(object, "parent", ts_key_of(repeat, 0));
		ts_member_text(object, "span_name", ts_key_of(repeat, 1));
		ts_member_text(object, "after", ts_key_of(repeat, 2));
		ts_member_integer(object, "traces", (int64_t)repeat->traces);
		ts_member_integer(object, "parents", (int64_t)repeat->parents);
		ts_member_integer(object, "helped", (int64_t)repeat->helped);
		if (repeat->kind == TS_REPEAT_FALLBACK) {
			ts_member_integer(object, "fallbacks", (int64_t)repeat->fallbacks);
			continue;
		}
		ts_member_integer(object, "calls", (int64_t)repeat->calls);
		ts_member_integer(object, "least", (int64_t)repeat->least);
		ts_member_integer(object, "most", (int64_t)repeat->most);
		ts_member_integer(object, "retries", (int64_t)repeat->retries);
		ts_member_integer(object, "beside", (int64_t)repeat->beside);
	}
}

static void add_rows(cJSON *to, const struct ts_report *report, size_t top)
{
	static const char *const keys[] = {
		[TS_BY_PIPELINE] = "pipeline", [TS_BY_USER] = "user", [TS_BY_DAY] = "day"};
	cJSON *array = cJSON_AddArrayToObject(to, "rows");

	if (report->by == TS_BY_MODEL || report->by == TS_BY_PROVIDER) {
		add_models(array, &report->rows, top);
		return;
	}
	for (size_t i = 0; i < rows_of(&report->rows, top); i++) {
		struct ts_figures *row = report->rows.things[i];
		cJSON *object;

		if (report->by == TS_BY_SPAN) {
			add_span(array, row, NULL);
			continue;
		}
		object = ts_member_object(array);
		if (report->by == TS_BY_TENANT) /* '' is the one of who names none */
			ts_member_text(object, "tenant_id", ts_key_of(row, 0));
		else
			add_name(object, keys[report->by], ts_key_of(row, 0));
		add_numbers(object, "traces", row);
		ts_member_spend(object, &row->spend);
	}
}

static void add_tables(cJSON *to, const struct ts_report *report, size_t top)
{
	cJSON *array = cJSON_AddArrayToObject(to, "pipelines");

	for (size_t i = 0; i < rows_of(&report->pipelines, top); i++)
		add_pipeline(array, report->pipelines.things[i], top);
	add_models(cJSON_AddArrayToObject(to, "models"), &report->models, top);
	add_failures(to, &report->failures, top);
	add_repeats(to, &report->repeats, top);
}

char *ts_document_report(struct ts_report *report, const struct ts_query_filter *filter, size_t top)
{
	cJSON *document = cJSON_CreateObject();

	ts_member_moment(document, "since", filter->since_us);
	if (filter->has_until)
		ts_member_moment(document, "until", filter->until_us);
	else
		cJSON_AddNullToObject(document, "until");
	ts_member_text(document, "pipeline", filter->pipeline);
	ts_member_text(document, "user", filter->user);
	add_numbers(document, "traces", &report->all);
	ts_member_number(document, "busy_ms", report->all.self_ms);
	ts_member_integer(document, "calls", (int64_t)report->calls);
	ts_member_spend(document, &report->all.spend);
	add_timeline(document, &report->timeline);
	if (report->by)
		add_rows(document, report, top);
	else
		add_tables(document, report, top);
	return ts_member_finish(document);
}
