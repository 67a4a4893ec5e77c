// SPDX-License-Identifier: Apache-2.0
/* An array of traces as `show --json` has them, a line each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../jsonmember.h"
#include "../rowjson.h"
#include "export.h"

struct json {
	FILE *out;
	bool any_trace;
	bool any_span; /* of the last trace */
};

static int begin(void **ret, FILE *out, enum ts_weight weight)
{
	struct json *json = calloc(1, sizeof(*json));

	(void)weight;
	if (!json)
		return -ENOMEM;
	json->out = out;
	fputc('[', out);
	*ret = json;
	return 0;
}

/* The row without its last brace, where `open`. */
static int put_row(FILE *out, const struct ts_table *table, const void *row, bool open)
{
	char *text = ts_member_line(ts_row_json(table, row));

	if (!text)
		return -ENOMEM;
	fwrite(text, 1, strlen(text) - open, out);
	free(text);
	return 0;
}

static void end_trace(struct json *json)
{
	if (json->any_trace)
		fputs("]}", json->out);
}

static int trace(void *format, const struct ts_trace *row)
{
	struct json *json = format;
	int result;

	end_trace(json);
	fputs(json->any_trace ? ",\n" : "\n", json->out);
	result = put_row(json->out, &ts_trace_table, row, true);
	fputs(",\"spans\":[", json->out);
	json->any_trace = true;
	json->any_span = false;
	return result;
}

static int span(void *format, const struct ts_span *row)
{
	struct json *json = format;

	if (json->any_span)
		fputc(',', json->out);
	json->any_span = true;
	return put_row(json->out, &ts_span_table, row, false);
}

static int end(void *format)
{
	struct json *json = format;

	end_trace(json);
	fputs(json->any_trace ? "\n]\n" : "]\n", json->out);
	return 0;
}

const struct ts_format ts_format_json = {
	.name = "json",
	.shape = TS_SPANS_WHOLE,
	.payload = true,
	.begin = begin,
	.trace = trace,
	.span = span,
	.end = end,
	.free = free,
};
