// SPDX-License-Identifier: Apache-2.0
#include "pretty.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal/display.h"

#define STEP    2
#define ROOM    30 /* columns that values have at least, where there are so many */
#define DEEPEST 32

struct printer {
	FILE *out;
	const char *indent;
	size_t columns;
	unsigned depth;
	unsigned deepest; /* levels beyond are set in no further: they would leave no room */
	bool first;       /* no line was printed yet */
	char *line;
	size_t n;
	size_t room;
};

static void append(struct printer *printer, char c)
{
	if (printer->n + 1 >= printer->room) {
		size_t room = printer->room ? printer->room * 2 : 256;
		char *more = realloc(printer->line, room);

		if (!more)
			return;
		printer->line = more;
		printer->room = room;
	}
	printer->line[printer->n++] = c;
	printer->line[printer->n] = '\0';
}

/* What goes on after the end of a line is set in under it. */
static void end_line(struct printer *printer, unsigned depth)
{
	unsigned spaces = STEP * (depth < printer->deepest ? depth : printer->deepest);
	char under[640];

	if (!printer->n)
		return;
	if (!printer->first)
		fputs(printer->indent, printer->out);
	printer->first = false;
	snprintf(under, sizeof(under), "%s%*s", printer->indent, (int)spaces + STEP, "");
	fprintf(printer->out, "%*s", (int)spaces, "");
	/* The first line begins `spaces` in, the others two further: a little room is lost. */
	ts_display_wrap(printer->out, printer->line, under, printer->columns);
	printer->n = 0;
}

/* A string with its quotes; answers what follows it. */
static const char *take_string(struct printer *printer, const char *at, unsigned depth)
{
	append(printer, *at++);
	while (*at && *at != '"') {
		bool newline = at[0] == '\\' && at[1] == 'n';

		if (*at == '\\' && at[1])
			append(printer, *at++);
		append(printer, *at++);
		if (newline && *at != '"')
			end_line(printer, depth);
	}
	if (*at)
		append(printer, *at++);
	return at;
}

/* "{}" and "[]" stay on one line. */
static bool empty(const char *open)
{
	const char *after = open + 1 + strspn(open + 1, " \t\r\n");

	return *after == '}' || *after == ']';
}

static const char *take_token(struct printer *printer, const char *at)
{
	unsigned depth = printer->depth;

	switch (*at) {
	case '"':
		return take_string(printer, at, depth);
	case '{':
	case '[':
		append(printer, *at);
		if (empty(at)) {
			at = strpbrk(at, "}]");
			append(printer, *at);
			return at + 1;
		}
		end_line(printer, depth);
		printer->depth++;
		return at + 1;
	case '}':
	case ']':
		end_line(printer, depth);
		printer->depth -= depth > 0;
		append(printer, *at);
		return at + 1;
	case ',':
		append(printer, *at);
		end_line(printer, depth);
		return at + 1;
	case ':':
		append(printer, *at);
		append(printer, ' ');
		return at + 1;
	default:
		append(printer, *at);
		return at + 1;
	}
}

static unsigned levels_in(size_t columns, const char *indent)
{
	size_t taken = ts_display_columns(indent) + ROOM;
	size_t levels = columns > taken ? (columns - taken) / STEP : 0;

	return levels < DEEPEST ? (unsigned)levels : DEEPEST;
}

void ts_pretty(FILE *out, const char *json, const char *indent, size_t columns)
{
	struct printer printer = {.out = out,
				  .indent = indent,
				  .columns = columns,
				  .deepest = levels_in(columns, indent),
				  .first = true};

	while (*json) {
		if (isspace((unsigned char)*json))
			json++;
		else
			json = take_token(&printer, json);
	}
	end_line(&printer, printer.depth);
	if (printer.first)
		fputc('\n', out);
	free(printer.line);
}
