// SPDX-License-Identifier: Apache-2.0
#include "path.h"

#include <errno.h>
#include <stdlib.h>

#define GRACE_MS 0.001

struct window {
	double begin_ms; /* since the trace began */
	double end_ms;
};

struct child {
	size_t node;
	double begin_ms;
	double end_ms;
};

struct walk {
	const struct ts_trace *trace;
	const struct ts_tree *tree;
	struct window *windows; /* of the nodes on the path */
	struct child *children; /* room for those of one node */
	double *own_ms;
};

/* The last to end first; of those, the last to begin, for the others began before it did. */
static int compare(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	if (x->end_ms != y->end_ms)
		return x->end_ms > y->end_ms ? -1 : 1;
	if (x->begin_ms != y->begin_ms)
		return x->begin_ms > y->begin_ms ? -1 : 1;
	return x->node > y->node ? -1 : 1;
}

/* The children among nodes [first, end), which are a call's whole offspring. */
static size_t gather(const struct walk *walk, size_t first, size_t end)
{
	size_t n = 0;

	for (size_t i = first; i < end; i = walk->tree->nodes[i].end) {
		const struct ts_span *span = walk->tree->nodes[i].span;
		double begin = (double)(span->started_us - walk->trace->started_us) / 1000;

		walk->children[n++] = (struct child){i, begin, begin + span->duration_ms};
	}
	qsort(walk->children, n, sizeof(walk->children[0]), compare);
	return n;
}

/* What of the window is the call's own; its children on the path get their windows. */
static double step(const struct walk *walk, struct window window, size_t first, size_t end)
{
	size_t n = gather(walk, first, end);
	double at = window.end_ms, own = 0;

	for (size_t i = 0; i < n && at > window.begin_ms; i++) {
		const struct child *child = &walk->children[i];
		struct window part = {child->begin_ms, child->end_ms};

		if (part.end_ms > at + GRACE_MS || part.end_ms < window.begin_ms)
			continue;
		if (part.end_ms > at)
			part.end_ms = at;
		if (part.begin_ms > part.end_ms)
			part.begin_ms = part.end_ms;
		if (part.begin_ms < window.begin_ms)
			part.begin_ms = window.begin_ms;
		own += at - part.end_ms;
		at = part.begin_ms;
		walk->windows[child->node] = part;
		walk->own_ms[child->node] = 0; /* on the path; its turn comes */
	}
	return own + (at - window.begin_ms);
}

int ts_path_find(const struct ts_trace *trace, const struct ts_tree *tree, double *ret_own_ms,
		 double *ret_root_ms)
{
	struct walk walk = {.trace = trace, .tree = tree, .own_ms = ret_own_ms};
	struct window whole = {0, trace->duration_ms};
	int result = -ENOMEM;

	walk.windows = calloc(tree->n + 1, sizeof(*walk.windows));
	walk.children = calloc(tree->n + 1, sizeof(*walk.children));
	if (walk.windows && walk.children) {
		for (size_t i = 0; i < tree->n; i++)
			ret_own_ms[i] = TS_PATH_OFF;
		*ret_root_ms = step(&walk, whole, 0, tree->n);
		/* each behind its parent, which has told by then whether it is on the path */
		for (size_t i = 0; i < tree->n; i++)
			if (ret_own_ms[i] != TS_PATH_OFF)
				ret_own_ms[i] =
					step(&walk, walk.windows[i], i + 1, tree->nodes[i].end);
		result = 0;
	}
	free(walk.windows);
	free(walk.children);
	return result;
}
