// SPDX-License-Identifier: Apache-2.0
#include "value.h"

#include <inttypes.h>
#include <string.h>

#include "../log/event.h"
#include "redact.h"
#include "../text.h"

#define REDACTED  "[redacted]"
#define TRUNCATED "truncated"

static struct ts_text payload_of(const struct ts_value *value)
{
	return (struct ts_text){(const char *)(value + 1), value->bytes};
}

static uint64_t word_of(const struct ts_value *value)
{
	uint64_t word;

	memcpy(&word, value + 1, sizeof(word));
	return word;
}

/* --- strings --------------------------------------------------------------------------- */

/* Redacted and repaired; NULL: no memory. */
static const char *whole_text(const struct ts_redact *redact, struct ts_pool *pool,
			      struct ts_text text, size_t *ret_repaired)
{
	return ts_redact_text(redact, pool, &text) < 0 ? NULL
						       : ts_text_clean(pool, text, ret_repaired);
}

/* The two ends of a string that was cut. */
struct ends {
	struct ts_text head, tail;
	const char *clean_head, *clean_tail;
	uint64_t full_bytes;
	size_t repaired;
};

static struct ends ends_of(const struct ts_value *value)
{
	const struct ts_value_cut *cut = (const void *)(value + 1);
	const char *data = (const void *)(cut + 1);

	return (struct ends){
		.head = {data, cut->head_bytes},
		.tail = {data + cut->head_bytes, cut->tail_bytes},
		.full_bytes = cut->full_bytes,
	};
}

/* The same, redacted and repaired; false: no memory. */
static bool clean_ends(const struct ts_redact *redact, struct ts_pool *pool, struct ends *ends)
{
	size_t repaired = 0;

	if (ts_redact_cut(redact, pool, &ends->head, &ends->tail) < 0)
		return false;
	ts_text_trim_end(&ends->head);
	ts_text_trim_begin(&ends->tail);
	ends->clean_head = ts_text_clean(pool, ends->head, &ends->repaired);
	ends->clean_tail = ts_text_clean(pool, ends->tail, &repaired);
	ends->repaired += repaired;
	return ends->clean_head && ends->clean_tail;
}

const char *ts_value_text(const struct ts_redact *redact, struct ts_pool *pool,
			  const struct ts_value *value)
{
	struct ends ends;

	if (value->type == TS_VALUE_STRING)
		return whole_text(redact, pool, payload_of(value), NULL);
	if (value->type != TS_VALUE_CUT)
		return "";
	ends = ends_of(value);
	return clean_ends(redact, pool, &ends)
		       ? ts_pool_printf(pool, "%s…%s", ends.clean_head, ends.clean_tail)
		       : NULL;
}

static struct cJSON *string_item(struct ts_items *items, const struct ts_redact *redact,
				 const struct ts_value *value)
{
	size_t repaired = 0;
	const char *clean = whole_text(redact, items->pool, payload_of(value), &repaired);
	struct cJSON *object;

	if (!repaired)
		return ts_item_string(items, clean);
	object = ts_item_object(items);
	ts_item_add(items, object, "text", ts_item_string(items, clean));
	ts_item_add(items, object, "repaired", ts_item_unsigned(items, repaired));
	return object;
}

static struct cJSON *cut_item(struct ts_items *items, const struct ts_redact *redact,
			      const struct ts_value *value)
{
	struct cJSON *object = ts_item_object(items);
	struct ends ends = ends_of(value);

	if (!clean_ends(redact, items->pool, &ends))
		items->failed = true;
	ts_item_add(items, object, "head", ts_item_string(items, ends.clean_head));
	ts_item_add(items, object, "tail", ts_item_string(items, ends.clean_tail));
	ts_item_add(items, object, TRUNCATED, ts_item_unsigned(items, ends.full_bytes));
	if (ends.repaired)
		ts_item_add(items, object, "repaired", ts_item_unsigned(items, ends.repaired));
	return object;
}

/* --- lists and objects ----------------------------------------------------------------- */

static struct cJSON *list_item(struct ts_items *items, const struct ts_redact *redact,
			       const struct ts_value *value)
{
	struct ts_values members = ts_value_members(value);
	struct cJSON *array = ts_item_array(items);
	const struct ts_value *member;

	while (!items->failed && (member = ts_values_next(&members)))
		ts_item_append(items, array, ts_value_item(items, redact, member));
	return array;
}

static bool is_hidden(const struct ts_redact *redact, const struct ts_value *key)
{
	struct ends ends;

	if (key->type == TS_VALUE_STRING)
		return ts_redact_hides(redact, payload_of(key));
	ends = ends_of(key);
	return ts_redact_may_hide(redact, ends.head, ends.tail, ends.full_bytes);
}

static struct cJSON *object_item(struct ts_items *items, const struct ts_redact *redact,
				 const struct ts_value *value)
{
	struct ts_values members = ts_value_members(value);
	struct cJSON *object = ts_item_object(items);
	const struct ts_value *key, *member;

	while (!items->failed && (member = ts_values_next_member(&members, &key))) {
		if (member->type == TS_VALUE_OMITTED)
			ts_item_add(items, object, TRUNCATED,
				    ts_item_unsigned(items, word_of(member)));
		else
			ts_item_add(items, object, ts_value_text(redact, items->pool, key),
				    is_hidden(redact, key) ? ts_item_string(items, REDACTED)
							   : ts_value_item(items, redact, member));
	}
	return object;
}

/* --- all ------------------------------------------------------------------------------- */

static struct cJSON *char_item(struct ts_items *items, const struct ts_value *value)
{
	const char *byte = (const char *)(value + 1);

	return *byte > 0 ? ts_item_string(items, ts_pool_strndup(items->pool, byte, 1))
			 : ts_item_unsigned(items, (unsigned char)*byte);
}

static struct cJSON *float_item(struct ts_items *items, const struct ts_value *value)
{
	double wide;
	float narrow;

	memcpy(&wide, value + 1, sizeof(wide));
	memcpy(&narrow, value + 1, sizeof(narrow));
	return value->type == TS_VALUE_FLOAT ? ts_item_double(items, (double)narrow, true)
					     : ts_item_double(items, wide, false);
}

static struct cJSON *unreadable_item(struct ts_items *items, const struct ts_value *value)
{
	struct cJSON *object = ts_item_object(items);
	const char *address = ts_pool_printf(items->pool, "0x%" PRIx64, word_of(value));

	ts_item_add(items, object, "unreadable", ts_item_string(items, address));
	return object;
}

static struct cJSON *opaque_item(struct ts_items *items, const struct ts_value *value)
{
	const char *type = ts_text_clean(items->pool, payload_of(value), NULL);

	return ts_item_string(items, type ? ts_pool_printf(items->pool, "<%s>", type) : NULL);
}

static struct cJSON *omitted_item(struct ts_items *items, const struct ts_value *value)
{
	struct cJSON *object = ts_item_object(items);

	ts_item_add(items, object, TRUNCATED, ts_item_unsigned(items, word_of(value)));
	return object;
}

/* Lists and objects come back here: TS_MAX_NESTING deep, or the event would not have passed its check. */
struct cJSON *ts_value_item(struct ts_items *items, const struct ts_redact *redact,
			    const struct ts_value *value)
{
	switch (value->type) {
	case TS_VALUE_NULL:
		return ts_item_null(items);
	case TS_VALUE_BOOL:
		return ts_item_bool(items, word_of(value) != 0);
	case TS_VALUE_INT:
		return ts_item_integer(items, (int64_t)word_of(value));
	case TS_VALUE_UINT:
		return ts_item_unsigned(items, word_of(value));
	case TS_VALUE_CHAR:
		return char_item(items, value);
	case TS_VALUE_FLOAT:
	case TS_VALUE_DOUBLE:
		return float_item(items, value);
	case TS_VALUE_STRING:
		return string_item(items, redact, value);
	case TS_VALUE_CUT:
		return cut_item(items, redact, value);
	case TS_VALUE_UNREADABLE:
		return unreadable_item(items, value);
	case TS_VALUE_LIST:
		return list_item(items, redact, value);
	case TS_VALUE_OBJECT:
		return object_item(items, redact, value);
	case TS_VALUE_OPAQUE:
		return opaque_item(items, value);
	case TS_VALUE_OMITTED:
		return omitted_item(items, value);
	default:
		return ts_item_string(items, REDACTED);
	}
}
