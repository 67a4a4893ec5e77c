/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SHOW_FOLD_H
#define TS_COMMAND_SHOW_FOLD_H

/* Many calls that are alike, one behind the other in a trace's tree: what a person would skip. Pure. */

#include <stdbool.h>

#include "../../report/tree.h"

#define TS_FOLD_FIRST 3 /* that are shown; and the last */

/* Those between the first and the last. */
struct ts_fold {
	size_t from, end; /* nodes */
	double least_ms, most_ms;
	double total_ms; /* all their durations */
};

/*
 * Does a row of more than ten begin at node `at`: of one name and thread under one parent, that went well and called nothing
 * themselves? Then *ret says which of them are left out.
 */
bool ts_fold(const struct ts_tree *tree, size_t at, struct ts_fold *ret);

#endif
