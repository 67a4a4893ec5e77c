/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ITEM_H
#define TS_ITEM_H

/*
 * JSON documents in the making: cJSON's items, laid into a pool instead of one malloc each, and given
 * back with it. What there was no memory for is NULL; it may be passed on, and fails the document.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pool.h"

struct cJSON;

/* One document. */
struct ts_items {
	struct ts_pool *pool; /* of items; what they refer to lives as long */
	size_t bound;         /* the printed text is no longer than this */
	bool failed;
};

struct cJSON *ts_item_object(struct ts_items *items);
struct cJSON *ts_item_array(struct ts_items *items);
struct cJSON *ts_item_null(struct ts_items *items);
struct cJSON *ts_item_bool(struct ts_items *items, bool value);
struct cJSON *ts_item_integer(struct ts_items *items, int64_t value);
struct cJSON *ts_item_unsigned(struct ts_items *items, uint64_t value);

/* In the fewest digits that read back as the same number; `narrow`: as the same float. */
struct cJSON *ts_item_double(struct ts_items *items, double value, bool narrow);

/* UTF-8, NULL where memory ran out; referred to. */
struct cJSON *ts_item_string(struct ts_items *items, const char *text);

/* Add `item` at the end; the key is referred to. */
void ts_item_add(struct ts_items *items, struct cJSON *object, const char *key, struct cJSON *item);
void ts_item_append(struct ts_items *items, struct cJSON *array, struct cJSON *item);

/* The document as text in `to`. 0 or -ENOMEM. */
int ts_item_print(struct ts_items *items, struct cJSON *item, struct ts_pool *to, const char **ret);

#endif
