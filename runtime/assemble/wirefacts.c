// SPDX-License-Identifier: Apache-2.0
#include "wirefacts.h"

#include <string.h>

#include "../scan.h"
#include "../wire/wire.h"

#define MOST_LISTED 64 /* tool calls */

static void add_text(struct ts_items *items, struct cJSON *object, const char *key,
		     const char *text)
{
	if (text && *text)
		ts_item_add(items, object, key, ts_item_string(items, text));
}

static void add_number(struct ts_items *items, struct cJSON *object, const char *key,
		       uint64_t number)
{
	if (number)
		ts_item_add(items, object, key, ts_item_unsigned(items, number));
}

static double ms(const struct ts_wire_facts *facts, uint64_t begin, uint64_t end)
{
	return (double)ts_clock_duration_ns(facts->clock, begin, end) / 1e6;
}

static void add_ms(struct ts_items *items, struct cJSON *object, const char *key, double value)
{
	ts_item_add(items, object, key, ts_item_double(items, value, false));
}

/* --- how quick it was ---------------------------------------------------------------------- */

static void add_times(struct ts_items *items, struct cJSON *wire, const struct ts_wire_facts *facts)
{
	const struct ts_wire_call *call = facts->call;
	double talking = ms(facts, call->first_token_ticks, call->last_ticks);

	if (call->first_byte_ticks)
		add_ms(items, wire, "time_to_first_byte_ms",
		       ms(facts, call->started_ticks, call->first_byte_ticks));
	if (!call->streamed || !call->first_token_ticks)
		return;
	add_ms(items, wire, "time_to_first_token_ms",
	       ms(facts, call->started_ticks, call->first_token_ticks));
	if (facts->output_tokens.known && talking > 0)
		add_ms(items, wire, "tokens_per_second",
		       (double)facts->output_tokens.value * 1e3 / talking);
	if (call->pieces > 1)
		add_ms(items, wire, "longest_gap_ms", ms(facts, 0, call->longest_gap_ticks));
	add_number(items, wire, "pieces", call->pieces);
}

static struct cJSON *wire_item(struct ts_items *items, const struct ts_wire_facts *facts)
{
	const struct ts_wire_call *call = facts->call;
	struct cJSON *wire = ts_item_object(items);

	add_text(items, wire, "http", call->http);
	add_text(items, wire, "host", call->host);
	add_text(items, wire, "path", call->path);
	add_text(items, wire, "api", call->api);
	add_number(items, wire, "status", call->status > 0 ? (uint64_t)call->status : 0);
	add_text(items, wire, "request_id", call->request_id);
	add_text(items, wire, "response_id", call->response_id);
	add_text(items, wire, "error_type", call->error_type);
	add_number(items, wire, "attempt", call->attempt);
	add_number(items, wire, "sent_bytes", call->sent_bytes);
	add_number(items, wire, "received_bytes", call->received_bytes);
	add_number(items, wire, "unseen_bytes", call->unseen_bytes);
	if (call->undecoded)
		ts_item_add(items, wire, "undecoded", ts_item_bool(items, true));
	add_times(items, wire, facts);
	return wire;
}

/* --- tools --------------------------------------------------------------------------------- */

static void add_member(struct ts_items *items, struct cJSON *to, const struct ts_scanned *part,
		       const char *key)
{
	struct ts_scanned value;
	struct ts_text text;

	if (ts_scan_find(part, key, &value) && ts_scan_unescape(&value, items->pool, &text))
		add_text(items, to, key, ts_pool_strndup(items->pool, text.data, text.bytes));
}

/* Those of one choice; how many. */
static uint32_t list_choice(struct ts_items *items, struct cJSON *list,
			    const struct ts_scanned *choice)
{
	struct ts_scanned parts, part, type;
	struct ts_scan scan;
	uint32_t n = 0;

	if (!ts_scan_find(choice, "parts", &parts))
		return 0;
	scan = ts_scan_inside(&parts);
	while (ts_scan_item(&scan, &part)) {
		struct cJSON *tool;

		if (!ts_scan_find(&part, "type", &type) ||
		    !ts_scan_is(ts_scan_string(&type), "tool_call"))
			continue;
		tool = ts_item_object(items);
		add_member(items, tool, &part, "id");
		add_member(items, tool, &part, "name");
		ts_item_append(items, list, tool);
		n++;
	}
	return n;
}

static struct cJSON *tools_item(struct ts_items *items, const struct ts_wire_call *call)
{
	struct cJSON *list = ts_item_array(items);
	struct ts_scanned answer, choice;
	struct ts_scan scan;
	uint32_t n = 0;

	if (!call->answer || call->tool_calls > MOST_LISTED)
		return ts_item_unsigned(items, call->tool_calls);
	scan = (struct ts_scan){call->answer, call->answer + strlen(call->answer)};
	if (!ts_scan_value(&scan, &answer))
		return ts_item_unsigned(items, call->tool_calls);
	scan = ts_scan_inside(&answer);
	while (ts_scan_item(&scan, &choice))
		n += list_choice(items, list, &choice);
	return n == call->tool_calls ? list : ts_item_unsigned(items, call->tool_calls);
}

void ts_wire_facts_add(struct ts_items *items, struct cJSON *object,
		       const struct ts_wire_facts *facts)
{
	ts_item_add(items, object, "wire", wire_item(items, facts));
	if (facts->call->tool_calls)
		ts_item_add(items, object, "tool_calls", tools_item(items, facts->call));
}
