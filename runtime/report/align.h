/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_ALIGN_H
#define TS_REPORT_ALIGN_H

/*
 * Two traces side by side. A call of one is that call of the other which has the same path: the names from the pipeline
 * down to it, and of each the how-many-eth call of that name under its parent it is.
 */

#include "tree.h"

struct ts_aligned {
	const struct ts_tree_node *a; /* or NULL: there is none in the first trace */
	const struct ts_tree_node *b;
	size_t depth;
	size_t occurrence; /* from 1 */
};

struct ts_alignment {
	struct ts_aligned *rows; /* each behind its parent, in the order of the first trace */
	size_t n;
};

/* The trees outlive it. 0 or -ENOMEM. */
int ts_align(struct ts_alignment *ret, const struct ts_tree *a, const struct ts_tree *b);
void ts_alignment_release(struct ts_alignment *alignment);

#endif
