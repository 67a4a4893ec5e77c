// SPDX-License-Identifier: Apache-2.0
/*
 * An array on the wire: dimensions (1), whether it holds NULLs (0, 1), the OID of its elements, how many there are,
 * the number of the first (1); then each element's length, -1 for NULL, and its bytes. All in network order, 4 bytes.
 */
#include "encode.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../moment.h"
#include "../span.h"
#include "../text.h"

#define NO_VALUE   UINT32_MAX        /* length of NULL */
#define EPOCH_US   946684800000000LL /* 2000-01-01, from which PostgreSQL counts */
#define MOST_BYTES (1 << 30)         /* PostgreSQL takes no longer value */

static const struct {
	const char *array;
	uint32_t oid; /* of an element; built in, so the same everywhere */
} types[] = {
	[TS_COLUMN_UUID] = {"uuid[]", 2950},        [TS_COLUMN_NAME] = {"text[]", 25},
	[TS_COLUMN_TEXT] = {"text[]", 25},          [TS_COLUMN_JSON] = {"jsonb[]", 3802},
	[TS_COLUMN_INT64] = {"bigint[]", 20},       [TS_COLUMN_MAYBE] = {"bigint[]", 20},
	[TS_COLUMN_DOUBLE] = {"float8[]", 701},     [TS_COLUMN_BOOL] = {"boolean[]", 16},
	[TS_COLUMN_TIME] = {"timestamptz[]", 1184}, [TS_COLUMN_ENDED] = {"timestamptz[]", 1184},
	[TS_COLUMN_PARENT] = {"uuid[]", 2950},
};

const char *ts_encode_type(enum ts_column_type type)
{
	return types[type].array;
}

/* --- what jsonb refuses ------------------------------------------------------------------- */

static bool is_utf8(const char *text, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		size_t n = ts_text_character(text + at, bytes - at);

		if (!n)
			return false;
		at += n;
	}
	return true;
}

/* The four hex digits of \uXXXX as a number; 0 where there are none. */
static unsigned int escaped(const char *digits)
{
	unsigned int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = digits[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return 0;
		value = value << 4 | (unsigned int)digit;
	}
	return value;
}

/* Whether jsonb takes the escapes of a JSON text: no \u0000, and surrogates only in pairs. */
static bool has_good_escapes(const char *json)
{
	while ((json = strchr(json, '\\'))) {
		unsigned int unit;

		if (json[1] != 'u') {
			json += json[1] ? 2 : 1;
			continue;
		}
		unit = escaped(json + 2);
		if (!unit || (unit >= 0xdc00 && unit <= 0xdfff))
			return false;
		json += 6;
		if (unit < 0xd800 || unit > 0xdbff)
			continue;
		unit = json[0] == '\\' && json[1] == 'u' ? escaped(json + 2) : 0;
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		json += 6;
	}
	return true;
}

/* --- elements ------------------------------------------------------------------------------ */

struct writer {
	struct ts_encoded *encoded;
	size_t used;
	bool has_null;
};

static int reserve(struct writer *w, size_t bytes)
{
	struct ts_encoded *encoded = w->encoded;
	size_t room = encoded->room ? encoded->room : 4096;
	char *buffer;

	while (room - w->used < bytes)
		room *= 2;
	if (room == encoded->room)
		return 0;
	buffer = realloc(encoded->buffer, room);
	if (!buffer)
		return -ENOMEM;
	encoded->buffer = buffer;
	encoded->room = room;
	return 0;
}

static void put(struct writer *w, const void *bytes, size_t n)
{
	memcpy(w->encoded->buffer + w->used, bytes, n);
	w->used += n;
}

static void put_32(struct writer *w, uint32_t value)
{
	value = htobe32(value);
	put(w, &value, sizeof(value));
}

static int put_null(struct writer *w)
{
	if (reserve(w, 4) < 0)
		return -ENOMEM;
	put_32(w, NO_VALUE);
	w->has_null = true;
	return 0;
}

static int put_bytes(struct writer *w, const void *bytes, size_t n)
{
	if (reserve(w, 4 + n) < 0)
		return -ENOMEM;
	put_32(w, (uint32_t)n);
	put(w, bytes, n);
	return 0;
}

static int put_64(struct writer *w, uint64_t value)
{
	value = htobe64(value);
	return put_bytes(w, &value, sizeof(value));
}

static int put_double(struct writer *w, double value)
{
	uint64_t bits;

	if (isnan(value))
		return put_null(w);
	memcpy(&bits, &value, sizeof(bits));
	return put_64(w, bits);
}

static int put_time(struct writer *w, int64_t us)
{
	int64_t kept = us < 0 ? 0 : us > TS_MOMENT_LAST_US ? TS_MOMENT_LAST_US : us;

	return put_64(w, (uint64_t)(kept - EPOCH_US));
}

static int put_text(struct writer *w, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (!text)
		return put_null(w);
	if (n >= MOST_BYTES || !is_utf8(text, n))
		return -EILSEQ;
	return put_bytes(w, text, n);
}

/* jsonb on the wire: its version, 1, and the text. */
static int put_json(struct writer *w, const char *json)
{
	size_t n = json ? strlen(json) : 0;

	if (!json)
		return put_null(w);
	if (n >= MOST_BYTES || !is_utf8(json, n) || !has_good_escapes(json))
		return -EILSEQ;
	if (reserve(w, 5 + n) < 0)
		return -ENOMEM;
	put_32(w, (uint32_t)n + 1);
	put(w, "\1", 1);
	put(w, json, n);
	return 0;
}

static int put_element(struct writer *w, enum ts_column_type type, const void *value)
{
	const struct ts_maybe *maybe = value;
	const struct ts_span *span = value;
	const char *const *text = value;

	switch (type) {
	case TS_COLUMN_UUID:
		return put_bytes(w, value, sizeof(struct ts_uuid));
	case TS_COLUMN_PARENT:
		return span->has_parent
			       ? put_bytes(w, &span->parent_span_id, sizeof(span->parent_span_id))
			       : put_null(w);
	case TS_COLUMN_NAME:
		return put_text(w, *text ? *text : "");
	case TS_COLUMN_TEXT:
		return put_text(w, *text);
	case TS_COLUMN_JSON:
		return put_json(w, *text);
	case TS_COLUMN_INT64:
		return put_64(w, (uint64_t) * (const int64_t *)value);
	case TS_COLUMN_MAYBE:
		return maybe->known ? put_64(w, (uint64_t)maybe->value) : put_null(w);
	case TS_COLUMN_DOUBLE:
		return put_double(w, *(const double *)value);
	case TS_COLUMN_BOOL:
		return put_bytes(w, *(const bool *)value ? "\1" : "\0", 1);
	case TS_COLUMN_TIME:
		return put_time(w, *(const int64_t *)value);
	case TS_COLUMN_ENDED:
		return *(const int64_t *)value ? put_time(w, *(const int64_t *)value) : put_null(w);
	}
	return -EINVAL;
}

/* --- arrays -------------------------------------------------------------------------------- */

static int put_array(struct writer *w, const struct ts_column *column, const void *const *rows,
		     size_t n)
{
	size_t nulls;
	int result = reserve(w, 20);
	uint32_t yes = htobe32(1);

	if (result < 0)
		return result;
	put_32(w, 1);
	nulls = w->used;
	w->has_null = false;
	put_32(w, 0);
	put_32(w, types[column->type].oid);
	put_32(w, (uint32_t)n);
	put_32(w, 1);
	for (size_t i = 0; result == 0 && i < n; i++)
		result = put_element(w, column->type, (const char *)rows[i] + column->offset);
	if (w->has_null)
		memcpy(w->encoded->buffer + nulls, &yes, sizeof(yes));
	return result;
}

int ts_encode(struct ts_encoded *encoded, const struct ts_table *table, const void *const *rows,
	      size_t n, struct ts_error *err)
{
	struct writer w = {.encoded = encoded};
	size_t starts[TS_ENCODE_COLUMNS + 1] = {0};
	int result;

	for (size_t i = 0; i < table->n_columns; i++) {
		result = put_array(&w, &table->columns[i], rows, n);
		if (result == -EILSEQ)
			return ts_error_set(err, result, "%s holds what PostgreSQL does not take",
					    table->columns[i].name);
		if (result < 0)
			return ts_error_set(err, result, "out of memory");
		starts[i + 1] = w.used;
	}
	for (size_t i = 0; i < table->n_columns; i++) {
		encoded->values[i] = encoded->buffer + starts[i];
		encoded->bytes[i] = (int)(starts[i + 1] - starts[i]);
	}
	return 0;
}

size_t ts_encode_size(const struct ts_table *table, const void *row)
{
	size_t bytes = 0;

	for (size_t i = 0; i < table->n_columns; i++) {
		const struct ts_column *column = &table->columns[i];
		const char *const *text = (const void *)((const char *)row + column->offset);
		bool is_text = column->type == TS_COLUMN_NAME || column->type == TS_COLUMN_TEXT ||
			       column->type == TS_COLUMN_JSON;

		bytes += 12 + (is_text && *text ? strlen(*text) : 0);
	}
	return bytes;
}

void ts_encoded_release(struct ts_encoded *encoded)
{
	free(encoded->buffer);
	*encoded = (struct ts_encoded){.buffer = NULL};
}
