// SPDX-License-Identifier: Apache-2.0
#include "packed.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "../span.h"

/* What a value is: a byte before it. */
enum tag { NOTHING, INTEGER, REAL, TEXT, UUID };

void ts_packed_names(struct ts_bytes *to, const struct ts_table *table)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		ts_bytes_add(to, ",", i ? 1 : 0);
		ts_bytes_add(to, table->columns[i].name, strlen(table->columns[i].name));
	}
	ts_bytes_add(to, "", 1);
}

static const struct ts_column *column_named(const struct ts_table *table, const char *name,
					    size_t bytes)
{
	for (size_t i = 0; i < table->n_columns; i++)
		if (strncmp(table->columns[i].name, name, bytes) == 0 &&
		    !table->columns[i].name[bytes])
			return &table->columns[i];
	return NULL;
}

void ts_packed_map(struct ts_packed_map *ret, const struct ts_table *table, const char *names)
{
	*ret = (struct ts_packed_map){.table = table};
	while (*names && ret->n < TS_PACKED_COLUMNS) {
		size_t bytes = strcspn(names, ",");

		ret->columns[ret->n++] = column_named(table, names, bytes);
		names += bytes + (names[bytes] == ',');
	}
}

/* --- writing ------------------------------------------------------------------------------------ */

static void add(struct ts_bytes *to, enum tag tag, const void *value, size_t bytes)
{
	uint8_t byte = (uint8_t)tag;

	ts_bytes_add(to, &byte, 1);
	ts_bytes_add(to, value, bytes);
}

static void add_text(struct ts_bytes *to, const char *text)
{
	uint32_t bytes = text ? (uint32_t)strlen(text) : 0;

	if (!text) {
		add(to, NOTHING, NULL, 0);
		return;
	}
	add(to, TEXT, &bytes, sizeof(bytes));
	ts_bytes_add(to, text, bytes + 1);
}

static void add_value(struct ts_bytes *to, enum ts_column_type type, const void *value)
{
	const struct ts_maybe *maybe = value;
	const struct ts_span *span = value;
	int64_t number;

	switch (type) {
	case TS_COLUMN_UUID:
		add(to, UUID, value, sizeof(struct ts_uuid));
		return;
	case TS_COLUMN_PARENT:
		add(to, span->has_parent ? UUID : NOTHING, &span->parent_span_id,
		    span->has_parent ? sizeof(struct ts_uuid) : 0);
		return;
	case TS_COLUMN_NAME:
	case TS_COLUMN_TEXT:
	case TS_COLUMN_JSON:
		add_text(to, *(const char *const *)value);
		return;
	case TS_COLUMN_MAYBE:
		add(to, maybe->known ? INTEGER : NOTHING, &maybe->value,
		    maybe->known ? sizeof(maybe->value) : 0);
		return;
	case TS_COLUMN_DOUBLE:
		add(to, REAL, value, sizeof(double));
		return;
	case TS_COLUMN_BOOL:
		number = *(const bool *)value;
		add(to, INTEGER, &number, sizeof(number));
		return;
	case TS_COLUMN_INT64:
	case TS_COLUMN_TIME:
	case TS_COLUMN_ENDED:
		add(to, INTEGER, value, sizeof(number));
		return;
	}
}

void ts_packed_add(struct ts_bytes *to, const struct ts_table *table, const void *row)
{
	for (size_t i = 0; i < table->n_columns; i++)
		add_value(to, table->columns[i].type, (const char *)row + table->columns[i].offset);
}

/* --- reading ------------------------------------------------------------------------------------ */

struct value {
	enum tag tag;
	const char *at;
};

/* The next value; its bytes, tag included, or 0: there is no whole one. */
static size_t next_value(const char *data, size_t bytes, struct value *ret)
{
	uint32_t text_bytes;

	if (!bytes)
		return 0;
	*ret = (struct value){(unsigned char)data[0], data + 1};
	switch (ret->tag) {
	case NOTHING:
		return 1;
	case INTEGER:
	case REAL:
		return bytes > 8 ? 9 : 0;
	case UUID:
		return bytes > 16 ? 17 : 0;
	case TEXT:
		if (bytes < 6)
			return 0;
		memcpy(&text_bytes, data + 1, sizeof(text_bytes));
		ret->at = data + 5;
		if (text_bytes > bytes - 6 || strnlen(ret->at, text_bytes + 1) != text_bytes)
			return 0;
		return (size_t)text_bytes + 6;
	}
	return 0;
}

static bool fits(enum ts_column_type type, enum tag tag)
{
	switch (type) {
	case TS_COLUMN_UUID:
		return tag == UUID;
	case TS_COLUMN_PARENT:
		return tag == UUID || tag == NOTHING;
	case TS_COLUMN_NAME:
		return tag == TEXT;
	case TS_COLUMN_TEXT:
	case TS_COLUMN_JSON:
		return tag == TEXT || tag == NOTHING;
	case TS_COLUMN_MAYBE:
		return tag == INTEGER || tag == NOTHING;
	case TS_COLUMN_DOUBLE:
		return tag == REAL;
	case TS_COLUMN_BOOL:
	case TS_COLUMN_INT64:
	case TS_COLUMN_TIME:
	case TS_COLUMN_ENDED:
		return tag == INTEGER;
	}
	return false;
}

/* `value` fits. */
static void take(enum ts_column_type type, const struct value *value, void *ret)
{
	struct ts_maybe *maybe = ret;
	struct ts_span *span = ret;
	int64_t number;

	switch (type) {
	case TS_COLUMN_PARENT:
		span->has_parent = value->tag == UUID;
		if (span->has_parent)
			memcpy(&span->parent_span_id, value->at, sizeof(span->parent_span_id));
		return;
	case TS_COLUMN_NAME:
	case TS_COLUMN_TEXT:
	case TS_COLUMN_JSON:
		*(const char **)ret = value->tag == TEXT ? value->at : NULL;
		return;
	case TS_COLUMN_MAYBE:
		maybe->known = value->tag == INTEGER;
		if (maybe->known)
			memcpy(&maybe->value, value->at, sizeof(maybe->value));
		return;
	case TS_COLUMN_BOOL:
		memcpy(&number, value->at, sizeof(number));
		*(bool *)ret = number != 0;
		return;
	case TS_COLUMN_UUID:
		memcpy(ret, value->at, sizeof(struct ts_uuid));
		return;
	case TS_COLUMN_DOUBLE:
	case TS_COLUMN_INT64:
	case TS_COLUMN_TIME:
	case TS_COLUMN_ENDED:
		memcpy(ret, value->at, 8);
		return;
	}
}

static void clear(const struct ts_table *table, void *row)
{
	memset(row, 0, table->row_bytes);
	for (size_t i = 0; i < table->n_columns; i++)
		if (table->columns[i].type == TS_COLUMN_NAME)
			*(const char **)((char *)row + table->columns[i].offset) = "";
}

int ts_packed_read(const struct ts_packed_map *map, const char *data, size_t bytes, void *row)
{
	clear(map->table, row);
	for (size_t i = 0; i < map->n; i++) {
		const struct ts_column *column = map->columns[i];
		struct value value;
		size_t whole = next_value(data, bytes, &value);

		if (!whole || (column && !fits(column->type, value.tag)))
			return -EBADMSG;
		if (column)
			take(column->type, &value, (char *)row + column->offset);
		data += whole;
		bytes -= whole;
	}
	return bytes ? -EBADMSG : 0;
}
