// SPDX-License-Identifier: Apache-2.0
/*
 * What was written, read back. Each query is a transaction of its own that can only read, and as one tenant where one is
 * named: nothing of it stays behind in a connection that a pooler may hand to somebody else.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../moment.h"
#include "../store.h"
#include "connection.h"
#include "ready.h"

#define PATIENCE_S 600 /* somebody sits before it, and may interrupt */

/* OIDs of the server's own types */
enum {
	BOOL = 16,
	INT8 = 20,
	INT2 = 21,
	INT4 = 23,
	FLOAT4 = 700,
	FLOAT8 = 701,
	TIMESTAMPTZ = 1184,
	NUMERIC = 1700,
	UUID = 2950
};

struct ts_source_handle {
	struct ts_pg *pg;
	char *tenant; /* or NULL */
};

/* --- cells ----------------------------------------------------------------------------------- */

struct answer {
	ts_row_fn *row;
	void *context;
};

/* The server writes them in lower case; -1: none of them. */
static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* By hand: a report reads millions. */
static int parse_uuid(const char *text, struct ts_uuid *ret)
{
	for (size_t i = 0; i < sizeof(ret->bytes); i++) {
		int high, low;

		text += *text == '-';
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return -EPROTO;
		ret->bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return 0;
}

static void read_number(const char *text, struct ts_cell *cell)
{
	char *end;

	errno = 0;
	cell->type = TS_CELL_INT;
	cell->integer = strtoll(text, &end, 10);
	if (!*end && !errno)
		return;
	cell->type = TS_CELL_DOUBLE;
	cell->real = strtod(text, NULL);
}

/* Times are as in the other stores, whose text they are. */
static int read_time(const char *text, struct ts_moment_text *moment, struct ts_cell *cell)
{
	int64_t us;

	if (ts_moment_parse(text, &us) < 0)
		return -EPROTO;
	*moment = ts_moment_format(us);
	cell->type = TS_CELL_TEXT;
	cell->text = moment->text;
	return 0;
}

static int read_cell(const struct ts_pg_field *field, struct ts_moment_text *moment,
		     struct ts_cell *cell)
{
	*cell = (struct ts_cell){.type = TS_CELL_NULL};
	if (!field->text)
		return 0;
	switch (field->type) {
	case BOOL:
		cell->type = TS_CELL_INT;
		cell->integer = *field->text == 't';
		return 0;
	case INT2:
	case INT4:
	case INT8:
	case NUMERIC:
		read_number(field->text, cell);
		return 0;
	case FLOAT4:
	case FLOAT8:
		cell->type = TS_CELL_DOUBLE;
		cell->real = strtod(field->text, NULL);
		return 0;
	case TIMESTAMPTZ:
		return read_time(field->text, moment, cell);
	case UUID:
		cell->type = TS_CELL_UUID;
		return parse_uuid(field->text, &cell->uuid);
	default:
		cell->type = TS_CELL_TEXT;
		cell->text = field->text;
		return 0;
	}
}

static int give_row(void *context, const struct ts_pg_field *fields, size_t n)
{
	const struct answer *answer = context;
	struct ts_moment_text moments[n + 1];
	struct ts_cell cells[n + 1];
	int result = 0;

	for (size_t i = 0; result == 0 && i < n; i++)
		result = read_cell(&fields[i], &moments[i], &cells[i]);
	return result ? result : answer->row(answer->context, cells, n);
}

/* --- queries --------------------------------------------------------------------------------- */

#define PARAM_BYTES 40

/* The text of a parameter, whose type the server finds out. */
static const char *write_param(const struct ts_cell *cell, char text[PARAM_BYTES])
{
	size_t n = 0;

	switch (cell->type) {
	case TS_CELL_INT:
		snprintf(text, PARAM_BYTES, "%" PRId64, cell->integer);
		return text;
	case TS_CELL_DOUBLE:
		snprintf(text, PARAM_BYTES, "%.17g", cell->real);
		return text;
	case TS_CELL_TEXT:
		return cell->text;
	case TS_CELL_UUID:
		for (size_t i = 0; i < sizeof(cell->uuid.bytes); i++)
			n += (size_t)sprintf(text + n, "%02x", cell->uuid.bytes[i]);
		return text;
	case TS_CELL_NULL:
		break;
	}
	return NULL;
}

static int say(struct ts_pg *pg, const char *sql, const char *param, struct ts_error *err)
{
	struct ts_pg_statement statement = {
		.sql = sql,
		.n_params = param != NULL,
		.params = &param,
	};

	return ts_pg_send(pg, &statement, err);
}

/* BEGIN, and what makes the answers the same whatever the server's settings are. */
static int begin(struct ts_source_handle *handle, struct ts_error *err)
{
	int result = say(handle->pg, "BEGIN READ ONLY", NULL, err);

	if (result == 0)
		result = say(handle->pg,
			     "SELECT "
			     "set_config('TimeZone','UTC',true),set_config('DateStyle','ISO',true),"
			     "set_config('extra_float_digits','1',true)",
			     NULL, err);
	if (result == 0 && handle->tenant)
		result = say(handle->pg, "SET LOCAL ROLE traceshim_reader", NULL, err);
	if (result == 0 && handle->tenant)
		result = say(handle->pg, "SELECT set_config('app.current_tenant_id',$1,true)",
			     handle->tenant, err);
	return result;
}

static int source_select(struct ts_source_handle *handle, const char *sql,
			 const struct ts_cell *params, size_t n_params, ts_row_fn *row,
			 void *context, struct ts_error *err)
{
	char texts[n_params + 1][PARAM_BYTES];
	const char *values[n_params + 1];
	struct answer answer = {row, context};
	struct ts_pg_statement statement = {
		.sql = sql,
		.n_params = n_params,
		.params = values,
		.row = give_row,
		.context = &answer,
	};
	int result;

	for (size_t i = 0; i < n_params; i++)
		values[i] = write_param(&params[i], texts[i]);
	result = begin(handle, err);
	if (result == 0)
		result = ts_pg_send(handle->pg, &statement, err);
	if (result == 0)
		say(handle->pg, "COMMIT", NULL, err);
	result = ts_pg_sync(handle->pg, err);
	if (result == -EACCES)
		ts_ready_hint(handle->pg, err);
	return result;
}

/* --- the source ------------------------------------------------------------------------------ */

static void source_close(struct ts_source_handle *handle)
{
	if (!handle)
		return;
	ts_pg_close(handle->pg);
	free(handle->tenant);
	free(handle);
}

static int source_open(struct ts_source_handle **ret, const char *url, const char *tenant,
		       struct ts_error *err)
{
	struct ts_source_handle *handle = calloc(1, sizeof(*handle));
	int result;

	if (!handle || (tenant && !(handle->tenant = strdup(tenant)))) {
		free(handle);
		return ts_error_set(err, -ENOMEM, "out of memory");
	}
	result = ts_pg_open(&handle->pg, url, NULL, err);
	if (result == 0) {
		ts_pg_patience(handle->pg, PATIENCE_S);
		result = ts_ready_to_read(handle->pg, err);
		if (result < 0 && result != -ENOENT)
			ts_ready_hint(handle->pg, err);
	}
	if (result < 0) {
		source_close(handle);
		return result;
	}
	*ret = handle;
	return 0;
}

__attribute__((visibility("default"))) extern const struct ts_source ts_source;
const struct ts_source ts_source = {
	.scheme = "postgresql",
	.in_parts = true,
	.open = source_open,
	.select = source_select,
	.close = source_close,
};
