// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <errno.h>
#include <string.h>

#include "../log/dictionary.h"
#include "item.h"
#include "../text.h"
#include "value.h"
#include "wirefacts.h"

const char *const ts_json_lost_names[TS_LOST_COUNT] = {
	[TS_LOST_RING_FULL] = "ring_full", [TS_LOST_NO_RING] = "no_ring",
	[TS_LOST_TOO_DEEP] = "too_deep",   [TS_LOST_REENTERED] = "reentered",
	[TS_LOST_ABANDONED] = "abandoned", [TS_LOST_END] = "end",
	[TS_LOST_UNHOOKED] = "unhooked",
};

static int finish(struct ts_json *json, struct ts_items *items, struct cJSON *object,
		  const char **ret)
{
	int result = ts_item_print(items, object, json->pool, ret);

	ts_pool_reset(&json->scratch);
	return result;
}

/* --- captured values ------------------------------------------------------------------- */

static const char *param_name(struct ts_json *json, const struct ts_value *value,
			      const struct ts_thunk *thunk)
{
	if (value->param == TS_PARAM_RESULT)
		return "result";
	if (thunk && value->param < thunk->n_params && *thunk->params[value->param])
		return thunk->params[value->param];
	return ts_pool_printf(&json->scratch, "arg%u", value->param);
}

/* What tells of the call itself is neither: fill.c has it. */
static bool is_input(const struct ts_value *value)
{
	return value->param < TS_PARAM_FIRST;
}

static bool is_output(const struct ts_value *value)
{
	return value->param == TS_PARAM_RESULT;
}

static int make_values(struct ts_json *json, struct ts_values values, const struct ts_thunk *thunk,
		       bool (*counts)(const struct ts_value *), const char **ret)
{
	struct ts_items items = {.pool = &json->scratch};
	struct cJSON *object = NULL;
	const struct ts_value *value;

	*ret = NULL;
	while (!items.failed && (value = ts_values_next(&values))) {
		const char *key;

		if (!counts(value))
			continue;
		object = object ? object : ts_item_object(&items);
		key = param_name(json, value, thunk);
		ts_item_add(&items, object, key, ts_value_item(&items, json->redact, value));
	}
	return object || items.failed ? finish(json, &items, object, ret) : 0;
}

int ts_json_input(struct ts_json *json, struct ts_values values, const struct ts_thunk *thunk,
		  const char **ret)
{
	return make_values(json, values, thunk, is_input, ret);
}

int ts_json_output(struct ts_json *json, struct ts_values values, const char **ret)
{
	return make_values(json, values, NULL, is_output, ret);
}

/* --- attributes ------------------------------------------------------------------------ */

static struct cJSON *dropped_item(struct ts_items *items, const uint64_t *dropped)
{
	struct cJSON *object = ts_item_object(items);

	for (int i = 0; i < TS_LOST_COUNT; i++)
		if (dropped[i])
			ts_item_add(items, object, ts_json_lost_names[i],
				    ts_item_unsigned(items, dropped[i]));
	return object;
}

static struct cJSON *stack_item(struct ts_items *items, const struct ts_attributes *attributes)
{
	struct cJSON *array = ts_item_array(items);

	for (size_t i = 0; i < attributes->n_stack; i++)
		ts_item_append(items, array, ts_item_string(items, attributes->stack[i]));
	return array;
}

static struct cJSON *name_item(struct ts_items *items, const char *name)
{
	struct ts_text text = {name, strlen(name)};

	return ts_item_string(items, ts_text_clean(items->pool, text, NULL));
}

static bool says_nothing(const struct ts_attributes *attributes)
{
	return !attributes->error_number && !attributes->outcome && !attributes->streamed &&
	       !attributes->thread_name && !attributes->dropped && !attributes->n_stack &&
	       !attributes->wire;
}

int ts_json_attributes(struct ts_json *json, const struct ts_attributes *attributes,
		       const char **ret)
{
	struct ts_items items = {.pool = &json->scratch};
	struct cJSON *object;

	*ret = NULL;
	if (says_nothing(attributes))
		return 0;
	object = ts_item_object(&items);
	if (attributes->error_number)
		ts_item_add(&items, object, "errno",
			    ts_item_integer(&items, attributes->error_number));
	if (attributes->outcome)
		ts_item_add(&items, object, "outcome", ts_item_string(&items, attributes->outcome));
	if (attributes->streamed)
		ts_item_add(&items, object, "time_to_first_ms",
			    ts_item_double(&items, attributes->time_to_first_ms, false));
	if (attributes->thread_name)
		ts_item_add(&items, object, "thread_name",
			    name_item(&items, attributes->thread_name));
	if (attributes->dropped)
		ts_item_add(&items, object, "dropped", dropped_item(&items, attributes->dropped));
	if (attributes->n_stack)
		ts_item_add(&items, object, "stack", stack_item(&items, attributes));
	if (attributes->wire)
		ts_wire_facts_add(&items, object, attributes->wire);
	return finish(json, &items, object, ret);
}
