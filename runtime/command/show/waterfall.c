// SPDX-License-Identifier: Apache-2.0
#include "waterfall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../functions/names.h"
#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "fold.h"
#include "pretty.h"
#include "seen.h"
#include "used.h"

#define TIME_COLUMNS  9
#define WIDEST_BAR    120
#define LABEL_COLUMNS 8
#define EIGHTHS       8
#define TREE_STEP     3
#define SHOWN_CALLS   6

/* How a tree is drawn: each piece TREE_STEP columns. */
struct glyphs {
	const char *fork, *corner, *line, *gap;
};

static const struct glyphs boxes = {"├─ ", "└─ ", "│  ", "   "};
static const struct glyphs ascii = {"|- ", "`- ", "|  ", "   "};

struct layout {
	const struct ts_trace *trace;
	const struct ts_tree *tree;
	const struct glyphs *glyphs;
	size_t name;    /* columns of tree and name */
	size_t bar;     /* columns of the bars; 0: start times instead */
	size_t deepest; /* levels that are drawn; of deeper spans the innermost */
	double total_ms;
};

static double start_ms(const struct layout *layout, const struct ts_span *span)
{
	return (double)(span->started_us - layout->trace->started_us) / 1000;
}

/* --- values ------------------------------------------------------------------------------ */

static void print_label(const char *margin, const char *label)
{
	printf("%s%s%-*s%s  ", margin, ts_style(TS_STYLE_DIM), LABEL_COLUMNS, label,
	       ts_style(TS_STYLE_PLAIN));
}

static size_t room_for(const char *margin)
{
	size_t used = ts_display_columns(margin) + LABEL_COLUMNS + 2;

	return ts_terminal()->columns > used + 8 ? ts_terminal()->columns - used : 8;
}

static void indent_under(const char *margin, char *ret, size_t bytes)
{
	snprintf(ret, bytes, "%s%*s", margin, LABEL_COLUMNS + 2, "");
}

void ts_waterfall_text(const char *margin, const char *label, const char *text, bool full)
{
	char indent[512];

	print_label(margin, label);
	if (full) {
		indent_under(margin, indent, sizeof(indent));
		ts_display_wrap(stdout, text, indent, ts_terminal()->columns);
		return;
	}
	ts_display_put(stdout, text, room_for(margin), ts_terminal()->ellipsis);
	putchar('\n');
}

void ts_waterfall_value(const char *margin, const char *label, const char *json, bool full)
{
	char indent[512];

	if (!json)
		return;
	if (!full) {
		ts_waterfall_text(margin, label, json, false);
		return;
	}
	print_label(margin, label);
	indent_under(margin, indent, sizeof(indent));
	ts_pretty(stdout, json, indent, ts_terminal()->columns);
}

/* --- tree -------------------------------------------------------------------------------- */

/*
 * What stands left of a span: its ancestors' lines and its own branch; with `below`, left of the
 * lines under it.
 */
static void draw_margin(const struct layout *layout, const struct ts_tree_node *node, bool below,
			char *ret, size_t bytes)
{
	const struct ts_tree_node *nodes = layout->tree->nodes;
	const char *pieces[64];
	size_t n = 0;
	size_t used = 0;
	bool children = node + 1 < nodes + layout->tree->n && node[1].depth > node->depth;

	if (below)
		pieces[n++] = children ? layout->glyphs->line : layout->glyphs->gap;
	for (const struct ts_tree_node *at = node; at->depth && n < layout->deepest;
	     at = &nodes[at->parent]) {
		bool own = at == node && !below;

		pieces[n++] = own ? (at->last ? layout->glyphs->corner : layout->glyphs->fork)
				  : (at->last ? layout->glyphs->gap : layout->glyphs->line);
	}
	*ret = '\0';
	while (n-- && used < bytes)
		used += (size_t)snprintf(ret + used, bytes - used, "%s", pieces[n]);
}

/* A plain glob names spans after symbols, which are for linkers: "tool:_ZN3bot3runEv" is "tool:bot::run". */
static void write_name(const struct ts_span *span, char *ret, size_t bytes)
{
	const char *colon = strchr(span->span_name, ':');
	char *name = colon ? ts_name_of_symbol(colon + 1, false) : NULL;

	if (name)
		snprintf(ret, bytes, "%.*s:%s", (int)(colon - span->span_name), span->span_name,
			 name);
	else
		snprintf(ret, bytes, "%s", span->span_name);
	free(name);
}

/*
 * "llm:claude", behind it the thread where that is another than that of the span around it, and
 * before it "+3 " where it lies three levels deeper than is drawn.
 */
static void name_of(const struct layout *layout, const struct ts_tree_node *node, char *ret,
		    size_t bytes)
{
	const struct ts_span *span = node->span;
	bool top = node->parent == TS_TREE_NONE;
	int64_t around = top ? span->thread_id : layout->tree->nodes[node->parent].span->thread_id;
	char deeper[32] = "", name[256];
	struct ts_seen seen;

	if (node->depth > layout->deepest)
		snprintf(deeper, sizeof(deeper), "+%zu ", node->depth - layout->deepest);
	write_name(span, name, sizeof(name));
	if (span->thread_id == around) {
		snprintf(ret, bytes, "%s%s", deeper, name);
		return;
	}
	ts_seen_read(span->attributes, &seen);
	snprintf(ret, bytes, "%s%s [thread %lld%s%s]", deeper, name, (long long)span->thread_id,
		 seen.thread_name[0] ? " " : "", seen.thread_name);
}

static size_t name_columns(const struct layout *layout, const struct ts_tree_node *node)
{
	char name[512];
	size_t levels = node->depth < layout->deepest ? node->depth : layout->deepest;

	name_of(layout, node, name, sizeof(name));
	return TREE_STEP * levels + ts_display_columns(name);
}

/* --- bars -------------------------------------------------------------------------------- */

static size_t column_at(const struct layout *layout, double ms, size_t units)
{
	double at = layout->total_ms > 0 ? ms / layout->total_ms * (double)units : 0;

	return at <= 0 ? 0 : at >= (double)units ? units : (size_t)at;
}

/* A bar of at least one mark; on its right end exact to an eighth of a column. */
static void draw_bar(const struct layout *layout, double begin_ms, double duration_ms)
{
	static const char *const part[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	size_t begin = column_at(layout, begin_ms, layout->bar);
	size_t end = column_at(layout, begin_ms + duration_ms, EIGHTHS * layout->bar);
	bool utf8 = ts_terminal()->utf8;
	size_t used;

	if (begin == layout->bar)
		begin--;
	if (end <= EIGHTHS * begin)
		end = EIGHTHS * begin + 1;
	printf("%*s", (int)begin, "");
	for (used = begin; EIGHTHS * (used + 1) <= end; used++)
		fputs(utf8 ? "█" : "=", stdout);
	if (end % EIGHTHS) {
		fputs(utf8 ? part[end % EIGHTHS] : used == begin ? "=" : "-", stdout);
		used++;
	}
	printf("%*s", (int)(layout->bar - used), "");
}

/* --- rows -------------------------------------------------------------------------------- */

static void print_times(const struct layout *layout, const struct ts_tree_node *node)
{
	char start[32];
	char duration[32];
	char self[32];

	ts_when_duration(node->span->duration_ms, duration, sizeof(duration));
	ts_when_duration(node->self_ms, self, sizeof(self));
	if (!layout->bar) {
		double at = start_ms(layout, node->span);

		ts_when_duration(at > 0 ? at : 0, start, sizeof(start));
		printf(" %*s", TIME_COLUMNS, start);
	}
	printf(" %*s %*s\n", TIME_COLUMNS, duration, TIME_COLUMNS, self);
}

/* In place of many: how many there are, from when to when, and how long they took in all and each. */
static void print_fold(const struct layout *layout, const struct ts_fold *fold)
{
	const struct ts_tree_node *first = &layout->tree->nodes[fold->from];
	double begin_ms = start_ms(layout, first->span);
	double end_ms = start_ms(layout, layout->tree->nodes[fold->end].span);
	char margin[512], text[300], took[32], least[32], most[32];
	size_t drawn;

	draw_margin(layout, first, false, margin, sizeof(margin));
	drawn = ts_display_columns(margin);
	snprintf(text, sizeof(text), "%s more", ts_amount_count(fold->end - fold->from).text);
	printf("%s%s", ts_style(TS_STYLE_DIM), margin);
	ts_display_put_padded(stdout, text, layout->name > drawn ? layout->name - drawn : 1,
			      ts_terminal()->ellipsis);
	putchar(' ');
	draw_bar(layout, begin_ms, end_ms - begin_ms);
	ts_when_duration(fold->total_ms, took, sizeof(took));
	printf(" %*s%s\n", TIME_COLUMNS, took, ts_style(TS_STYLE_PLAIN));
	ts_when_duration(fold->least_ms, least, sizeof(least));
	ts_when_duration(fold->most_ms, most, sizeof(most));
	snprintf(text, sizeof(text), "%s to %s (--full)", least, most);
	draw_margin(layout, first, true, margin, sizeof(margin));
	ts_waterfall_text(margin, "each", text, false);
}

static void print_span(const struct layout *layout, const struct ts_tree_node *node)
{
	const struct ts_span *span = node->span;
	const char *ellipsis = ts_terminal()->ellipsis;
	char margin[512];
	char name[512];
	size_t drawn;

	draw_margin(layout, node, false, margin, sizeof(margin));
	name_of(layout, node, name, sizeof(name));
	drawn = ts_display_columns(margin);
	printf("%s%s%s%s", ts_style(TS_STYLE_DIM), margin, ts_style(TS_STYLE_PLAIN),
	       ts_style(span->success ? TS_STYLE_BOLD : TS_STYLE_BAD));
	ts_display_put_padded(stdout, name, layout->name > drawn ? layout->name - drawn : 1,
			      ellipsis);
	fputs(ts_style(TS_STYLE_PLAIN), stdout);
	if (layout->bar) {
		printf(" %s", ts_style(span->success ? TS_STYLE_GOOD : TS_STYLE_BAD));
		draw_bar(layout, start_ms(layout, span), span->duration_ms);
		fputs(ts_style(TS_STYLE_PLAIN), stdout);
	}
	print_times(layout, node);
}

static void print_model(const char *margin, const struct ts_span *span, bool full)
{
	char text[512], used[TS_USED_TEXT];

	ts_used_span(span, used);
	if (!span->model && !*used)
		return;
	snprintf(text, sizeof(text), "%s%s%s", span->model ? span->model : "?",
		 span->provider ? " of " : "", span->provider ? span->provider : "");
	ts_waterfall_text(margin, "model", text, full);
	if (*used)
		ts_waterfall_text(margin, "used", used, full);
}

/* The calls around a failure; the outermost, which are the same for all, only where all is asked for. */
static void print_stack(const char *margin, const struct ts_seen *seen, bool full)
{
	size_t n = full || seen->n_stack <= SHOWN_CALLS + 1 ? seen->n_stack : SHOWN_CALLS;
	char rest[64];

	for (size_t i = 0; i < n; i++)
		ts_waterfall_text(margin, i ? "" : "stack", seen->stack[i], full);
	if (n == seen->n_stack)
		return;
	snprintf(rest, sizeof(rest), "and %zu more (--full)", seen->n_stack - n);
	ts_waterfall_text(margin, "", rest, false);
}

static bool same_stack(const struct ts_seen *a, const struct ts_seen *b)
{
	bool same = a->n_stack == b->n_stack;

	for (size_t i = 0; same && i < a->n_stack; i++)
		same = strcmp(a->stack[i], b->stack[i]) == 0;
	return same;
}

/* Is the stack that of a call below, which the same exception left? Then it stands there. */
static bool is_below(const struct layout *layout, const struct ts_tree_node *node,
		     const struct ts_seen *seen)
{
	const struct ts_tree_node *end = layout->tree->nodes + layout->tree->n;
	const struct ts_tree_node *at = node + 1;
	struct ts_seen below;

	for (; at < end && at->depth > at[-1].depth && !at->span->success; at++) {
		ts_seen_read(at->span->attributes, &below);
		if (below.n_stack)
			return same_stack(seen, &below);
	}
	return false;
}

static void print_details(const struct layout *layout, const struct ts_tree_node *node, bool full)
{
	const struct ts_span *span = node->span;
	struct ts_seen seen;
	char margin[512];

	draw_margin(layout, node, true, margin, sizeof(margin));
	ts_seen_read(span->attributes, &seen);
	if (!span->success) {
		fputs(ts_style(TS_STYLE_BAD), stdout);
		ts_waterfall_text(margin, "failed", span->error ? span->error : "", full);
	}
	if (seen.exec)
		ts_waterfall_text(margin, "ended", TS_ENDED_BY_EXEC, full);
	if (full || !is_below(layout, node, &seen))
		print_stack(margin, &seen, full);
	if (seen.dropped[0])
		ts_waterfall_text(margin, "dropped", seen.dropped, full);
	print_model(margin, span, full);
	ts_waterfall_value(margin, "in", span->input_data, full);
	ts_waterfall_value(margin, "out", span->output_data, full);
}

/* --- the whole --------------------------------------------------------------------------- */

static void print_head(const struct layout *layout)
{
	char total[32];

	ts_when_duration(layout->total_ms, total, sizeof(total));
	printf("%s%-*s", ts_style(TS_STYLE_DIM), (int)layout->name, "span");
	if (layout->bar)
		printf(" 0%*s", (int)layout->bar - 1, total);
	else
		printf(" %*s", TIME_COLUMNS, "start");
	printf(" %*s %*s%s\n", TIME_COLUMNS, "took", TIME_COLUMNS, "self",
	       ts_style(TS_STYLE_PLAIN));
}

/* The names get what they need up to half of the room; the bars have the rest. */
static void measure(struct layout *layout)
{
	const struct ts_terminal *terminal = ts_terminal();
	size_t room = terminal->columns - 2 * (TIME_COLUMNS + 1) - 1;
	size_t need = strlen("span");
	size_t most;

	layout->bar = terminal->bars ? room / 2 : 0;
	most = terminal->bars ? room - layout->bar : room - TIME_COLUMNS;
	layout->deepest = most / 2 / TREE_STEP;
	layout->deepest = layout->deepest > 60 ? 60 : layout->deepest;
	for (size_t i = 0; i < layout->tree->n; i++) {
		const struct ts_tree_node *node = &layout->tree->nodes[i];
		size_t columns = name_columns(layout, node);
		double end = start_ms(layout, node->span) + node->span->duration_ms;

		need = columns > need ? columns : need;
		/* A span may outlive its pipeline. */
		layout->total_ms = end > layout->total_ms ? end : layout->total_ms;
	}
	layout->name = need < most ? need : most;
	if (layout->bar)
		layout->bar = room - layout->name < WIDEST_BAR ? room - layout->name : WIDEST_BAR;
}

void ts_waterfall_print(const struct ts_trace *trace, const struct ts_tree *tree, bool full)
{
	struct layout layout = {.trace = trace, .tree = tree, .total_ms = trace->duration_ms};
	struct ts_fold fold = {.from = tree->n};

	layout.glyphs = ts_terminal()->utf8 ? &boxes : &ascii;
	measure(&layout);
	print_head(&layout);
	for (size_t i = 0; i < tree->n; i++) {
		if (i >= fold.end && (full || !layout.bar || !ts_fold(tree, i, &fold)))
			fold = (struct ts_fold){.from = tree->n};
		if (i == fold.from) {
			print_fold(&layout, &fold);
			i = fold.end;
		}
		print_span(&layout, &tree->nodes[i]);
		print_details(&layout, &tree->nodes[i], full);
	}
}
