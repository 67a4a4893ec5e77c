// SPDX-License-Identifier: Apache-2.0
#include "wirecall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../pool.h"
#include "../sha256.h"
#include "../text.h"
#include "../usage/note.h"
#include "../usage/usage.h"
#include "redact.h"
#include "sides.h"
#include "wirefacts.h"

unsigned ts_wirecall_rows(const struct ts_sender *sender, bool orphans)
{
	return sender->flags & TS_MESSAGE_INSIDE ? 1 : orphans ? 2 : 0;
}

/* --- ids ------------------------------------------------------------------------------- */

/* UUID v7: when it began, and what else tells the call from all others. */
static struct ts_uuid make_id(const struct ts_clock *clock, const struct ts_told_call *told,
			      const char *what)
{
	uint64_t ms = (uint64_t)ts_clock_us(clock, told->call->started_ticks) / 1000;
	char known[16 + 64], hash[TS_SHA256_TEXT];
	struct ts_uuid id;
	unsigned byte;
	int n;

	memcpy(known, told->run_id, 16);
	n = snprintf(known + 16, sizeof(known) - 16, "%llu %u %u %s",
		     (unsigned long long)told->connection, told->sender.sequence,
		     told->call->ordinal, what);
	ts_sha256(known, 16 + (size_t)n, hash);
	for (size_t i = 0; i < sizeof(id.bytes); i++) {
		sscanf(hash + 2 * i, "%2x", &byte);
		id.bytes[i] = i < 6 ? (uint8_t)(ms >> (40 - 8 * i)) : (uint8_t)byte;
	}
	id.bytes[6] = (id.bytes[6] & 0x0f) | 0x70;
	id.bytes[8] = (id.bytes[8] & 0x3f) | 0x80;
	return id;
}

struct ts_uuid ts_wirecall_id(const struct ts_clock *clock, const struct ts_told_call *told)
{
	return make_id(clock, told, "span");
}

struct ts_uuid ts_wirecall_trace_id(const struct ts_clock *clock, const struct ts_told_call *told)
{
	struct ts_uuid id;

	if (!(told->sender.flags & TS_MESSAGE_INSIDE))
		return make_id(clock, told, "trace");
	memcpy(&id, told->sender.trace_id, sizeof(id));
	return id;
}

/* --- how it ended ---------------------------------------------------------------------- */

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* "429 rate_limit_exceeded: Too many requests", as far as it is known. */
static const char *refusal(struct ts_pool *pool, const struct ts_wire_call *call,
			   const char *sentence)
{
	char status[16] = "";

	if (call->outcome == TS_WIRE_REFUSED)
		snprintf(status, sizeof(status), "%d", call->status);
	if (!call->error_type || is_number(call->error_type))
		return ts_pool_printf(pool, "%s%s%s", status, *status ? ": " : "", sentence);
	return ts_pool_printf(pool, "%s%s%s: %s", status, *status ? " " : "", call->error_type,
			      sentence);
}

static int describe_refusal(struct ts_fill *fill, const struct ts_wire_call *call, const char **ret)
{
	struct ts_text sentence = {call->error ? call->error : "", 0};

	sentence.bytes = strlen(sentence.data);
	if (ts_redact_text(fill->json.redact, fill->json.pool, &sentence) < 0)
		return -ENOMEM;
	*ret = ts_text_clean(fill->json.pool, sentence, NULL);
	if (*ret)
		*ret = refusal(fill->json.pool, call, *ret);
	return *ret ? 0 : -ENOMEM;
}

static const char *loss(const struct ts_fill *fill, const struct ts_told_call *told)
{
	const char *type = told->call->error_type ? told->call->error_type : "";

	if (!strcmp(type, "interrupted"))
		return told->exec ? NULL : fill->interrupted;
	return !strcmp(type, "not_processed") ? "connection lost: the request was not taken"
					      : "connection lost";
}

/* NULL in *ret: it succeeded. 0 or -ENOMEM. */
static int fill_error(struct ts_fill *fill, const struct ts_told_call *told, const char **ret)
{
	*ret = NULL;
	switch (told->call->outcome) {
	case TS_WIRE_DONE:
		return 0;
	case TS_WIRE_REFUSED:
	case TS_WIRE_FAILED:
		return describe_refusal(fill, told->call, ret);
	case TS_WIRE_CUT:
		*ret = "stream cut before its end";
		return 0;
	case TS_WIRE_LOST:
		*ret = loss(fill, told);
		return 0;
	case TS_WIRE_CANCELLED:
		*ret = "cancelled";
		return 0;
	case TS_WIRE_UNSEEN:
		*ret = "its end was not recorded";
	}
	return 0;
}

static const char *outcome_name(const struct ts_told_call *told, const char *error)
{
	if (told->call->outcome == TS_WIRE_CANCELLED)
		return "cancelled";
	return told->call->outcome == TS_WIRE_LOST && !error ? "exec" : NULL;
}

/* --- tokens ---------------------------------------------------------------------------- */

/* An answer that has nothing but its usage, in the shape that usage/providers.c knows. */
static const char *answer_of(struct ts_pool *pool, const struct ts_wire_call *call)
{
	static const struct {
		const char *api, *before, *after;
	} shapes[] = {
		{"messages", "{\"type\":\"message\",\"usage\":", "}"},
		{"responses", "{\"object\":\"response\",\"usage\":", "}"},
		{"generate_content", "{\"usageMetadata\":", "}"},
		{"embed_content", "{\"usageMetadata\":", "}"},
		{"chat", "{\"model\":\"\",", ""},
		{"generate", "{\"model\":\"\",", ""},
		{"embed", "{\"model\":\"\",", ""},
	};
	size_t n = sizeof(shapes) / sizeof(shapes[0]), i = 0;

	while (i < n && strcmp(shapes[i].api, call->api) != 0)
		i++;
	if (i == n)
		return ts_pool_printf(pool, "{\"usage\":%s}", call->usage);
	/* Ollama has its counts beside the rest */
	return ts_pool_printf(pool, "%s%s%s", shapes[i].before, call->usage + !*shapes[i].after,
			      shapes[i].after);
}

static struct ts_text text_of(const char *text)
{
	return (struct ts_text){text ? text : "", text ? strlen(text) : 0};
}

static int read_usage(struct ts_pool *pool, const struct ts_wire_call *call, struct ts_usage *ret)
{
	const char *answer = "{}";

	if (call->usage)
		answer = answer_of(pool, call);
	if (!answer)
		return -ENOMEM;
	ts_usage_read_answer(ret, answer, call->outcome == TS_WIRE_DONE, pool);
	/* an answer without usage may have cost something, a refusal has not */
	ret->answered = ret->api || (call->status > 0 && call->status < 400);
	ret->model = text_of(call->served);
	if (ret->model.bytes > TS_USAGE_NAME_BYTES)
		ret->model.bytes = 0;
	if (call->tier && strlen(call->tier) <= TS_USAGE_NAME_BYTES)
		ret->service_tier = text_of(call->tier);
	return 0;
}

/* --- rows ------------------------------------------------------------------------------ */

static int fill_attributes(struct ts_fill *fill, const struct ts_told_call *told,
			   const struct ts_usage *usage, const char *error, const char **ret)
{
	const struct ts_wire_call *call = told->call;
	const struct ts_wire_facts facts = {
		.call = call,
		.clock = &fill->clock,
		.output_tokens = usage->output,
	};
	const struct ts_attributes attributes = {
		.outcome = outcome_name(told, error),
		.streamed = call->streamed && call->first_token_ticks >= call->started_ticks,
		.time_to_first_ms = (double)ts_clock_duration_ns(&fill->clock, call->started_ticks,
								 call->first_token_ticks) /
				    1e6,
		.wire = &facts,
	};

	return ts_json_attributes(&fill->json, &attributes, ret);
}

const char *ts_wirecall_name(struct ts_pool *pool, const struct ts_wire_call *call)
{
	return ts_pool_printf(pool, "llm:%s", call->provider);
}

const char *ts_wirecall_function(struct ts_pool *pool, const struct ts_wire_call *call)
{
	return ts_pool_printf(pool, "%s %s%s", call->method, call->host ? call->host : "",
			      call->path ? call->path : "");
}

static int fill_texts(struct ts_fill *fill, const struct ts_told_call *told, struct ts_span *span)
{
	const struct ts_wire_call *call = told->call;
	struct ts_pool *pool = fill->json.pool;
	uint32_t most = fill->settings->capture_bytes;
	const char *model = call->served ? call->served : call->asked;

	span->tenant_id = fill->settings->tenant;
	if (told->sender.tenant_bytes)
		span->tenant_id = ts_text_clean(
			pool, (struct ts_text){told->sender.tenant, told->sender.tenant_bytes},
			NULL);
	span->span_name = ts_wirecall_name(pool, call);
	span->function = ts_wirecall_function(pool, call);
	span->provider = ts_pool_strndup(pool, call->provider, strlen(call->provider));
	span->model = model ? ts_pool_strndup(pool, model, strlen(model)) : NULL;
	if (!span->tenant_id || !span->span_name || !span->function || !span->provider ||
	    (model && !span->model) ||
	    ts_sides_input(&fill->json, call, most, &span->input_data) < 0)
		return -ENOMEM;
	return ts_sides_output(&fill->json, call, most, &span->output_data);
}

static void fill_times(const struct ts_fill *fill, const struct ts_wire_call *call,
		       struct ts_span *span)
{
	span->started_us = ts_clock_us(&fill->clock, call->started_ticks);
	span->ended_us = ts_clock_us(&fill->clock, call->last_ticks);
	if (span->ended_us < span->started_us)
		span->ended_us = span->started_us;
	span->duration_ms =
		(double)ts_clock_duration_ns(&fill->clock, call->started_ticks, call->last_ticks) /
		1e6;
	span->created_us = span->ended_us;
}

/* The trace that an orphan is, named after it. */
static void fill_trace(const struct ts_fill *fill, const struct ts_span *span, struct ts_trace *ret)
{
	*ret = (struct ts_trace){
		.trace_id = span->trace_id,
		.tenant_id = span->tenant_id,
		.pipeline_name = span->provider,
		.started_us = span->started_us,
		.ended_us = span->ended_us,
		.duration_ms = span->duration_ms,
		.success = span->success,
		.error = span->error,
		.input_data = span->input_data,
		.output_data = span->output_data,
		.program = fill->settings->program,
		.host = fill->settings->host,
		.pid = fill->pid,
		.attributes = span->attributes,
		.created_us = span->created_us,
	};
}

int ts_wirecall_fill(struct ts_fill *fill, const struct ts_told_call *told,
		     struct ts_trace *ret_trace, struct ts_span *ret_span)
{
	const struct ts_sender *sender = &told->sender;
	bool inside = sender->flags & TS_MESSAGE_INSIDE;
	struct ts_span span = {
		.span_id = ts_wirecall_id(&fill->clock, told),
		.trace_id = ts_wirecall_trace_id(&fill->clock, told),
		.has_parent = inside && sender->flags & TS_MESSAGE_PARENT,
		.kind = "llm",
		.thread_id = sender->tid,
	};
	struct ts_usage usage;

	if (span.has_parent)
		memcpy(&span.parent_span_id, sender->parent_id, sizeof(span.parent_span_id));
	fill_times(fill, told->call, &span);
	if (fill_error(fill, told, &span.error) < 0 || fill_texts(fill, told, &span) < 0 ||
	    read_usage(fill->json.pool, told->call, &usage) < 0 ||
	    fill_attributes(fill, told, &usage, span.error, &span.attributes) < 0)
		return -ENOMEM;
	span.success = !span.error;
	if (!inside)
		fill_trace(fill, &span, ret_trace);
	if (usage.answered && ts_usage_note_read(fill->prices, fill->json.pool, &usage,
						 text_of(told->call->asked), &span) < 0)
		return -ENOMEM;
	*ret_span = span;
	return 0;
}
