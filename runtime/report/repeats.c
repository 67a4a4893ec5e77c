// SPDX-License-Identifier: Apache-2.0
#include "repeats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../modelname.h"

#define GRACE_MS 0.001 /* start times are whole microseconds */

struct family {
	struct ts_keyed *repeats;
	const struct ts_tree *tree;
	const char *parent;
	uint64_t number;
	size_t *children; /* nodes, in start order */
	size_t n;
};

static const struct ts_span *span_of(const struct family *family, size_t child)
{
	return family->tree->nodes[family->children[child]].span;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The names of a call's model without hosts and dates: of the one that answered, and of the one that was asked for. */
struct named {
	struct ts_text names[2]; /* empty: unknown */
};

static struct ts_text bare(const char *name)
{
	struct ts_model_names names;

	ts_model_names((struct ts_text){name ? name : "", name ? strlen(name) : 0}, &names);
	return names.n ? names.names[names.n - 1] : (struct ts_text){"", 0};
}

/* A call that failed has the name that it asked for, one that was answered that of who answered: "gpt-4o-2024-08-06". */
static bool same_name(const struct ts_span *a, const struct ts_span *b)
{
	const struct named x = {{bare(a->model), bare(a->requested_model)}};
	const struct named y = {{bare(b->model), bare(b->requested_model)}};
	bool same = false;

	for (int i = 0; i < 4; i++) {
		struct ts_text left = x.names[i / 2], right = y.names[i % 2];

		same |= left.bytes && left.bytes == right.bytes &&
			!memcmp(left.data, right.data, left.bytes);
	}
	return same;
}

static bool same_model(const struct ts_span *a, const struct ts_span *b)
{
	return same_text(a->provider, b->provider) &&
	       (same_text(a->model, b->model) || same_name(a, b));
}

/* Had it ended when the other began? */
static bool is_before(const struct ts_span *a, const struct ts_span *b)
{
	return a->duration_ms <= (double)(b->started_us - a->started_us) / 1000 + GRACE_MS;
}

static struct ts_repeat *repeat_of(const struct family *family, const char *name,
				   const char *failed)
{
	struct ts_repeat *repeat =
		ts_keyed_get(family->repeats, &(struct ts_key){{family->parent, name, failed}});

	if (!repeat)
		return NULL;
	repeat->kind = failed ? TS_REPEAT_FALLBACK : TS_REPEAT_SAME;
	repeat->traces += repeat->last_trace != family->number;
	repeat->last_trace = family->number;
	return repeat;
}

/* --- the same again ------------------------------------------------------------------------ */

static void compare_two(struct ts_repeat *repeat, const struct ts_span *last,
			const struct ts_span *span)
{
	if (!is_before(last, span)) {
		repeat->beside++;
	} else if (!last->success && same_model(last, span)) {
		repeat->retries++;
		repeat->helped += span->success;
	}
}

/* Calls [from, to) of the sorted children have one name. */
static int fold(const struct family *family, size_t from, size_t to)
{
	struct ts_repeat *repeat;
	size_t n = to - from;

	if (n < 2)
		return 0;
	repeat = repeat_of(family, span_of(family, from)->span_name, NULL);
	if (!repeat)
		return -ENOMEM;
	repeat->parents++;
	repeat->calls += n;
	if (!repeat->least || n < repeat->least)
		repeat->least = n;
	if (n > repeat->most)
		repeat->most = n;
	for (size_t i = from + 1; i < to; i++)
		compare_two(repeat, span_of(family, i - 1), span_of(family, i));
	return 0;
}

static int compare_names(const void *a, const void *b, void *context)
{
	const struct ts_tree *tree = context;
	const size_t *x = a, *y = b;
	int order = strcmp(tree->nodes[*x].span->span_name, tree->nodes[*y].span->span_name);

	return order ? order : *x < *y ? -1 : 1;
}

static int fold_all(struct family *family)
{
	size_t from = 0;
	int result = 0;

	qsort_r(family->children, family->n, sizeof(family->children[0]), compare_names,
		(void *)family->tree);
	for (size_t i = 1; result == 0 && i <= family->n; i++) {
		if (i < family->n &&
		    !strcmp(span_of(family, i)->span_name, span_of(family, from)->span_name))
			continue;
		result = fold(family, from, i);
		from = i;
	}
	return result;
}

/* --- another model ------------------------------------------------------------------------- */

static int fall_back(const struct family *family, const struct ts_span *last,
		     const struct ts_span *span, struct ts_repeat **latest)
{
	struct ts_repeat *repeat;

	if (last->success || !is_before(last, span) ||
	    (!strcmp(last->span_name, span->span_name) && same_model(last, span)))
		return 0;
	repeat = repeat_of(family, span->span_name, last->span_name);
	if (!repeat)
		return -ENOMEM;
	repeat->fallbacks++;
	repeat->helped += span->success;
	repeat->parents += repeat != *latest;
	*latest = repeat;
	return 0;
}

static int find_fallbacks(const struct family *family)
{
	const struct ts_span *last = NULL;
	struct ts_repeat *latest = NULL;
	int result = 0;

	for (size_t i = 0; result == 0 && i < family->n; i++) {
		const struct ts_span *span = span_of(family, i);

		if (strcmp(span->kind, "llm") != 0)
			continue;
		if (last)
			result = fall_back(family, last, span, &latest);
		last = span;
	}
	return result;
}

/* --- all of a trace ------------------------------------------------------------------------ */

static int add_family(struct family *family, size_t first, size_t end)
{
	int result;

	family->n = 0;
	for (size_t i = first; i < end; i = family->tree->nodes[i].end)
		family->children[family->n++] = i;
	if (family->n < 2)
		return 0;
	result = find_fallbacks(family);
	return result < 0 ? result : fold_all(family);
}

int ts_repeats_add(struct ts_keyed *repeats, const struct ts_tree *tree, const char *root,
		   uint64_t number)
{
	struct family family = {.repeats = repeats, .tree = tree, .number = number};
	int result;

	family.children = calloc(tree->n + 1, sizeof(*family.children));
	if (!family.children)
		return -ENOMEM;
	family.parent = root;
	result = add_family(&family, 0, tree->n);
	for (size_t i = 0; result == 0 && i < tree->n; i++) {
		family.parent = tree->nodes[i].span->span_name;
		result = add_family(&family, i + 1, tree->nodes[i].end);
	}
	free(family.children);
	return result;
}
