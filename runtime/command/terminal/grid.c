// SPDX-License-Identifier: Apache-2.0
#include "grid.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "display.h"

#define GAP         2
#define COMFORTABLE 20 /* of a name, while figures can be spared */
#define NARROWEST   8

struct row {
	enum ts_style style;
	char *cells[TS_GRID_COLUMNS];
	size_t n;
};

struct ts_grid {
	const struct ts_grid_column *columns;
	size_t n_columns;
	struct row *rows;
	size_t n, room;
	size_t widths[TS_GRID_COLUMNS];
	bool left_out[TS_GRID_COLUMNS];
	bool failed;
};

struct ts_grid *ts_grid_new(const struct ts_grid_column *columns)
{
	struct ts_grid *grid = calloc(1, sizeof(*grid));

	if (!grid)
		return NULL;
	grid->columns = columns;
	while (grid->n_columns < TS_GRID_COLUMNS && columns[grid->n_columns].head)
		grid->n_columns++;
	return grid;
}

void ts_grid_row(struct ts_grid *grid, enum ts_style style)
{
	struct row *more;

	if (!grid || grid->failed)
		return;
	if (grid->n == grid->room) {
		more = reallocarray(grid->rows, 2 * grid->room + 16, sizeof(*more));
		grid->failed = !more;
		if (!more)
			return;
		grid->rows = more;
		grid->room = 2 * grid->room + 16;
	}
	grid->rows[grid->n++] = (struct row){.style = style};
}

void ts_grid_put(struct ts_grid *grid, const char *format, ...)
{
	struct row *row;
	va_list args;

	if (!grid || grid->failed || !grid->n)
		return;
	row = &grid->rows[grid->n - 1];
	if (row->n == grid->n_columns)
		return;
	va_start(args, format);
	if (vasprintf(&row->cells[row->n], format, args) < 0) {
		row->cells[row->n] = NULL;
		grid->failed = true;
	}
	va_end(args);
	row->n++;
}

size_t ts_grid_rows(const struct ts_grid *grid)
{
	return grid ? grid->n : 0;
}

/* --- widths -------------------------------------------------------------------------------- */

static void widen(size_t *width, const char *text)
{
	size_t columns = text ? ts_display_columns(text) : 0;

	*width = columns > *width ? columns : *width;
}

/* The widest name, or NULL: none is wider than `least`. */
static size_t *find_widest(struct ts_grid *grid, size_t least)
{
	size_t *widest = NULL;

	for (size_t i = 0; i < grid->n_columns; i++)
		if (grid->columns[i].manner == TS_GRID_NAME && grid->widths[i] > least &&
		    (!widest || grid->widths[i] > *widest))
			widest = &grid->widths[i];
	return widest;
}

/* The last figure that can be spared, or n_columns. */
static size_t find_spare(const struct ts_grid *grid)
{
	for (size_t i = grid->n_columns; i-- > 0;)
		if (grid->columns[i].manner == TS_GRID_SPARE && !grid->left_out[i])
			return i;
	return grid->n_columns;
}

static void measure(struct ts_grid *grid)
{
	size_t used = 0, most = ts_terminal()->columns, *widest, spare;

	for (size_t i = 0; i < grid->n_columns; i++) {
		widen(&grid->widths[i], grid->columns[i].head);
		for (size_t j = 0; j < grid->n; j++)
			widen(&grid->widths[i], grid->rows[j].cells[i]);
		used += grid->widths[i] + (i ? GAP : 0);
	}
	for (; used > most && (widest = find_widest(grid, COMFORTABLE)); used--)
		--*widest;
	for (; used > most && (spare = find_spare(grid)) < grid->n_columns;
	     used -= grid->widths[spare] + GAP)
		grid->left_out[spare] = true;
	for (; used > most && (widest = find_widest(grid, NARROWEST)); used--)
		--*widest;
}

/* --- lines --------------------------------------------------------------------------------- */

static bool is_figure(const struct ts_grid_column *column)
{
	return column->manner == TS_GRID_FIGURE || column->manner == TS_GRID_SPARE;
}

/* Nothing stands behind the last cell that holds anything. */
static void print_row(const struct ts_grid *grid, const struct row *row)
{
	const char *ellipsis = ts_terminal()->ellipsis;
	size_t last = row->n;

	while (last && (!row->cells[last - 1][0] || grid->left_out[last - 1]))
		last--;
	for (size_t i = 0; i < last; i++) {
		bool figure = is_figure(&grid->columns[i]);
		size_t width = grid->widths[i], columns = ts_display_columns(row->cells[i]);

		if (grid->left_out[i])
			continue;
		if (i)
			printf("%*s", GAP, "");
		if (figure && columns < width)
			printf("%*s", (int)(width - columns), "");
		if (i + 1 < last && !figure)
			ts_display_put_padded(stdout, row->cells[i], width, ellipsis);
		else
			ts_display_put(stdout, row->cells[i], width, ellipsis);
	}
}

static void print_heads(const struct ts_grid *grid)
{
	struct row heads = {.n = grid->n_columns};

	for (size_t i = 0; i < grid->n_columns; i++)
		heads.cells[i] = (char *)grid->columns[i].head;
	fputs(ts_style(TS_STYLE_DIM), stdout);
	print_row(grid, &heads);
	printf("%s\n", ts_style(TS_STYLE_PLAIN));
}

static void release(struct ts_grid *grid)
{
	for (size_t i = 0; i < grid->n; i++)
		for (size_t j = 0; j < grid->rows[i].n; j++)
			free(grid->rows[i].cells[j]);
	free(grid->rows);
	free(grid);
}

int ts_grid_print(struct ts_grid *grid)
{
	int result = grid && !grid->failed ? 0 : -ENOMEM;

	if (result == 0) {
		measure(grid);
		print_heads(grid);
	}
	for (size_t i = 0; result == 0 && i < grid->n; i++) {
		fputs(ts_style(grid->rows[i].style), stdout);
		print_row(grid, &grid->rows[i]);
		printf("%s\n", grid->rows[i].style ? ts_style(TS_STYLE_PLAIN) : "");
	}
	if (grid)
		release(grid);
	return result;
}
