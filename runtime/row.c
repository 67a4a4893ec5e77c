// SPDX-License-Identifier: Apache-2.0
#include "row.h"

#include <errno.h>
#include <string.h>

#include "moment.h"

/* Goes through the cells of one row, left to right, and remembers what was wrong. */
struct walk {
	const struct ts_cell *cell;
	struct ts_pool *pool;
	bool bad;
	bool no_memory;
};

static const char *take_text(struct walk *walk)
{
	const struct ts_cell *cell = walk->cell++;
	const char *text;

	if (cell->type == TS_CELL_NULL)
		return NULL;
	if (cell->type != TS_CELL_TEXT) {
		walk->bad = true;
		return NULL;
	}
	text = ts_pool_strndup(walk->pool, cell->text, strlen(cell->text));
	walk->no_memory |= !text;
	return text;
}

static const char *take_string(struct walk *walk)
{
	const char *text = take_text(walk);

	return text ? text : "";
}

static struct ts_maybe take_maybe(struct walk *walk)
{
	const struct ts_cell *cell = walk->cell++;

	if (cell->type == TS_CELL_INT)
		return (struct ts_maybe){true, cell->integer};
	walk->bad |= cell->type != TS_CELL_NULL;
	return (struct ts_maybe){false, 0};
}

static int64_t take_integer(struct walk *walk)
{
	return take_maybe(walk).value;
}

static double take_double(struct walk *walk)
{
	const struct ts_cell *cell = walk->cell++;

	if (cell->type == TS_CELL_INT)
		return (double)cell->integer;
	walk->bad |= cell->type != TS_CELL_DOUBLE;
	return cell->type == TS_CELL_DOUBLE ? cell->real : 0;
}

static int64_t take_moment(struct walk *walk)
{
	const struct ts_cell *cell = walk->cell++;
	int64_t us = 0;

	if (cell->type != TS_CELL_TEXT || ts_moment_parse(cell->text, &us) < 0)
		walk->bad = true;
	return us;
}

static bool take_uuid(struct walk *walk, struct ts_uuid *ret)
{
	const struct ts_cell *cell = walk->cell++;

	memset(ret, 0, sizeof(*ret));
	if (cell->type != TS_CELL_UUID) {
		walk->bad |= cell->type != TS_CELL_NULL;
		return false;
	}
	*ret = cell->uuid;
	return true;
}

static int outcome(const struct walk *walk)
{
	return walk->no_memory ? -ENOMEM : walk->bad ? -EPROTO : 0;
}

int ts_row_trace(struct ts_trace *ret, struct ts_pool *pool, const struct ts_cell *cells)
{
	struct walk walk = {.cell = cells, .pool = pool};

	walk.bad = !take_uuid(&walk, &ret->trace_id);
	ret->tenant_id = take_string(&walk);
	ret->pipeline_name = take_string(&walk);
	ret->telegram_id = take_maybe(&walk);
	ret->user_id = take_text(&walk);
	ret->session_id = take_text(&walk);
	ret->started_us = take_moment(&walk);
	ret->ended_us = take_moment(&walk);
	ret->duration_ms = take_double(&walk);
	ret->success = take_integer(&walk) != 0;
	ret->error = take_text(&walk);
	ret->program = take_text(&walk);
	ret->host = take_text(&walk);
	ret->pid = take_integer(&walk);
	ret->created_us = take_moment(&walk);
	ret->input_data = take_text(&walk);
	ret->output_data = take_text(&walk);
	ret->attributes = take_text(&walk);
	return outcome(&walk);
}

int ts_row_span(struct ts_span *ret, struct ts_pool *pool, const struct ts_cell *cells)
{
	struct walk walk = {.cell = cells, .pool = pool};

	walk.bad = !take_uuid(&walk, &ret->trace_id);
	walk.bad |= !take_uuid(&walk, &ret->span_id);
	ret->tenant_id = take_string(&walk);
	ret->has_parent = take_uuid(&walk, &ret->parent_span_id);
	ret->span_name = take_string(&walk);
	ret->kind = take_string(&walk);
	ret->function = take_text(&walk);
	ret->thread_id = take_integer(&walk);
	ret->started_us = take_moment(&walk);
	ret->ended_us = take_moment(&walk);
	ret->duration_ms = take_double(&walk);
	ret->success = take_integer(&walk) != 0;
	ret->error = take_text(&walk);
	ret->model = take_text(&walk);
	ret->provider = take_text(&walk);
	ret->input_tokens = take_maybe(&walk);
	ret->output_tokens = take_maybe(&walk);
	ret->cost_nano_usd = take_maybe(&walk);
	ret->created_us = take_moment(&walk);
	ret->input_data = take_text(&walk);
	ret->output_data = take_text(&walk);
	ret->attributes = take_text(&walk);
	return outcome(&walk);
}
