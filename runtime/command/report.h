/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_REPORT_H
#define TS_COMMAND_REPORT_H

/* The lines that the shim writes for us: fields separated by tabs, \t, \n and \\ escaped. */

#include <stddef.h>

#define TS_REPORT_FIELDS 6

/* One line; fields beyond its own are "". Non-zero ends the reading early and is its result. */
typedef int ts_report_fn(void *context, char *const fields[TS_REPORT_FIELDS]);

/* 0, what `line` answered, or a negative errno where the file cannot be read. */
int ts_report_read(const char *path, ts_report_fn *line, void *context);

#endif
