/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SHOW_PRETTY_H
#define TS_COMMAND_SHOW_PRETTY_H

/* JSON text on several lines, without reading its values: digits and escapes stay as they are. */

#include <stddef.h>
#include <stdio.h>

/*
 * Prints valid JSON, a member a line, nested ones set in by two as far as that leaves room, and strings
 * broken behind their \n, in lines of at most `columns` columns. The first line goes on where the caller has printed as
 * much as `indent` takes, the others begin with `indent`.
 */
void ts_pretty(FILE *out, const char *json, const char *indent, size_t columns);

#endif
