/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_PATH_H
#define TS_REPORT_PATH_H

/*
 * The critical path of a trace: where it would have to become quicker to end sooner. It is found from the end backwards.
 * A call at the moment it ended had last waited for that one of its children which ended last; so the time back to that
 * child's end is the call's own, the child is on the path, and from the child's start on the question is asked again: of
 * the children that had ended by then, the one that ended last. What is left when there is none is the call's own. Of
 * each child on the path the same is told.
 *
 * A child that still ran at such a moment cannot have been waited for, and so is off the path: one of several that ran at
 * once, or one that outlived the call that made it. Start times are whole microseconds, so "by then" has one of grace.
 * The own times of all that is on the path add up to the trace's duration, to the last digits of a double.
 */

#include "tree.h"

#define TS_PATH_OFF (-1.0)

/*
 * What each node of the tree has of its own on the path, in milliseconds, or TS_PATH_OFF, goes to ret_own_ms[0..n), what
 * the pipeline itself has to *ret_root_ms. 0, or -ENOMEM.
 */
int ts_path_find(const struct ts_trace *trace, const struct ts_tree *tree, double *ret_own_ms,
		 double *ret_root_ms);

#endif
