// SPDX-License-Identifier: Apache-2.0
#include "align.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The children of a node, or of none. */
struct child {
	size_t node;
	const char *name;
	size_t occurrence;
	size_t order;   /* among its siblings */
	size_t partner; /* order of the other's child; TS_TREE_NONE: it has none */
};

struct children {
	struct child *all;
	size_t n;
};

struct work {
	size_t a, b; /* nodes, TS_TREE_NONE: none */
	size_t depth;
	size_t occurrence;
};

struct aligner {
	const struct ts_tree *a, *b;
	struct ts_alignment *to;
	struct work *stack; /* those to come, the next on top */
	size_t n;
	struct children of_a, of_b; /* room for those of one node each */
};

static int compare_names(const void *a, const void *b)
{
	const struct child *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->order < y->order ? -1 : 1;
}

static int compare_order(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	return x->order < y->order ? -1 : 1;
}

static void sort(struct children *children, int (*compare)(const void *, const void *))
{
	if (children->n)
		qsort(children->all, children->n, sizeof(children->all[0]), compare);
}

/* By name, those of one name numbered. */
static void gather(const struct ts_tree *tree, size_t first, size_t end, struct children *ret)
{
	ret->n = 0;
	for (size_t i = first; i < end; i = tree->nodes[i].end, ret->n++)
		ret->all[ret->n] = (struct child){.node = i,
						  .name = tree->nodes[i].span->span_name,
						  .order = ret->n,
						  .partner = TS_TREE_NONE};
	sort(ret, compare_names);
	for (size_t i = 0; i < ret->n; i++)
		ret->all[i].occurrence = i && !strcmp(ret->all[i].name, ret->all[i - 1].name)
						 ? ret->all[i - 1].occurrence + 1
						 : 1;
}

static void pair(struct children *a, struct children *b)
{
	size_t i = 0, j = 0;

	while (i < a->n && j < b->n) {
		int order = strcmp(a->all[i].name, b->all[j].name);

		if (!order && a->all[i].occurrence == b->all[j].occurrence) {
			a->all[i].partner = b->all[j].order;
			b->all[j++].partner = a->all[i++].order;
		} else if (order ? order < 0 : a->all[i].occurrence < b->all[j].occurrence) {
			i++;
		} else {
			j++;
		}
	}
	sort(a, compare_order);
	sort(b, compare_order);
}

/*
 * Onto the stack, so that the first comes off first: in the order of the first trace, and of the second's own each where
 * it stands among those that both have.
 */
static void push_children(struct aligner *aligner, size_t depth)
{
	const struct children *a = &aligner->of_a, *b = &aligner->of_b;
	size_t from = aligner->n, j = 0;

	for (size_t i = 0; i <= a->n; i++) {
		size_t until = i == a->n ? b->n : a->all[i].partner;

		for (; until != TS_TREE_NONE && j < until; j++)
			if (b->all[j].partner == TS_TREE_NONE)
				aligner->stack[aligner->n++] = (struct work){
					TS_TREE_NONE, b->all[j].node, depth, b->all[j].occurrence};
		if (i == a->n)
			break;
		aligner->stack[aligner->n++] = (struct work){
			a->all[i].node, until == TS_TREE_NONE ? until : b->all[until].node, depth,
			a->all[i].occurrence};
	}
	for (size_t to = aligner->n; from + 1 < to; from++) {
		struct work swapped = aligner->stack[from];

		aligner->stack[from] = aligner->stack[--to];
		aligner->stack[to] = swapped;
	}
}

static const struct ts_tree_node *node_of(const struct ts_tree *tree, size_t node)
{
	return node == TS_TREE_NONE ? NULL : &tree->nodes[node];
}

static void step(struct aligner *aligner)
{
	const struct work work = aligner->stack[--aligner->n];
	const struct ts_tree_node *a = node_of(aligner->a, work.a);
	const struct ts_tree_node *b = node_of(aligner->b, work.b);

	aligner->to->rows[aligner->to->n++] =
		(struct ts_aligned){a, b, work.depth, work.occurrence};
	gather(aligner->a, work.a + 1, a ? a->end : 0, &aligner->of_a);
	gather(aligner->b, work.b + 1, b ? b->end : 0, &aligner->of_b);
	pair(&aligner->of_a, &aligner->of_b);
	push_children(aligner, work.depth + 1);
}

int ts_align(struct ts_alignment *ret, const struct ts_tree *a, const struct ts_tree *b)
{
	struct aligner aligner = {.a = a, .b = b, .to = ret};
	size_t most = a->n + b->n + 1;
	int result = -ENOMEM;

	*ret = (struct ts_alignment){.rows = calloc(most, sizeof(*ret->rows))};
	aligner.stack = calloc(most, sizeof(*aligner.stack));
	aligner.of_a.all = calloc(a->n + 1, sizeof(*aligner.of_a.all));
	aligner.of_b.all = calloc(b->n + 1, sizeof(*aligner.of_b.all));
	if (ret->rows && aligner.stack && aligner.of_a.all && aligner.of_b.all) {
		gather(a, 0, a->n, &aligner.of_a);
		gather(b, 0, b->n, &aligner.of_b);
		pair(&aligner.of_a, &aligner.of_b);
		push_children(&aligner, 0);
		while (aligner.n)
			step(&aligner);
		result = 0;
	}
	free(aligner.stack);
	free(aligner.of_a.all);
	free(aligner.of_b.all);
	if (result < 0)
		ts_alignment_release(ret);
	return result;
}

void ts_alignment_release(struct ts_alignment *alignment)
{
	free(alignment->rows);
	*alignment = (struct ts_alignment){.rows = NULL};
}
