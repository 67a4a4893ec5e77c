/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ROWJSON_H
#define TS_ROWJSON_H

/*
 * A row as a JSON object: what --json prints, and what a line of a jsonl: store is. Keys are the column names,
 * ids UUID text, times RFC 3339, what is unknown null, 64-bit integers exact; captured values are embedded, not
 * quoted.
 */

#include "columns.h"

struct cJSON;

/* To be deleted by the caller; NULL, or without some member, where memory ran out. */
struct cJSON *ts_row_json(const struct ts_table *table, const void *row);

/*
 * The row on one line, "table" ("trace", "span", "run") its first key, `extra` (a key) and its text the last where
 * it is not NULL; without the newline. From malloc; NULL where memory ran out.
 */
char *ts_row_line(const struct ts_table *table, const void *row, const char *extra,
		  const char *text);

#endif
