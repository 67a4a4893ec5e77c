// SPDX-License-Identifier: Apache-2.0
#include "fill.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "../log/event.h"
#include "../pool.h"
#include "redact.h"
#include "../text.h"
#include "../usage/note.h"

#define CLASS_RUST 0x4d4f5a0052555354 /* "MOZ\0RUST": what std::panic raises */

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

static const struct ts_value *find_value(const struct ts_ended_call *call, const char *name)
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

/* --- errors ---------------------------------------------------------------------------- */

static const struct ts_value *find_in_end(const struct ts_event_end *end, uint16_t param)
{
	struct ts_values values = ts_event_values(&end->event);
	const struct ts_value *value;

	while ((value = ts_values_next(&values))) {
		if (value->param == param)
			return value;
	}
	return NULL;
}

/* "returned -1", or, where the result was not captured, what the rule says of it. */
static void describe_result(const struct ts_ended_call *call, const struct ts_thunk *thunk,
			    char *text, size_t bytes)
{
	const struct ts_value *result = find_in_end(call->end, TS_PARAM_RESULT);

	switch (result ? result->type : 0) {
	case TS_VALUE_NULL:
		snprintf(text, bytes, "returned NULL");
		return;
	case TS_VALUE_BOOL:
		snprintf(text, bytes, "returned %s", integer_of(result) ? "true" : "false");
		return;
	case TS_VALUE_INT:
		snprintf(text, bytes, "returned %" PRId64, integer_of(result));
		return;
	case TS_VALUE_UINT:
		snprintf(text, bytes, "returned %" PRIu64, (uint64_t)integer_of(result));
		return;
	default:
		if (*thunk->fails)
			snprintf(text, bytes, "returned %s", thunk->fails);
		else
			snprintf(text, bytes, "failed");
	}
}

/*
 * "Connection refused (returned -1)". An errno that was the same before the call may not be this
 * call's: then what the call returned comes first.
 */
static const char *describe_failure(struct ts_fill *fill, const struct ts_ended_call *call,
				    const struct ts_thunk *thunk)
{
	struct ts_pool *pool = fill->json.pool;
	int number = call->end->error_number;
	const char *meaning = strerrordesc_np(number);
	char result[256], unknown[32];

	describe_result(call, thunk, result, sizeof(result));
	if (!number)
		return ts_pool_strndup(pool, result, strlen(result));
	snprintf(unknown, sizeof(unknown), "error %d", number);
	if (call->end->event.flags & TS_END_ERRNO_KEPT)
		return ts_pool_printf(pool, "%s (errno as before the call: %s)", result,
				      meaning ? meaning : unknown);
	return ts_pool_printf(pool, "%s (%s)", meaning ? meaning : unknown, result);
}

/* "std::runtime_error", in `pool`; NULL: no memory. */
static const char *describe_type(struct ts_pool *pool, const struct ts_value *value)
{
	struct ts_text text = {(const char *)(value + 1), value->bytes};
	const char *mangled = ts_text_clean(pool, text, NULL);
	char *type = mangled ? ts_demangle_type(mangled) : NULL;
	const char *result = type ? ts_pool_strndup(pool, type, strlen(type)) : mangled;

	free(type);
	return result;
}

/* "std::runtime_error: no such user", as far as it is known. NULL: no memory. */
static const char *describe_exception(struct ts_fill *fill, const struct ts_event_end *end)
{
	const struct ts_value *error = find_in_end(end, TS_PARAM_ERROR);
	const struct ts_value *what = find_in_end(end, TS_PARAM_WHAT);
	struct ts_pool *pool = fill->json.pool;
	const char *type, *words;
	struct ts_text text;

	if (!error || error->type != TS_VALUE_STRING)
		return error && error->type == TS_VALUE_UINT && integer_of(error) == CLASS_RUST
			       ? "Rust panic"
			       : "left by an exception";
	type = describe_type(pool, error);
	if (!type || !what || what->type != TS_VALUE_STRING || !what->bytes)
		return type;
	text = (struct ts_text){(const char *)(what + 1), what->bytes};
	if (what->bytes == TS_MAX_ERROR)
		ts_text_trim_end(&text);
	if (ts_redact_text(fill->json.redact, pool, &text) < 0)
		return NULL;
	words = ts_text_clean(pool, text, NULL);
	return words ? ts_pool_printf(pool, "%s: %s%s", type, words,
				      what->bytes == TS_MAX_ERROR ? "…" : "")
		     : NULL;
}

/* NULL in *ret: the call succeeded. 0 or -ENOMEM. */
static int fill_error(struct ts_fill *fill, const struct ts_ended_call *call,
		      const struct ts_thunk *thunk, const char **ret)
{
	*ret = NULL;
	if (!call->end) {
		*ret = call->exec ? NULL : fill->interrupted;
		return 0;
	}
	switch (call->end->outcome) {
	case TS_OUTCOME_OK:
		return 0;
	case TS_OUTCOME_FAILED:
		*ret = describe_failure(fill, call, thunk);
		return *ret ? 0 : -ENOMEM;
	case TS_OUTCOME_EXCEPTION:
		*ret = describe_exception(fill, call->end);
		return *ret ? 0 : -ENOMEM;
	case TS_OUTCOME_LONGJMP:
		*ret = "left by longjmp";
		return 0;
	case TS_OUTCOME_THREAD_EXITED:
		*ret = "thread exited";
		return 0;
	default:
		*ret = "failed";
		return 0;
	}
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
		.telegram_id = column_integer(find_value(call, "telegram_id")),
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
	if (column_text(fill, find_value(call, "user_id"), &trace.user_id) < 0 ||
	    column_text(fill, find_value(call, "session_id"), &trace.session_id) < 0)
		return -ENOMEM;
	*ret = trace;
	return 0;
}

static int fill_span(struct ts_fill *fill, const struct ts_ended_call *call,
		     const struct common *common, const char *attributes, struct ts_span *ret)
{
	const struct ts_value *model = find_value(call, "model");
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
		.outcome = call->exec ? "exec" : NULL,
	};
	uint16_t flags = call->begin->event.flags;
	const char *plain, *telling;
	struct common common;

	if (fill_common(fill, call, &common) < 0 ||
	    (call->stack && fill->stacks &&
	     ts_stacks_lines(fill->stacks, fill->dictionary, call->stack, call->thunk,
			     fill->json.pool, &attributes.stack, &attributes.n_stack) < 0) ||
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
