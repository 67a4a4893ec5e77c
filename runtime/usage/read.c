// SPDX-License-Identifier: Apache-2.0
/* From captured values to the objects of an answer. */
#include "read.h"

#include <string.h>

#include "../pool.h"

static const struct ts_usage nothing = {.model = {"", 0}, .service_tier = {"", 0}};

/* {"head": "...", "tail": "...", "truncated": N}: a string that was cut. */
static bool take_cut(struct ts_reading *reading, const struct ts_scanned *object)
{
	struct ts_scanned value;
	struct ts_text head, tail;

	if (!ts_scan_find(object, "truncated", &value) || value.type != TS_SCAN_NUMBER ||
	    !ts_scan_find(object, "head", &value) ||
	    !ts_scan_unescape(&value, reading->pool, &head) ||
	    !ts_scan_find(object, "tail", &value) ||
	    !ts_scan_unescape(&value, reading->pool, &tail))
		return false;
	ts_reading_take_ends(reading, head, tail);
	return true;
}

/* Prose is not copied: JSON and events begin with one of these, or with white space or its escape. */
static bool may_hold(const struct ts_scanned *string)
{
	struct ts_text text = ts_scan_string(string);

	return text.bytes && memchr("{[deir: \\\xef", *text.data, 9);
}

static void take_string(struct ts_reading *reading, const struct ts_scanned *string)
{
	struct ts_text text;

	if (may_hold(string) && ts_scan_unescape(string, reading->pool, &text))
		ts_reading_take_text(reading, text);
}

/* {"text": "...", "repaired": N}: a string some bytes of which were no UTF-8. */
static bool take_repaired(struct ts_reading *reading, const struct ts_scanned *object)
{
	struct ts_scanned value;

	if (!ts_scan_find(object, "repaired", &value) || !ts_scan_find(object, "text", &value) ||
	    value.type != TS_SCAN_STRING)
		return false;
	take_string(reading, &value);
	return true;
}

static void take_object(struct ts_reading *reading, const struct ts_scanned *object)
{
	struct ts_answer answer = {.n = 0};

	if (take_cut(reading, object) || take_repaired(reading, object))
		return;
	ts_answer_add(&answer, ts_scan_inside(object));
	reading->stream |= ts_answer_is(&answer, "object=*.chunk");
	ts_reading_take(reading, &answer);
}

/* {"truncated": N}, where items of a list were left out. */
static bool is_gap(const struct ts_scanned *item)
{
	struct ts_scan scan = ts_scan_inside(item);
	struct ts_scanned value;
	struct ts_text key;

	return item->type == TS_SCAN_OBJECT && ts_scan_member(&scan, &key, &value) &&
	       ts_scan_is(key, "truncated") && !ts_scan_member(&scan, &key, &value);
}

/* The pieces of a stream, each as it was handed to the program. */
static void take_list(struct ts_reading *reading, const struct ts_scanned *list)
{
	struct ts_scan scan = ts_scan_inside(list);
	struct ts_scanned item;

	reading->stream = true;
	while (ts_scan_item(&scan, &item)) {
		if (item.type == TS_SCAN_STRING)
			take_string(reading, &item);
		else if (is_gap(&item))
			ts_reading_gap(reading);
		else if (item.type == TS_SCAN_OBJECT)
			take_object(reading, &item);
	}
}

static bool top_of(const char *json, struct ts_scanned *ret)
{
	struct ts_scan scan;

	if (!json)
		return false;
	scan = (struct ts_scan){json, json + strlen(json)};
	return ts_scan_value(&scan, ret) && ret->type == TS_SCAN_OBJECT;
}

static bool read_output(struct ts_usage *ret, const char *output, struct ts_pool *pool)
{
	struct ts_reading reading = {.pool = pool, .usage = nothing};
	struct ts_scanned top, result;

	if (!top_of(output, &top) || !ts_scan_find(&top, "result", &result))
		return false;
	if (result.type == TS_SCAN_OBJECT)
		take_object(&reading, &result);
	else if (result.type == TS_SCAN_ARRAY)
		take_list(&reading, &result);
	else
		take_string(&reading, &result);
	ts_reading_finish(&reading);
	*ret = reading.usage;
	return ret->api != NULL;
}

/* The first parameter that tells of usage. Lists are the conversation so far, and other calls' answers. */
static bool read_input(struct ts_usage *ret, const char *input, struct ts_pool *pool)
{
	struct ts_scanned top, value;
	struct ts_scan scan;
	struct ts_text key;

	if (!top_of(input, &top))
		return false;
	scan = ts_scan_inside(&top);
	while (ts_scan_member(&scan, &key, &value)) {
		struct ts_reading reading = {.pool = pool, .as_input = true, .usage = nothing};

		if (value.type == TS_SCAN_OBJECT)
			take_object(&reading, &value);
		else
			take_string(&reading, &value);
		if (!reading.usage.api)
			continue;
		ts_reading_finish(&reading);
		*ret = reading.usage;
		return true;
	}
	return false;
}

void ts_usage_read(struct ts_usage *ret, const char *output, const char *input,
		   struct ts_pool *pool)
{
	struct ts_usage of_input;

	*ret = nothing;
	if (!read_output(ret, output, pool) && read_input(&of_input, input, pool))
		*ret = of_input;
}

void ts_usage_read_answer(struct ts_usage *ret, const char *answer, bool whole,
			  struct ts_pool *pool)
{
	struct ts_reading reading = {.pool = pool, .stream = !whole, .usage = nothing};
	struct ts_scanned top;

	if (top_of(answer, &top))
		take_object(&reading, &top);
	ts_reading_finish(&reading);
	*ret = reading.usage;
}

/* --- requests -------------------------------------------------------------------------- */

static bool is_request(const struct ts_scanned *object)
{
	static const char *const signs[] = {"messages", "input", "prompt", "contents"};
	struct ts_scanned value;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (ts_scan_find(object, signs[i], &value))
			return true;
	return false;
}

/* The model of a request that lies in `value`, itself or as a string of JSON. */
static struct ts_text model_of(const struct ts_scanned *value, struct ts_pool *pool)
{
	struct ts_scanned object = *value, model;
	struct ts_text text = {"", 0};
	struct ts_scan scan;

	if (value->type == TS_SCAN_STRING) {
		if (!may_hold(value) || !ts_scan_unescape(value, pool, &text))
			return (struct ts_text){"", 0};
		scan = (struct ts_scan){text.data, text.data + text.bytes};
		object.type = TS_SCAN_NONE;
		ts_scan_value(&scan, &object);
		text = (struct ts_text){"", 0};
	}
	if (object.type == TS_SCAN_OBJECT && is_request(&object) &&
	    ts_scan_find(&object, "model", &model) &&
	    ts_scan_string(&model).bytes <= TS_USAGE_NAME_BYTES)
		ts_scan_unescape(&model, pool, &text);
	return text;
}

struct ts_text ts_usage_requested_model(const char *input, struct ts_pool *pool)
{
	struct ts_scanned top, value;
	struct ts_text key, model;
	struct ts_scan scan;

	if (!top_of(input, &top))
		return (struct ts_text){"", 0};
	model = model_of(&top, pool);
	scan = ts_scan_inside(&top);
	while (!model.bytes && ts_scan_member(&scan, &key, &value))
		model = model_of(&value, pool);
	return model;
}
