// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One per span, by the span's index; indices are TS_TREE_NONE where there is none. */
struct link {
	size_t parent;
	size_t first;
	size_t last;
	size_t next;
	size_t node; /* where it was put */
};

struct builder {
	const struct ts_trace *trace;
	const struct ts_span *spans;
	struct link *links; /* links[n] is the pipeline itself */
	const struct ts_span **by_id;
	size_t n;
	struct ts_tree *tree;
};

static int compare_ids(const void *a, const void *b)
{
	const struct ts_span *const *x = a;
	const struct ts_span *const *y = b;

	return memcmp((*x)->span_id.bytes, (*y)->span_id.bytes, sizeof((*x)->span_id.bytes));
}

static size_t parent_of(const struct builder *builder, const struct ts_span *span)
{
	struct ts_span key = {.span_id = span->parent_span_id};
	const struct ts_span *wanted = &key;
	const struct ts_span **found = NULL;

	if (span->has_parent)
		found = bsearch(&wanted, builder->by_id, builder->n, sizeof(wanted), compare_ids);
	return found ? (size_t)(*found - builder->spans) : builder->n;
}

static void hang(struct builder *builder, size_t child, size_t parent)
{
	struct link *links = builder->links;

	links[child].parent = parent;
	if (links[parent].first == TS_TREE_NONE)
		links[parent].first = child;
	else
		links[links[parent].last].next = child;
	links[parent].last = child;
}

/* From the top, each before its children. */
static void flatten(struct builder *builder, size_t top)
{
	struct link *links = builder->links;
	size_t at = top;

	for (;;) {
		struct ts_tree_node *node = &builder->tree->nodes[builder->tree->n];
		size_t parent = links[at].parent;

		node->span = &builder->spans[at];
		node->parent = parent == builder->n ? TS_TREE_NONE : links[parent].node;
		node->depth =
			parent == builder->n ? 0 : builder->tree->nodes[node->parent].depth + 1;
		links[at].node = builder->tree->n++;
		if (links[at].first != TS_TREE_NONE) {
			at = links[at].first;
			continue;
		}
		while (at != top && links[at].next == TS_TREE_NONE)
			at = links[at].parent;
		if (at == top)
			return;
		at = links[at].next;
	}
}

static void mark_reached(const struct builder *builder, bool *reached)
{
	for (size_t i = 0; i < builder->tree->n; i++)
		reached[builder->tree->nodes[i].span - builder->spans] = true;
}

/* Spans that are each other's ancestors hang on nothing: one goes under the pipeline. */
static int break_cycles(struct builder *builder)
{
	bool *reached = calloc(builder->n + 1, sizeof(*reached));

	if (!reached)
		return -ENOMEM;
	mark_reached(builder, reached);
	for (size_t i = 0; i < builder->n && builder->tree->n < builder->n; i++) {
		struct link *links = builder->links;
		size_t parent = links[i].parent;

		if (reached[i])
			continue;
		/* Out of its parent's children. */
		for (size_t *at = &links[parent].first; *at != TS_TREE_NONE; at = &links[*at].next)
			if (*at == i) {
				*at = links[i].next;
				break;
			}
		links[i].parent = builder->n;
		links[i].next = TS_TREE_NONE;
		flatten(builder, i);
		mark_reached(builder, reached);
	}
	free(reached);
	return 0;
}

/* The part of [begin, end) that no child covers; children in start order may overlap. */
struct uncovered {
	double cursor;
	double end;
	double self;
};

static void cover(struct uncovered *uncovered, double begin, double end)
{
	if (begin > uncovered->end)
		begin = uncovered->end;
	if (begin > uncovered->cursor)
		uncovered->self += begin - uncovered->cursor;
	if (end > uncovered->cursor)
		uncovered->cursor = end;
}

/* Milliseconds since the trace began: small enough to keep their digits. */
static double since_start(const struct builder *builder, int64_t us)
{
	return (double)(us - builder->trace->started_us) / 1000;
}

static double self_time(const struct builder *builder, size_t index, double begin, double duration)
{
	struct uncovered uncovered = {.cursor = begin, .end = begin + duration};
	const struct link *links = builder->links;

	for (size_t i = links[index].first; i != TS_TREE_NONE; i = links[i].next) {
		double start = since_start(builder, builder->spans[i].started_us);

		cover(&uncovered, start, start + builder->spans[i].duration_ms);
	}
	cover(&uncovered, uncovered.end, uncovered.end);
	return uncovered.self;
}

/* From the end, so that each child's end is known before its parent's. */
static void find_ends(struct ts_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		tree->nodes[i].end = i + 1;
	for (size_t i = tree->n; i-- > 0;) {
		size_t parent = tree->nodes[i].parent;

		if (parent != TS_TREE_NONE && tree->nodes[parent].end < tree->nodes[i].end)
			tree->nodes[parent].end = tree->nodes[i].end;
	}
}

static void finish(struct builder *builder)
{
	struct ts_tree *tree = builder->tree;

	find_ends(tree);
	for (size_t i = 0; i < tree->n; i++) {
		const struct ts_span *span = tree->nodes[i].span;
		size_t index = (size_t)(span - builder->spans);

		tree->nodes[i].last = builder->links[index].next == TS_TREE_NONE;
		tree->nodes[i].self_ms = self_time(
			builder, index, since_start(builder, span->started_us), span->duration_ms);
	}
	tree->self_ms = self_time(builder, builder->n, 0, builder->trace->duration_ms);
}

static int build(struct builder *builder)
{
	for (size_t i = 0; i <= builder->n; i++)
		builder->links[i] = (struct link){TS_TREE_NONE, TS_TREE_NONE, TS_TREE_NONE,
						  TS_TREE_NONE, TS_TREE_NONE};
	for (size_t i = 0; i < builder->n; i++)
		builder->by_id[i] = &builder->spans[i];
	qsort(builder->by_id, builder->n, sizeof(builder->by_id[0]), compare_ids);
	for (size_t i = 0; i < builder->n; i++)
		hang(builder, i, parent_of(builder, &builder->spans[i]));
	for (size_t i = builder->links[builder->n].first; i != TS_TREE_NONE;
	     i = builder->links[i].next)
		flatten(builder, i);
	return break_cycles(builder);
}

int ts_tree_init(struct ts_tree *ret, const struct ts_trace *trace, const struct ts_span *spans,
		 size_t n)
{
	struct ts_tree tree = {.nodes = calloc(n + 1, sizeof(*tree.nodes))};
	struct builder builder = {.trace = trace, .spans = spans, .n = n, .tree = &tree};
	int result = -ENOMEM;

	builder.links = calloc(n + 1, sizeof(*builder.links));
	builder.by_id = calloc(n + 1, sizeof(*builder.by_id));
	if (tree.nodes && builder.links && builder.by_id)
		result = build(&builder);
	if (!result) {
		finish(&builder);
		*ret = tree;
	} else {
		free(tree.nodes);
	}
	free(builder.links);
	free(builder.by_id);
	return result;
}

void ts_tree_release(struct ts_tree *tree)
{
	free(tree->nodes);
	*tree = (struct ts_tree){.nodes = NULL};
}
