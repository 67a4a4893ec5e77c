/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_GRID_H
#define TS_COMMAND_TERMINAL_GRID_H

/* A table on the terminal: columns as wide as what is in them, all in the terminal's width. */

#include <stdbool.h>
#include <stddef.h>

#include "print.h"

#define TS_GRID_COLUMNS 12

enum ts_grid_manner {
	TS_GRID_TEXT,
	TS_GRID_NAME,   /* text that is cut where the line is too long; the longest first */
	TS_GRID_FIGURE, /* stands to the right */
	TS_GRID_SPARE, /* a figure that is left out where the line is still too long; the last first */
};

struct ts_grid_column {
	const char *head; /* NULL behind the last */
	enum ts_grid_manner manner;
};

struct ts_grid;

/* NULL where memory ran out, which the functions below take: one check when it is printed suffices. */
struct ts_grid *ts_grid_new(const struct ts_grid_column *columns);

/* The next row begins. */
void ts_grid_row(struct ts_grid *grid, enum ts_style style);
/* Its next cell, as printf would. */
void ts_grid_put(struct ts_grid *grid, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

size_t ts_grid_rows(const struct ts_grid *grid);

/* To standard output, its heads dim; then gives it back. -ENOMEM where any of it is missing. */
int ts_grid_print(struct ts_grid *grid);

#endif
