// SPDX-License-Identifier: Apache-2.0
#include "fold.h"

#include <string.h>

#define MOST_ALIKE 10

static bool is_plain(const struct ts_tree_node *node, size_t at)
{
	return node->span->success && node->end == at + 1;
}

static bool is_alike(const struct ts_tree_node *a, const struct ts_tree_node *b)
{
	return a->parent == b->parent && a->span->thread_id == b->span->thread_id &&
	       strcmp(a->span->span_name, b->span->span_name) == 0;
}

bool ts_fold(const struct ts_tree *tree, size_t at, struct ts_fold *ret)
{
	const struct ts_tree_node *nodes = tree->nodes;
	size_t end = at;

	while (end < tree->n && is_plain(&nodes[end], end) && is_alike(&nodes[at], &nodes[end]))
		end++;
	if (end - at <= MOST_ALIKE)
		return false;
	*ret = (struct ts_fold){.from = at + TS_FOLD_FIRST, .end = end - 1};
	for (size_t i = ret->from; i < ret->end; i++) {
		double ms = nodes[i].span->duration_ms;

		if (i == ret->from || ms < ret->least_ms)
			ret->least_ms = ms;
		if (ms > ret->most_ms)
			ret->most_ms = ms;
		ret->total_ms += ms;
	}
	return true;
}
