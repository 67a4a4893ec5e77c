// SPDX-License-Identifier: Apache-2.0
/* `compare --json`; traceshim-compare(1) is its contract. */
#include <cjson/cJSON.h>

#include "../../jsonmember.h"
#include "../terminal/print.h"
#include "compare.h"

/* --- two sets ------------------------------------------------------------------------------- */

static void add_moment(cJSON *to, const char *key, bool known, int64_t us)
{
	if (known)
		ts_member_moment(to, key, us);
	else
		cJSON_AddNullToObject(to, key);
}

static void add_set(cJSON *to, const struct ts_compared_sets *sets, int side)
{
	cJSON *object = cJSON_AddObjectToObject(to, side ? "after" : "before");
	const struct ts_query_filter *filter = sets->filters[side];

	add_moment(object, "since", filter->has_since, filter->since_us);
	add_moment(object, "until", filter->has_until, filter->until_us);
	ts_member_text(object, "pipeline", filter->pipeline);
	ts_member_text(object, "user", filter->user);
	ts_member_text(object, "program", filter->program);
	ts_member_text(object, "attribute", filter->attribute);
	ts_member_text(object, "value", filter->value);
	ts_member_integer(object, "traces", (int64_t)sets->compare->traces[side]);
}

static void add_side(cJSON *to, const char *key, const struct ts_compared_side *side)
{
	cJSON *object = cJSON_AddObjectToObject(to, key);

	ts_member_integer(object, "traces", (int64_t)side->n);
	ts_member_number(object, "value", side->value);
	ts_member_number(object, "q1", side->q1);
	ts_member_number(object, "q3", side->q3);
}

static void add_difference(cJSON *array, const struct ts_difference *it)
{
	static const char *const measures[TS_MEASURES] = {"time_ms", "cost_nano_usd", "failures",
							  "calls"};
	cJSON *to = ts_member_object(array);

	ts_member_text(to, "pipeline", it->pipeline);
	ts_member_text(to, "span_name", *it->span_name ? it->span_name : NULL);
	ts_member_text(to, "measure", measures[it->measure]);
	add_side(to, "before", &it->sides[0]);
	add_side(to, "after", &it->sides[1]);
	ts_member_text(to, "test", it->measure == TS_MEASURE_FAILURES ? "fisher" : "mann-whitney");
	cJSON_AddBoolToObject(to, "exact", it->exact);
	ts_member_number(to, "p", it->p);
	ts_member_number(to, "p_corrected", it->p_corrected);
	cJSON_AddBoolToObject(to, "differs", it->is_claimed);
	ts_member_number(to, "shift", it->shift.shift);
	ts_member_number(to, "shift_low", it->shift.low);
	ts_member_number(to, "shift_high", it->shift.high);
}

static void add_alone(cJSON *document, const struct ts_compare *compare, int side)
{
	cJSON *array = cJSON_AddArrayToObject(document, side ? "only_after" : "only_before");
	const char *pipeline, *span;
	uint64_t traces;
	size_t at = 0;

	while (ts_compare_alone(compare, side, &at, &pipeline, &span, &traces)) {
		cJSON *to = ts_member_object(array);

		ts_member_text(to, "pipeline", pipeline);
		ts_member_text(to, "span_name", *span ? span : NULL);
		ts_member_integer(to, "traces", (int64_t)traces);
	}
}

int ts_compare_print_sets_json(const struct ts_compared_sets *sets)
{
	cJSON *document = cJSON_CreateObject(), *array;

	add_set(document, sets, 0);
	add_set(document, sets, 1);
	array = cJSON_AddArrayToObject(document, "differences");
	for (size_t i = 0; i < sets->compare->n; i++)
		add_difference(array, &sets->compare->differences[i]);
	add_alone(document, sets->compare, 0);
	add_alone(document, sets->compare, 1);
	return ts_print_document(ts_member_finish(document));
}

/* --- two traces ----------------------------------------------------------------------------- */

static void add_trace(cJSON *document, const char *key, const struct ts_trace *trace)
{
	cJSON *to = cJSON_AddObjectToObject(document, key);

	ts_member_uuid(to, "trace_id", &trace->trace_id);
	ts_member_text(to, "pipeline_name", trace->pipeline_name);
	ts_member_moment(to, "started_at", trace->started_us);
	ts_member_number(to, "duration_ms", trace->duration_ms);
	cJSON_AddBoolToObject(to, "success", trace->success);
	ts_member_text(to, "error", trace->error);
}

static void add_span(cJSON *to, const char *key, const struct ts_tree_node *node)
{
	cJSON *object;

	if (!node) {
		cJSON_AddNullToObject(to, key);
		return;
	}
	object = cJSON_AddObjectToObject(to, key);
	ts_member_uuid(object, "span_id", &node->span->span_id);
	ts_member_number(object, "duration_ms", node->span->duration_ms);
	ts_member_number(object, "self_ms", node->self_ms);
	cJSON_AddBoolToObject(object, "success", node->span->success);
	ts_member_text(object, "error", node->span->error);
	ts_member_text(object, "model", node->span->model);
	if (node->span->cost_nano_usd.known)
		ts_member_integer(object, "cost_nano_usd", node->span->cost_nano_usd.value);
	else
		cJSON_AddNullToObject(object, "cost_nano_usd");
}

int ts_compare_print_traces_json(const struct ts_compared_traces *traces)
{
	cJSON *document = cJSON_CreateObject(), *array;

	add_trace(document, "a", traces->traces[0]);
	add_trace(document, "b", traces->traces[1]);
	array = cJSON_AddArrayToObject(document, "spans");
	for (size_t i = 0; i < traces->alignment->n; i++) {
		const struct ts_aligned *row = &traces->alignment->rows[i];
		cJSON *to = ts_member_object(array);

		ts_member_text(to, "span_name", (row->a ? row->a : row->b)->span->span_name);
		ts_member_integer(to, "occurrence", (int64_t)row->occurrence);
		ts_member_integer(to, "depth", (int64_t)row->depth);
		add_span(to, "a", row->a);
		add_span(to, "b", row->b);
		if (row->a && row->b)
			ts_member_number(to, "change_ms",
					 row->b->span->duration_ms - row->a->span->duration_ms);
		else
			cJSON_AddNullToObject(to, "change_ms");
	}
	return ts_print_document(ts_member_finish(document));
}
