// SPDX-License-Identifier: Apache-2.0
#include "item.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 64
#define MAX_ESCAPE   6  /* bytes that cJSON writes for one of a string, at most: \u001f */
#define ITEM_BYTES   48 /* ... for what surrounds a member's key and value, and for a number */
#define CJSON_MARGIN 64 /* ... that cJSON_PrintPreallocated wants to see free */

/* Never handed to cJSON_Delete, which would free what is not malloc's. */
static cJSON *new_item(struct ts_items *items, int type, const char *text)
{
	cJSON *item = ts_pool_alloc(items->pool, sizeof(*item));

	items->bound += ITEM_BYTES;
	if (!item) {
		items->failed = true;
		return NULL;
	}
	memset(item, 0, sizeof(*item));
	item->type = type;
	item->valuestring = (char *)text;
	return item;
}

struct cJSON *ts_item_object(struct ts_items *items)
{
	return new_item(items, cJSON_Object, NULL);
}

struct cJSON *ts_item_array(struct ts_items *items)
{
	return new_item(items, cJSON_Array, NULL);
}

struct cJSON *ts_item_null(struct ts_items *items)
{
	return new_item(items, cJSON_NULL, NULL);
}

struct cJSON *ts_item_bool(struct ts_items *items, bool value)
{
	return new_item(items, value ? cJSON_True : cJSON_False, NULL);
}

struct cJSON *ts_item_string(struct ts_items *items, const char *text)
{
	if (!text) {
		items->failed = true;
		return NULL;
	}
	items->bound += MAX_ESCAPE * strlen(text);
	return new_item(items, cJSON_String, text);
}

/* --- numbers --------------------------------------------------------------------------- */

/* As they are: cJSON would pass them through a double. */
static cJSON *new_number(struct ts_items *items, const char *digits)
{
	const char *copy = ts_pool_strndup(items->pool, digits, strlen(digits));

	if (!copy) {
		items->failed = true;
		return NULL;
	}
	return new_item(items, cJSON_Raw, copy);
}

struct cJSON *ts_item_integer(struct ts_items *items, int64_t value)
{
	char digits[NUMBER_BYTES];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	return new_number(items, digits);
}

struct cJSON *ts_item_unsigned(struct ts_items *items, uint64_t value)
{
	char digits[NUMBER_BYTES];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	return new_number(items, digits);
}

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

struct cJSON *ts_item_double(struct ts_items *items, double value, bool narrow)
{
	char digits[NUMBER_BYTES];
	int last_digits = narrow ? 9 : 17;
	/* so many decimals survive, so fewer need not be tried; not so below the minimum */
	int first_digits = fabs(value) < (narrow ? FLT_MIN : DBL_MIN) ? 1 : narrow ? 6 : 15;

	if (isnan(value))
		return ts_item_string(items, "NaN");
	if (isinf(value))
		return ts_item_string(items, value < 0 ? "-Infinity" : "Infinity");
	for (int n = first_digits; n <= last_digits; n++) {
		snprintf(digits, sizeof(digits), "%.*g", n, value);
		if (narrow ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value)
			break;
	}
	use_point(digits);
	return new_number(items, digits);
}

/* --- documents ------------------------------------------------------------------------- */

void ts_item_add(struct ts_items *items, struct cJSON *object, const char *key, struct cJSON *item)
{
	if (!cJSON_AddItemToObjectCS(object, key, item))
		items->failed = true;
	else
		items->bound += MAX_ESCAPE * strlen(key);
}

void ts_item_append(struct ts_items *items, struct cJSON *array, struct cJSON *item)
{
	if (!cJSON_AddItemToArray(array, item))
		items->failed = true;
}

int ts_item_print(struct ts_items *items, struct cJSON *item, struct ts_pool *to, const char **ret)
{
	size_t bound = items->bound + CJSON_MARGIN;
	char *text = NULL;

	if (!items->failed && item && bound < INT32_MAX)
		text = ts_pool_alloc(to, bound);
	if (!text || !cJSON_PrintPreallocated(item, text, (int)bound, 0))
		return -ENOMEM;
	ts_pool_trim(to, text, strlen(text) + 1);
	*ret = text;
	return 0;
}
