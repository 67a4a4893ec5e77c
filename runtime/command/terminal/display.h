/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_DISPLAY_H
#define TS_COMMAND_TERMINAL_DISPLAY_H

/*
 * Text of strangers on a terminal: how many columns it takes, and nothing in it that could steer
 * the terminal. Controls, overriding and invisible characters and bytes that are no UTF-8 are shown
 * as \n, \x1b, \u202e; all widths count that form.
 */

#include <stddef.h>
#include <stdio.h>

/* Columns of the whole text. */
size_t ts_display_columns(const char *text);

/*
 * Prints text on one line in at most `columns` columns, its end replaced by `ellipsis` where it
 * does not fit. Answers the columns used.
 */
size_t ts_display_put(FILE *out, const char *text, size_t columns, const char *ellipsis);

/* The same, filled up with spaces to `columns`. */
void ts_display_put_padded(FILE *out, const char *text, size_t columns, const char *ellipsis);

/*
 * Prints all of text, broken at spaces where possible, every line in at most `columns` columns.
 * Lines after the first begin with `indent`; the first begins where the caller has printed so much.
 * Ends with a newline.
 */
void ts_display_wrap(FILE *out, const char *text, const char *indent, size_t columns);

#endif
