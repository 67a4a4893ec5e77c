// SPDX-License-Identifier: Apache-2.0
#include "row.h"

#include <errno.h>
#include <string.h>

#include "../moment.h"

static int take_text(const struct ts_cell *cell, struct ts_pool *pool, const char **ret)
{
	if (cell->type == TS_CELL_NULL)
		return 0;
	if (cell->type != TS_CELL_TEXT)
		return -EPROTO;
	*ret = ts_pool_strndup(pool, cell->text, strlen(cell->text));
	return *ret ? 0 : -ENOMEM;
}

static int take_name(const struct ts_cell *cell, struct ts_pool *pool, const char **ret)
{
	*ret = "";
	return take_text(cell, pool, ret);
}

static int take_maybe(const struct ts_cell *cell, struct ts_maybe *ret)
{
	ret->known = cell->type == TS_CELL_INT;
	ret->value = ret->known ? cell->integer : 0;
	return ret->known || cell->type == TS_CELL_NULL ? 0 : -EPROTO;
}

static int take_integer(const struct ts_cell *cell, int64_t *ret)
{
	struct ts_maybe maybe;
	int result = take_maybe(cell, &maybe);

	*ret = maybe.value;
	return result;
}

static int take_bool(const struct ts_cell *cell, bool *ret)
{
	int64_t integer;
	int result = take_integer(cell, &integer);

	*ret = integer != 0;
	return result;
}

static int take_double(const struct ts_cell *cell, double *ret)
{
	if (cell->type != TS_CELL_INT && cell->type != TS_CELL_DOUBLE)
		return -EPROTO;
	*ret = cell->type == TS_CELL_INT ? (double)cell->integer : cell->real;
	return 0;
}

static int take_time(const struct ts_cell *cell, int64_t *ret)
{
	if (cell->type != TS_CELL_TEXT || ts_moment_parse(cell->text, ret) < 0)
		return -EPROTO;
	return 0;
}

static int take_uuid(const struct ts_cell *cell, struct ts_uuid *ret)
{
	if (cell->type != TS_CELL_UUID)
		return -EPROTO;
	*ret = cell->uuid;
	return 0;
}

static int take_parent(const struct ts_cell *cell, struct ts_span *ret)
{
	ret->has_parent = cell->type != TS_CELL_NULL;
	return ret->has_parent ? take_uuid(cell, &ret->parent_span_id) : 0;
}

static int take(const struct ts_cell *cell, enum ts_column_type type, struct ts_pool *pool,
		void *ret)
{
	switch (type) {
	case TS_COLUMN_UUID:
		return take_uuid(cell, ret);
	case TS_COLUMN_PARENT:
		return take_parent(cell, ret);
	case TS_COLUMN_NAME:
		return take_name(cell, pool, ret);
	case TS_COLUMN_TEXT:
	case TS_COLUMN_JSON:
		return take_text(cell, pool, ret);
	case TS_COLUMN_INT64:
		return take_integer(cell, ret);
	case TS_COLUMN_MAYBE:
		return take_maybe(cell, ret);
	case TS_COLUMN_DOUBLE:
		return take_double(cell, ret);
	case TS_COLUMN_BOOL:
		return take_bool(cell, ret);
	case TS_COLUMN_TIME:
		return take_time(cell, ret);
	case TS_COLUMN_ENDED:
		return cell->type == TS_CELL_NULL ? 0 : take_time(cell, ret);
	}
	return -EPROTO;
}

int ts_row_read(void *ret, const struct ts_table *table, struct ts_pool *pool,
		const struct ts_cell *cells)
{
	int result = 0;

	memset(ret, 0, table->row_bytes);
	for (size_t i = 0; result == 0 && i < table->n_columns; i++)
		result = take(&cells[i], table->columns[i].type, pool,
			      (char *)ret + table->columns[i].offset);
	return result;
}
