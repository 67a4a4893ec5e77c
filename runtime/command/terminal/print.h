/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_PRINT_H
#define TS_COMMAND_TERMINAL_PRINT_H

/* What standard output is and may show, and the one way to standard error. */

#include <stdbool.h>
#include <stddef.h>

enum ts_style { TS_STYLE_PLAIN, TS_STYLE_BOLD, TS_STYLE_DIM, TS_STYLE_BAD, TS_STYLE_GOOD };

struct ts_terminal {
	size_t columns; /* of the terminal, else of $COLUMNS, else 80; at least 40 */
	size_t rows;    /* of the terminal, else 24 */
	bool bars;      /* a terminal: draw */
	bool utf8;      /* ... that shows box characters */
	bool colour;    /* ... and colours, and NO_COLOR is not set */
	const char *ellipsis;
};

/* What stdout is; fixed at the first call, but for its size. */
const struct ts_terminal *ts_terminal(void);

/* Asks again how large it is. */
void ts_terminal_measure(void);

/* The escape sequence that turns `style` on (PLAIN: all off); "" where there is no colour. */
const char *ts_style(enum ts_style style);

/* One line on stderr, "traceshim: ..." and a newline; nothing in it can steer the terminal. */
void ts_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A document (from malloc, which is given back) on stdout. Answers the exit status; NULL: memory ran out. */
int ts_print_document(char *document);

/* "name", or, where a shell would read it otherwise, 'quoted'. From malloc, or NULL. */
char *ts_shell_quote(const char *text);

#endif
