// SPDX-License-Identifier: Apache-2.0
#include "rowjson.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns.h"
#include "moment.h"
#include "span.h"
#include "uuid.h"

/* cJSON answers NULL where memory ran out and takes NULL for an object. */

static void add_integer(cJSON *to, const char *key, int64_t value)
{
	char text[24];

	/* cJSON's numbers are doubles, which round. */
	snprintf(text, sizeof(text), "%" PRId64, value);
	cJSON_AddRawToObject(to, key, text);
}

static void add_maybe(cJSON *to, const char *key, struct ts_maybe value)
{
	if (value.known)
		add_integer(to, key, value.value);
	else
		cJSON_AddNullToObject(to, key);
}

static void add_text(cJSON *to, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(to, key, text);
	else
		cJSON_AddNullToObject(to, key);
}

/* As it was stored, digits and all; what is no JSON becomes a string. */
static void add_json(cJSON *to, const char *key, const char *json)
{
	cJSON *parsed = json ? cJSON_ParseWithOpts(json, NULL, true) : NULL;

	if (parsed)
		cJSON_AddRawToObject(to, key, json);
	else
		add_text(to, key, json);
	cJSON_Delete(parsed);
}

static void add_uuid(cJSON *to, const char *key, const struct ts_uuid *uuid)
{
	char text[TS_UUID_TEXT];

	ts_uuid_format(uuid, text);
	cJSON_AddStringToObject(to, key, text);
}

static void add_moment(cJSON *to, const char *key, int64_t us)
{
	cJSON_AddStringToObject(to, key, ts_moment_format(us).text);
}

static void add_number(cJSON *to, const char *key, double value)
{
	if (isfinite(value))
		cJSON_AddNumberToObject(to, key, value);
	else
		cJSON_AddNullToObject(to, key);
}

static void add_column(cJSON *to, const struct ts_column *column, const void *member)
{
	const struct ts_span *span = member;

	switch (column->type) {
	case TS_COLUMN_UUID:
		add_uuid(to, column->name, member);
		return;
	case TS_COLUMN_PARENT:
		if (span->has_parent)
			add_uuid(to, column->name, &span->parent_span_id);
		else
			cJSON_AddNullToObject(to, column->name);
		return;
	case TS_COLUMN_NAME:
	case TS_COLUMN_TEXT:
		add_text(to, column->name, *(const char *const *)member);
		return;
	case TS_COLUMN_JSON:
		add_json(to, column->name, *(const char *const *)member);
		return;
	case TS_COLUMN_INT64:
		add_integer(to, column->name, *(const int64_t *)member);
		return;
	case TS_COLUMN_MAYBE:
		add_maybe(to, column->name, *(const struct ts_maybe *)member);
		return;
	case TS_COLUMN_DOUBLE:
		add_number(to, column->name, *(const double *)member);
		return;
	case TS_COLUMN_BOOL:
		cJSON_AddBoolToObject(to, column->name, *(const bool *)member);
		return;
	case TS_COLUMN_TIME:
		add_moment(to, column->name, *(const int64_t *)member);
		return;
	case TS_COLUMN_ENDED:
		if (*(const int64_t *)member)
			add_moment(to, column->name, *(const int64_t *)member);
		else
			cJSON_AddNullToObject(to, column->name);
		return;
	}
}

cJSON *ts_row_json(const struct ts_table *table, const void *row)
{
	cJSON *to = cJSON_CreateObject();

	for (size_t i = 0; i < table->n_columns; i++)
		add_column(to, &table->columns[i], (const char *)row + table->columns[i].offset);
	return to;
}

/* "trace", for the table pipeline_traces. */
static const char *name_of(const struct ts_table *table)
{
	return table == &ts_trace_table ? "trace" : table == &ts_span_table ? "span" : "run";
}

char *ts_row_line(const struct ts_table *table, const void *row, const char *extra,
		  const char *text)
{
	cJSON *object = ts_row_json(table, row);
	char *members = NULL, *line = NULL;

	if (extra)
		add_text(object, extra, text);
	if (object && (size_t)cJSON_GetArraySize(object) == table->n_columns + (extra != NULL))
		members = cJSON_PrintUnformatted(object);
	if (members && asprintf(&line, "{\"table\":\"%s\",%s", name_of(table), members + 1) < 0)
		line = NULL;
	/* JSON that came from elsewhere may have line ends where only white space may be. */
	for (char *c = line; c && *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	free(members);
	cJSON_Delete(object);
	return line;
}
