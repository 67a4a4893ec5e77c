// SPDX-License-Identifier: Apache-2.0
/*
 * RFC 4180: a line of names, then one a span, which begins with the columns of its trace; a trace without spans has one line,
 * whose last columns are empty. NULL is empty, too. Where both have a column of one name, that of the trace is trace_NAME;
 * what is the same in both stands once.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../columns.h"
#include "../moment.h"
#include "../uuid.h"
#include "export.h"

#define LINE_END "\r\n"

struct csv {
	FILE *out;
	char *trace; /* its columns, with a comma behind each */
	size_t trace_bytes;
	bool bare; /* no span of it has come */
};

/* --- fields ---------------------------------------------------------------------------------- */

static void put_text(FILE *out, const char *text)
{
	if (!text)
		return;
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
		fwrite(text, 1, (size_t)(quote - text), out);
		fputs("\"\"", out);
	}
	fputs(text, out);
	fputc('"', out);
}

static void put_uuid(FILE *out, const struct ts_uuid *uuid)
{
	char text[TS_UUID_TEXT];

	ts_uuid_format(uuid, text);
	fputs(text, out);
}

static void put_number(FILE *out, double value)
{
	char text[32];

	if (!isfinite(value))
		return;
	/* as few digits as tell it from its neighbours */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	fputs(text, out);
}

static void put_maybe(FILE *out, const struct ts_maybe *value)
{
	if (value->known)
		fprintf(out, "%" PRId64, value->value);
}

static void put_field(FILE *out, const struct ts_column *column, const void *row)
{
	const void *member = (const char *)row + column->offset;
	const struct ts_span *span = row;

	switch (column->type) {
	case TS_COLUMN_UUID:
		put_uuid(out, member);
		return;
	case TS_COLUMN_PARENT:
		if (span->has_parent)
			put_uuid(out, &span->parent_span_id);
		return;
	case TS_COLUMN_NAME:
	case TS_COLUMN_TEXT:
	case TS_COLUMN_JSON:
		put_text(out, *(const char *const *)member);
		return;
	case TS_COLUMN_INT64:
		fprintf(out, "%" PRId64, *(const int64_t *)member);
		return;
	case TS_COLUMN_MAYBE:
		put_maybe(out, member);
		return;
	case TS_COLUMN_DOUBLE:
		put_number(out, *(const double *)member);
		return;
	case TS_COLUMN_BOOL:
		fputs(*(const bool *)member ? "true" : "false", out);
		return;
	case TS_COLUMN_TIME:
		fputs(ts_moment_format(*(const int64_t *)member).text, out);
		return;
	case TS_COLUMN_ENDED:
		if (*(const int64_t *)member)
			fputs(ts_moment_format(*(const int64_t *)member).text, out);
		return;
	}
}

/* --- columns --------------------------------------------------------------------------------- */

static bool spans_have(const char *name)
{
	for (size_t i = 0; i < ts_span_table.n_columns; i++)
		if (!strcmp(ts_span_table.columns[i].name, name))
			return true;
	return false;
}

/* A span says of these what its trace does. */
static bool is_shared(const char *name)
{
	return !strcmp(name, "trace_id") || !strcmp(name, "tenant_id");
}

static void put_names(FILE *out)
{
	for (size_t i = 0; i < ts_trace_table.n_columns; i++) {
		const char *name = ts_trace_table.columns[i].name;

		fprintf(out, "%s%s,", spans_have(name) && !is_shared(name) ? "trace_" : "", name);
	}
	for (size_t i = 0, n = 0; i < ts_span_table.n_columns; i++)
		if (!is_shared(ts_span_table.columns[i].name))
			fprintf(out, "%s%s", n++ ? "," : "", ts_span_table.columns[i].name);
	fputs(LINE_END, out);
}

/* Of a span, or, where there is none, nothing in each column. */
static void put_span(struct csv *csv, const struct ts_span *span)
{
	fwrite(csv->trace, 1, csv->trace_bytes, csv->out);
	for (size_t i = 0, n = 0; i < ts_span_table.n_columns; i++) {
		const struct ts_column *column = &ts_span_table.columns[i];

		if (is_shared(column->name))
			continue;
		if (n++)
			fputc(',', csv->out);
		if (span)
			put_field(csv->out, column, span);
	}
	fputs(LINE_END, csv->out);
}

/* --- the format ------------------------------------------------------------------------------ */

static int begin(void **ret, FILE *out, enum ts_weight weight)
{
	struct csv *csv = calloc(1, sizeof(*csv));

	(void)weight;
	if (!csv)
		return -ENOMEM;
	csv->out = out;
	put_names(out);
	*ret = csv;
	return 0;
}

static void end_trace(struct csv *csv)
{
	if (csv->bare)
		put_span(csv, NULL);
	free(csv->trace);
	csv->trace = NULL;
	csv->bare = false;
}

static int trace(void *format, const struct ts_trace *row)
{
	struct csv *csv = format;
	FILE *to;

	end_trace(csv);
	to = open_memstream(&csv->trace, &csv->trace_bytes);
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < ts_trace_table.n_columns; i++) {
		put_field(to, &ts_trace_table.columns[i], row);
		fputc(',', to);
	}
	if (fclose(to))
		return -ENOMEM;
	csv->bare = true;
	return 0;
}

static int span(void *format, const struct ts_span *row)
{
	struct csv *csv = format;

	csv->bare = false;
	put_span(csv, row);
	return 0;
}

static int end(void *format)
{
	end_trace(format);
	return 0;
}

static void free_csv(void *format)
{
	struct csv *csv = format;

	free(csv->trace);
	free(csv);
}

const struct ts_format ts_format_csv = {
	.name = "csv",
	.shape = TS_SPANS_WHOLE,
	.payload = true,
	.begin = begin,
	.trace = trace,
	.span = span,
	.end = end,
	.free = free_csv,
};
