/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_LINES_H
#define TS_COMMAND_PROGRAM_LINES_H

/* The lines that the shim writes for us: fields separated by tabs, \t, \n and \\ escaped. */

#define TS_LINES_FIELDS 7

/* One line; fields beyond its own are "". Non-zero ends the reading early and is its result. */
typedef int ts_lines_fn(void *context, char *const fields[TS_LINES_FIELDS]);

/* 0, what `line` answered, or a negative errno where the file cannot be read. */
int ts_lines_read(const char *path, ts_lines_fn *line, void *context);

#endif
