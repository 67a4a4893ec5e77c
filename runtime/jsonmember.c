// SPDX-License-Identifier: Apache-2.0
#include "jsonmember.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "moment.h"
#include "uuid.h"

void ts_member_integer(cJSON *to, const char *key, int64_t value)
{
	char text[24];

	/* cJSON's numbers are doubles, which round. */
	snprintf(text, sizeof(text), "%" PRId64, value);
	cJSON_AddRawToObject(to, key, text);
}

void ts_member_number(cJSON *to, const char *key, double value)
{
	if (isfinite(value))
		cJSON_AddNumberToObject(to, key, value);
	else
		cJSON_AddNullToObject(to, key);
}

void ts_member_text(cJSON *to, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(to, key, text);
	else
		cJSON_AddNullToObject(to, key);
}

/* As it was stored, digits and all. */
void ts_member_json(cJSON *to, const char *key, const char *json)
{
	cJSON *parsed = json ? cJSON_ParseWithOpts(json, NULL, true) : NULL;

	if (parsed)
		cJSON_AddRawToObject(to, key, json);
	else
		ts_member_text(to, key, json);
	cJSON_Delete(parsed);
}

void ts_member_moment(cJSON *to, const char *key, int64_t us)
{
	cJSON_AddStringToObject(to, key, ts_moment_format(us).text);
}

void ts_member_uuid(cJSON *to, const char *key, const struct ts_uuid *uuid)
{
	char text[TS_UUID_TEXT];

	ts_uuid_format(uuid, text);
	cJSON_AddStringToObject(to, key, text);
}

void ts_member_texts(cJSON *to, const char *key, char *const *texts, size_t n)
{
	cJSON *array = cJSON_AddArrayToObject(to, key);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(texts[i]));
}

cJSON *ts_member_object(cJSON *array)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddItemToArray(array, object);
	return object;
}

char *ts_member_finish(cJSON *document)
{
	char *text = document ? cJSON_Print(document) : NULL;

	cJSON_Delete(document);
	return text;
}

char *ts_member_line(cJSON *document)
{
	char *text = document ? cJSON_PrintUnformatted(document) : NULL;

	cJSON_Delete(document);
	return text;
}
