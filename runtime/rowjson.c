// SPDX-License-Identifier: Apache-2.0
#include "rowjson.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns.h"
#include "jsonmember.h"
#include "span.h"

static void add_maybe(cJSON *to, const char *key, struct ts_maybe value)
{
	if (value.known)
		ts_member_integer(to, key, value.value);
	else
		cJSON_AddNullToObject(to, key);
}

static void add_column(cJSON *to, const struct ts_column *column, const void *member)
{
	const struct ts_span *span = member;

	switch (column->type) {
	case TS_COLUMN_UUID:
		ts_member_uuid(to, column->name, member);
		return;
	case TS_COLUMN_PARENT:
		if (span->has_parent)
			ts_member_uuid(to, column->name, &span->parent_span_id);
		else
			cJSON_AddNullToObject(to, column->name);
		return;
	case TS_COLUMN_NAME:
	case TS_COLUMN_TEXT:
		ts_member_text(to, column->name, *(const char *const *)member);
		return;
	case TS_COLUMN_JSON:
		ts_member_json(to, column->name, *(const char *const *)member);
		return;
	case TS_COLUMN_INT64:
		ts_member_integer(to, column->name, *(const int64_t *)member);
		return;
	case TS_COLUMN_MAYBE:
		add_maybe(to, column->name, *(const struct ts_maybe *)member);
		return;
	case TS_COLUMN_DOUBLE:
		ts_member_number(to, column->name, *(const double *)member);
		return;
	case TS_COLUMN_BOOL:
		cJSON_AddBoolToObject(to, column->name, *(const bool *)member);
		return;
	case TS_COLUMN_TIME:
		ts_member_moment(to, column->name, *(const int64_t *)member);
		return;
	case TS_COLUMN_ENDED:
		if (*(const int64_t *)member)
			ts_member_moment(to, column->name, *(const int64_t *)member);
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
		ts_member_text(object, extra, text);
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
