/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROWS_H
#define ROWS_H

/* Rows have to be such that any store can take them: text is UTF-8, JSON is JSON without NUL, nothing is NULL that must not be. */

#include <cjson/cJSON.h>
#include <string.h>

#include "fuzz.h"
#include "runtime/columns.h"

static void check_text(const char *text)
{
	const unsigned char *at = (const void *)text;

	while (*at) {
		unsigned int n = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
		uint32_t c = n == 0 ? *at : *at & (0x3f >> n);

		MUST(n == 0 || (*at >= 0xc2 && *at <= 0xf4));
		at++;
		for (unsigned int i = 0; i < n; i++, at++) {
			MUST((*at & 0xc0) == 0x80);
			c = c << 6 | (*at & 0x3f);
		}
		MUST(n < 2 || c >= (n == 2 ? 0x800u : 0x10000u));
		MUST(c <= 0x10ffff && !(c >= 0xd800 && c < 0xe000));
	}
}

static void check_json(const char *text)
{
	cJSON *json = cJSON_ParseWithOpts(text, NULL, true);

	MUST(json);
	for (const char *at = text; *at; at++)
		if (*at == '\\')
			MUST(strncmp(at++, "\\u0000", 6) != 0);
	cJSON_Delete(json);
}

static void check_row(const struct ts_table *table, const char *row)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct ts_column *column = &table->columns[i];
		const void *value = row + column->offset;
		const char *text = NULL;

		if (column->type == TS_COLUMN_NAME || column->type == TS_COLUMN_TEXT ||
		    column->type == TS_COLUMN_JSON)
			text = *(const char *const *)value;
		MUST(text || column->type != TS_COLUMN_NAME);
		if (text)
			check_text(text);
		if (text && column->type == TS_COLUMN_JSON)
			check_json(text);
		if (column->type == TS_COLUMN_DOUBLE)
			MUST(*(const double *)value >= 0);
		if (column->type == TS_COLUMN_TIME)
			MUST(*(const int64_t *)value >= 0);
	}
}

#endif
