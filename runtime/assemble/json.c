// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../log/dictionary.h"
#include "redact.h"
#include "../text.h"

#define NUMBER_BYTES 32
#define MAX_ESCAPE   6  /* bytes that cJSON writes for one of a string, at most: \u001f */
#define ITEM_BYTES   48 /* ... for what surrounds a member's key and value */
#define CJSON_MARGIN 64 /* ... that cJSON_PrintPreallocated wants to see free */

/* One document in the making. Strings that items refer to lie in the scratch pool. */
struct document {
	struct ts_json *json;
	size_t bound; /* the printed text is no longer than this */
};

static const char *const lost_names[TS_LOST_COUNT] = {
	[TS_LOST_RING_FULL] = "ring_full", [TS_LOST_NO_RING] = "no_ring",
	[TS_LOST_TOO_DEEP] = "too_deep",   [TS_LOST_REENTERED] = "reentered",
	[TS_LOST_ABANDONED] = "abandoned", [TS_LOST_END] = "end",
	[TS_LOST_UNHOOKED] = "unhooked",
};

/* Adds `item`, unless making it failed. The key must live as long as the document. */
static bool add(struct document *document, cJSON *object, const char *key, cJSON *item)
{
	document->bound += ITEM_BYTES + MAX_ESCAPE * strlen(key);
	return cJSON_AddItemToObjectCS(object, key, item);
}

static cJSON *make_string(struct document *document, const char *text)
{
	document->bound += MAX_ESCAPE * strlen(text);
	return cJSON_CreateStringReference(text);
}

/* cJSON would pass numbers through a double. */
static cJSON *make_integer(int64_t value)
{
	char digits[NUMBER_BYTES];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	return cJSON_CreateRaw(digits);
}

static cJSON *make_unsigned(uint64_t value)
{
	char digits[NUMBER_BYTES];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	return cJSON_CreateRaw(digits);
}

/* --- floating point -------------------------------------------------------------------- */

/* The program may have set a locale whose decimal point is not '.', even one of several bytes. */
static void use_point(char *digits)
{
	char *to = digits;

	for (const char *from = digits; *from;) {
		size_t n = strspn(from, "0123456789+-eE");

		memmove(to, from, n);
		to += n;
		from += n;
		if (!*from)
			break;
		*to++ = '.';
		from += strcspn(from, "0123456789+-eE");
	}
	*to = 0;
}

static cJSON *make_double(double value, bool narrow)
{
	char digits[NUMBER_BYTES * 2];
	int last_digits = narrow ? 9 : 17;
	/* so many decimals survive, so fewer need not be tried; not so below the minimum */
	int first_digits = fabs(value) < (narrow ? FLT_MIN : DBL_MIN) ? 1 : narrow ? 6 : 15;

	if (isnan(value))
		return cJSON_CreateStringReference("NaN");
	if (isinf(value))
		return cJSON_CreateStringReference(value < 0 ? "-Infinity" : "Infinity");
	for (int n = first_digits; n <= last_digits; n++) {
		snprintf(digits, sizeof(digits), "%.*g", n, value);
		if (narrow ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value)
			break;
	}
	use_point(digits);
	return cJSON_CreateRaw(digits);
}

/* --- values ---------------------------------------------------------------------------- */

static cJSON *make_text(struct document *document, struct ts_text text)
{
	struct ts_json *json = document->json;
	size_t repaired = 0;
	const char *clean;
	cJSON *object;

	if (ts_redact_text(json->redact, &json->scratch, &text) < 0)
		return NULL;
	clean = ts_text_clean(&json->scratch, text, &repaired);
	if (!clean)
		return NULL;
	if (!repaired)
		return make_string(document, clean);
	object = cJSON_CreateObject();
	if (object && add(document, object, "text", make_string(document, clean)) &&
	    add(document, object, "repaired", make_unsigned(repaired)))
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *make_cut(struct document *document, const struct ts_value_cut *cut)
{
	struct ts_json *json = document->json;
	const char *data = (const void *)(cut + 1), *clean_head, *clean_tail;
	struct ts_text head = {data, cut->head_bytes};
	struct ts_text tail = {data + cut->head_bytes, cut->tail_bytes};
	size_t repaired[2] = {0};
	cJSON *object;

	if (ts_redact_cut(json->redact, &json->scratch, &head, &tail) < 0)
		return NULL;
	ts_text_trim_end(&head);
	ts_text_trim_begin(&tail);
	clean_head = ts_text_clean(&json->scratch, head, &repaired[0]);
	clean_tail = ts_text_clean(&json->scratch, tail, &repaired[1]);
	object = clean_head && clean_tail ? cJSON_CreateObject() : NULL;
	if (object && add(document, object, "head", make_string(document, clean_head)) &&
	    add(document, object, "tail", make_string(document, clean_tail)) &&
	    add(document, object, "truncated", make_unsigned(cut->full_bytes)) &&
	    (repaired[0] + repaired[1] == 0 ||
	     add(document, object, "repaired", make_unsigned(repaired[0] + repaired[1]))))
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *make_char(struct document *document, unsigned char byte)
{
	char text[2] = {(char)byte, 0};
	const char *copy;

	if (byte == 0 || byte >= 0x80)
		return make_unsigned(byte);
	copy = ts_pool_strndup(&document->json->scratch, text, 1);
	return copy ? make_string(document, copy) : NULL;
}

static cJSON *make_unreadable(struct document *document, uint64_t address)
{
	char *text = ts_pool_printf(&document->json->scratch, "0x%" PRIx64, address);
	cJSON *object = text ? cJSON_CreateObject() : NULL;

	if (object && add(document, object, "unreadable", make_string(document, text)))
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *make_value(struct document *document, const struct ts_value *value)
{
	const unsigned char *payload = (const void *)(value + 1);
	union {
		int64_t integer;
		uint64_t natural;
		double wide;
		float narrow;
	} u = {0};

	memcpy(&u, payload, value->bytes < sizeof(u) ? value->bytes : sizeof(u));
	switch (value->type) {
	case TS_VALUE_NULL:
		return cJSON_CreateNull();
	case TS_VALUE_BOOL:
		return cJSON_CreateBool(u.natural != 0);
	case TS_VALUE_INT:
		return make_integer(u.integer);
	case TS_VALUE_UINT:
		return make_unsigned(u.natural);
	case TS_VALUE_CHAR:
		return make_char(document, payload[0]);
	case TS_VALUE_FLOAT:
		return make_double((double)u.narrow, true);
	case TS_VALUE_DOUBLE:
		return make_double(u.wide, false);
	case TS_VALUE_STRING:
		return make_text(document, (struct ts_text){(const char *)payload, value->bytes});
	case TS_VALUE_CUT:
		return make_cut(document, (const void *)payload);
	case TS_VALUE_UNREADABLE:
		return make_unreadable(document, u.natural);
	default:
		return cJSON_CreateStringReference("[redacted]");
	}
}

/* --- documents ------------------------------------------------------------------------- */

/* Prints and frees `object`, unless `failed`. */
static int finish(struct document *document, cJSON *object, bool failed, const char **ret)
{
	struct ts_json *json = document->json;
	size_t bound = document->bound + CJSON_MARGIN;
	char *text = NULL;
	int result = -ENOMEM;

	if (!failed && object && bound < INT32_MAX)
		text = ts_pool_alloc(json->pool, bound);
	if (text && cJSON_PrintPreallocated(object, text, (int)bound, 0)) {
		ts_pool_trim(json->pool, text, strlen(text) + 1);
		*ret = text;
		result = 0;
	}
	cJSON_Delete(object);
	ts_pool_reset(&json->scratch);
	return result;
}

static const char *param_name(struct document *document, const struct ts_value *value,
			      const struct ts_thunk *thunk)
{
	if (value->param == TS_PARAM_RESULT)
		return "result";
	if (thunk && value->param < thunk->n_params && *thunk->params[value->param])
		return thunk->params[value->param];
	return ts_pool_printf(&document->json->scratch, "arg%u", value->param);
}

/* What describes an exception is no output: the row's error words it (fill.c). */
static bool is_about_error(const struct ts_value *value)
{
	return value->param == TS_PARAM_ERROR || value->param == TS_PARAM_WHAT;
}

static int make_values(struct ts_json *json, struct ts_values values, const struct ts_thunk *thunk,
		       bool results, const char **ret)
{
	struct document document = {.json = json};
	const struct ts_value *value;
	cJSON *object = NULL;
	bool failed = false;

	*ret = NULL;
	while (!failed && (value = ts_values_next(&values))) {
		const char *key;

		if ((value->param == TS_PARAM_RESULT) != results || is_about_error(value))
			continue;
		object = object ? object : cJSON_CreateObject();
		key = object ? param_name(&document, value, thunk) : NULL;
		failed = !key || !add(&document, object, key, make_value(&document, value));
	}
	return object || failed ? finish(&document, object, failed, ret) : 0;
}

int ts_json_input(struct ts_json *json, struct ts_values values, const struct ts_thunk *thunk,
		  const char **ret)
{
	return make_values(json, values, thunk, false, ret);
}

int ts_json_output(struct ts_json *json, struct ts_values values, const char **ret)
{
	return make_values(json, values, NULL, true, ret);
}

/* --- attributes ------------------------------------------------------------------------ */

static cJSON *make_dropped(struct document *document, const uint64_t *dropped)
{
	cJSON *object = cJSON_CreateObject();

	for (int i = 0; object && i < TS_LOST_COUNT; i++) {
		if (dropped[i] &&
		    !add(document, object, lost_names[i], make_unsigned(dropped[i]))) {
			cJSON_Delete(object);
			return NULL;
		}
	}
	return object;
}

static cJSON *make_stack(struct document *document, const struct ts_attributes *attributes)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; array && i < attributes->n_stack; i++) {
		document->bound += ITEM_BYTES;
		if (!cJSON_AddItemToArray(array, make_string(document, attributes->stack[i]))) {
			cJSON_Delete(array);
			return NULL;
		}
	}
	return array;
}

static cJSON *make_name(struct document *document, const char *name)
{
	struct ts_text text = {name, strlen(name)};
	const char *clean = ts_text_clean(&document->json->scratch, text, NULL);

	return clean ? make_string(document, clean) : NULL;
}

int ts_json_attributes(struct ts_json *json, const struct ts_attributes *attributes,
		       const char **ret)
{
	struct document document = {.json = json};
	cJSON *object;
	bool done;

	*ret = NULL;
	if (!attributes->error_number && !attributes->outcome && !attributes->thread_name &&
	    !attributes->dropped && !attributes->n_stack)
		return 0;
	object = cJSON_CreateObject();
	done = object != NULL;
	if (done && attributes->error_number)
		done = add(&document, object, "errno", make_integer(attributes->error_number));
	if (done && attributes->outcome)
		done = add(&document, object, "outcome",
			   make_string(&document, attributes->outcome));
	if (done && attributes->thread_name)
		done = add(&document, object, "thread_name",
			   make_name(&document, attributes->thread_name));
	if (done && attributes->dropped)
		done = add(&document, object, "dropped",
			   make_dropped(&document, attributes->dropped));
	if (done && attributes->n_stack)
		done = add(&document, object, "stack", make_stack(&document, attributes));
	return finish(&document, object, !done, ret);
}
