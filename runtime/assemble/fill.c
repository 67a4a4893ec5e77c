// SPDX-License-Identifier: Apache-2.0
#include "fill.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "../log/event.h"
#include "outcome.h"
#include "../pool.h"
#include "redact.h"
#include "../text.h"
#include "value.h"
#include "../usage/note.h"

#define MOST_LINES 64 /* of a stack that a language describes itself */

static const struct ts_thunk unknown_thunk = {
	.kind = TS_KIND_STEP,
	.kind_name = "step",
	.name = "unknown",
	.span_name = "step:unknown",
	.function = "unknown",
	.object = "",
	.fails = "",
};

/* What both rows of a call say. */
struct common {
	const struct ts_thunk *thunk; /* never NULL */
	int64_t started_us;
	int64_t ended_us;
	double duration_ms;
	const char *error;
	const char *input;
	const char *output;
	const char *tenant;
};

/* --- columns from captured parameters -------------------------------------------------- */

static const struct ts_value *find_param(const struct ts_ended_call *call, const char *name)
{
	struct ts_values values = ts_event_values(&call->begin->event);
	const struct ts_value *value;

	while (call->thunk && (value = ts_values_next(&values))) {
		if (value->param < call->thunk->n_params &&
		    !strcmp(call->thunk->params[value->param], name))
			return value;
	}
	return NULL;
}

static bool is_named(const struct ts_value *key, const char *name)
{
	return key && key->type == TS_VALUE_STRING && key->bytes == strlen(name) &&
	       !memcmp(key + 1, name, key->bytes);
}

/* A string or an integer of that name in a parameter that is an object, as Python's **kwargs. */
static const struct ts_value *find_member(const struct ts_ended_call *call, const char *name)
{
	struct ts_values values = ts_event_values(&call->begin->event);
	const struct ts_value *value, *key, *member;

	while ((value = ts_values_next(&values))) {
		struct ts_values members = ts_value_members(value);

		while (value->type == TS_VALUE_OBJECT &&
		       (member = ts_values_next_member(&members, &key))) {
			if (is_named(key, name) &&
			    (member->type == TS_VALUE_STRING || member->type == TS_VALUE_INT ||
			     member->type == TS_VALUE_UINT))
				return member;
		}
	}
	return NULL;
}

/* What fills the column of that name; NULL: nothing, or it is to be hidden. */
static const struct ts_value *find_value(const struct ts_fill *fill,
					 const struct ts_ended_call *call, const char *name)
{
	const struct ts_value *value = find_param(call, name);
	struct ts_text key = {name, strlen(name)};

	return value || ts_redact_hides(fill->json.redact, key) ? value : find_member(call, name);
}

static int64_t integer_of(const struct ts_value *value)
{
	int64_t integer;

	memcpy(&integer, value + 1, sizeof(integer));
	return integer;
}

/* A string as it is, an integer in digits; NULL for what is neither. 0 or -ENOMEM. */
static int column_text(struct ts_fill *fill, const struct ts_value *value, const char **ret)
{
	struct ts_pool *pool = fill->json.pool;

	*ret = NULL;
	if (!value)
		return 0;
	if (value->type == TS_VALUE_STRING)
		*ret = ts_text_clean(
			pool, (struct ts_text){(const char *)(value + 1), value->bytes}, NULL);
	else if (value->type == TS_VALUE_INT)
		*ret = ts_pool_printf(pool, "%" PRId64, integer_of(value));
	else if (value->type == TS_VALUE_UINT)
		*ret = ts_pool_printf(pool, "%" PRIu64, (uint64_t)integer_of(value));
	else
		return 0;
	return *ret ? 0 : -ENOMEM;
}

static struct ts_maybe parse_integer(const char *text, size_t bytes)
{
	bool negative = bytes && *text == '-';
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX, number = 0;
	size_t at = negative;

	if (at == bytes)
		return (struct ts_maybe){0};
	for (; at < bytes; at++) {
		unsigned digit = (unsigned char)text[at] - '0';

		if (digit > 9 || number > (limit - digit) / 10)
			return (struct ts_maybe){0};
		number = number * 10 + digit;
	}
	return (struct ts_maybe){true, (int64_t)(negative ? 0 - number : number)};
}

static struct ts_maybe column_integer(const struct ts_value *value)
{
	if (!value)
		return (struct ts_maybe){0};
	if (value->type == TS_VALUE_STRING)
		return parse_integer((const char *)(value + 1), value->bytes);
	if (value->type == TS_VALUE_INT || (value->type == TS_VALUE_UINT && integer_of(value) >= 0))
		return (struct ts_maybe){true, integer_of(value)};
	return (struct ts_maybe){0};
}

/* Fixed when the trace began: its events carry it, or it is the default. */
static int fill_tenant(struct ts_fill *fill, const struct ts_ended_call *call, const char **ret)
{
	const struct ts_event_begin *begin = call->begin;
	struct ts_text tenant = {(const char *)(begin + 1), begin->tenant_bytes};

	*ret = fill->settings->tenant;
	if (begin->event.flags & TS_BEGIN_TENANT)
		*ret = ts_text_clean(fill->json.pool, tenant, NULL);
	return *ret ? 0 : -ENOMEM;
}

/* --- how it ended ---------------------------------------------------------------------- */

/* NULL in *ret: the call succeeded. 0 or -ENOMEM. */
static int fill_error(struct ts_fill *fill, const struct ts_ended_call *call,
		      const struct ts_thunk *thunk, const char **ret)
{
	if (call->end)
		return ts_outcome_error(call->end, thunk, fill->json.redact, fill->json.pool, ret);
	*ret = call->exec ? NULL : fill->interrupted;
	return 0;
}

/* Behind the language's own lines come those of native code. 0 or -ENOMEM. */
static int fill_stack(struct ts_fill *fill, const struct ts_ended_call *call,
		      struct ts_attributes *attributes)
{
	const struct ts_value *list =
		call->end ? ts_event_find(&call->end->event, TS_PARAM_LINES) : NULL;
	const char *const *native = NULL;
	const struct ts_value *line;
	struct ts_values members;
	const char **lines;
	size_t n = 0, n_native = 0;

	if (call->stack && fill->stacks &&
	    ts_stacks_lines(fill->stacks, fill->dictionary, call->stack, call->thunk,
			    fill->json.pool, &native, &n_native) < 0)
		return -ENOMEM;
	attributes->stack = native;
	attributes->n_stack = n_native;
	if (!list || list->type != TS_VALUE_LIST)
		return 0;
	lines = ts_pool_alloc(fill->json.pool, (MOST_LINES + n_native) * sizeof(*lines));
	members = ts_value_members(list);
	while (lines && n < MOST_LINES && (line = ts_values_next(&members))) {
		if (line->type != TS_VALUE_STRING && line->type != TS_VALUE_CUT)
			continue;
		lines[n] = ts_value_text(fill->json.redact, fill->json.pool, line);
		if (!lines[n++])
			return -ENOMEM;
	}
	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < n_native; i++)
		lines[n++] = native[i];
	attributes->stack = lines;
	attributes->n_stack = n;
	return 0;
}

/* When the first item of a stream came. */
static void fill_first(const struct ts_fill *fill, const struct ts_ended_call *call,
		       struct ts_attributes *attributes)
{
	const struct ts_value *first =
		call->end ? ts_event_find(&call->end->event, TS_PARAM_FIRST) : NULL;
	uint64_t begun = call->begin->ticks;

	if (!first || first->type != TS_VALUE_UINT || (uint64_t)integer_of(first) < begun)
		return;
	attributes->streamed = true;
	attributes->time_to_first_ms =
		(double)ts_clock_duration_ns(&fill->clock, begun, (uint64_t)integer_of(first)) /
		1e6;
}

/* --- rows ------------------------------------------------------------------------------ */

static int fill_common(struct ts_fill *fill, const struct ts_ended_call *call,
		       struct common *common)
{
	const struct ts_event_begin *begin = call->begin;
	struct ts_values input = ts_event_values(&begin->event);

	common->thunk = call->thunk ? call->thunk : &unknown_thunk;
	common->output = NULL;
	common->started_us = ts_clock_us(&fill->clock, begin->ticks);
	common->ended_us = ts_clock_us(&fill->clock, call->end_ticks);
	if (common->ended_us < common->started_us)
		common->ended_us = common->started_us;
	common->duration_ms =
		(double)ts_clock_duration_ns(&fill->clock, begin->ticks, call->end_ticks) / 1e6;
	if (fill_error(fill, call, common->thunk, &common->error) < 0 ||
	    fill_tenant(fill, call, &common->tenant) < 0 ||
	    ts_json_input(&fill->json, input, call->thunk, &common->input) < 0)
		return -ENOMEM;
	if (!call->end)
		return 0;
	return ts_json_output(&fill->json, ts_event_values(&call->end->event), &common->output);
}

static int fill_trace(struct ts_fill *fill, const struct ts_ended_call *call,
		      const struct common *common, const char *attributes, struct ts_trace *ret)
{
	struct ts_trace trace = {
		.tenant_id = common->tenant,
		.pipeline_name = common->thunk->name,
		.telegram_id = column_integer(find_value(fill, call, "telegram_id")),
		.started_us = common->started_us,
		.ended_us = common->ended_us,
		.duration_ms = common->duration_ms,
		.success = !common->error,
		.error = common->error,
		.input_data = common->input,
		.output_data = common->output,
		.program = fill->settings->program,
		.host = fill->settings->host,
		.pid = fill->pid,
		.attributes = attributes,
		.created_us = common->ended_us,
	};

	memcpy(&trace.trace_id, call->begin->trace_id, sizeof(trace.trace_id));
	if (column_text(fill, find_value(fill, call, "user_id"), &trace.user_id) < 0 ||
	    column_text(fill, find_value(fill, call, "session_id"), &trace.session_id) < 0)
		return -ENOMEM;
	*ret = trace;
	return 0;
}

static int fill_span(struct ts_fill *fill, const struct ts_ended_call *call,
		     const struct common *common, const char *attributes, struct ts_span *ret)
{
	const struct ts_value *model = find_value(fill, call, "model");
	struct ts_span span = {
		.tenant_id = common->tenant,
		.has_parent = call->begin->event.flags & TS_BEGIN_PARENT,
		.span_name = common->thunk->span_name,
		.kind = common->thunk->kind_name,
		.function = common->thunk->function,
		.thread_id = call->begin->tid,
		.started_us = common->started_us,
		.ended_us = common->ended_us,
		.duration_ms = common->duration_ms,
		.success = !common->error,
		.error = common->error,
		.input_data = common->input,
		.output_data = common->output,
		.provider = common->thunk->kind == TS_KIND_LLM ? common->thunk->name : NULL,
		.attributes = attributes,
		.created_us = common->ended_us,
	};

	memcpy(&span.trace_id, call->begin->trace_id, sizeof(span.trace_id));
	memcpy(&span.span_id, call->begin->span_id, sizeof(span.span_id));
	if (span.has_parent)
		memcpy(&span.parent_span_id, call->begin->parent_id, sizeof(span.parent_span_id));
	if (model && model->type == TS_VALUE_STRING && column_text(fill, model, &span.model) < 0)
		return -ENOMEM;
	ts_usage_note(fill->prices, &fill->json.scratch, fill->json.pool, &span);
	*ret = span;
	return 0;
}

int ts_fill_rows(struct ts_fill *fill, const struct ts_ended_call *call, struct ts_trace *ret_trace,
		 struct ts_span *ret_span)
{
	struct ts_attributes attributes = {
		.error_number = call->end ? call->end->error_number : 0,
		.thread_name = call->thread_name,
		.outcome = call->exec  ? "exec"
			   : call->end ? ts_outcome_name(call->end)
				       : NULL,
	};
	uint16_t flags = call->begin->event.flags;
	const char *plain, *telling;
	struct common common;

	fill_first(fill, call, &attributes);
	if (fill_common(fill, call, &common) < 0 || fill_stack(fill, call, &attributes) < 0 ||
	    ts_json_attributes(&fill->json, &attributes, &plain) < 0)
		return -ENOMEM;
	telling = plain;
	attributes.dropped = call->dropped;
	if (flags & TS_BEGIN_TRACE && call->dropped &&
	    ts_json_attributes(&fill->json, &attributes, &telling) < 0)
		return -ENOMEM;
	if (flags & TS_BEGIN_TRACE && fill_trace(fill, call, &common, telling, ret_trace) < 0)
		return -ENOMEM;
	if (flags & TS_BEGIN_SPAN)
		return fill_span(fill, call, &common, plain, ret_span);
	return 0;
}
