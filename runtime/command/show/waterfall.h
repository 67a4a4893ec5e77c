/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SHOW_WATERFALL_H
#define TS_COMMAND_SHOW_WATERFALL_H

/* The spans of one trace as people read them: tree, bars on one time axis, times, values. */

#include <stdbool.h>

#include "../../report/tree.h"

/* To stdout; `full`: values are not cut. */
void ts_waterfall_print(const struct ts_trace *trace, const struct ts_tree *tree, bool full);

/* A captured value (NULL: none) behind margin and label: one line or, in full, all it takes. */
void ts_waterfall_value(const char *margin, const char *label, const char *json, bool full);

/* One text behind its label, cut or, in full, wrapped. */
void ts_waterfall_text(const char *margin, const char *label, const char *text, bool full);

#endif
