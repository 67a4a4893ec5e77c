/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_TREE_H
#define TS_REPORT_TREE_H

/* The spans of a trace as what they are: a tree. */

#include <stdbool.h>
#include <stddef.h>

#include "../span.h"

#define TS_TREE_NONE ((size_t)-1)

struct ts_tree_node {
	const struct ts_span *span;
	size_t parent; /* index in nodes, or TS_TREE_NONE directly under the pipeline */
	size_t depth;
	size_t end;     /* behind the last of its descendants, which follow it */
	bool last;      /* of its parent's children */
	double self_ms; /* the time in which none of its children ran */
};

struct ts_tree {
	struct ts_tree_node *nodes; /* each behind its parent, siblings in start order */
	size_t n;
	double self_ms; /* of the pipeline itself */
};

/*
 * From n spans in start order, which must outlive the tree. A span whose parent is not among them,
 * or that would be its own ancestor, lies under the pipeline. 0, or -ENOMEM.
 */
int ts_tree_init(struct ts_tree *ret, const struct ts_trace *trace, const struct ts_span *spans,
		 size_t n);
void ts_tree_release(struct ts_tree *tree);

#endif
