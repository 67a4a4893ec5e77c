// SPDX-License-Identifier: Apache-2.0
/* Two traces side by side in a table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../uuid.h"
#include "../command.h"
#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/grid.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "compare.h"

#define TEXT    32
#define DEEPEST 12 /* levels that are indented */

static void put_duration(struct ts_grid *grid, const struct ts_span *span)
{
	char text[TEXT];

	if (!span) {
		ts_grid_put(grid, "-");
		return;
	}
	ts_when_duration(span->duration_ms, text, sizeof(text));
	ts_grid_put(grid, "%s%s", span->success ? "" : "failed ", text);
}

static void put_change(struct ts_grid *grid, double before_ms, double after_ms)
{
	double change = after_ms - before_ms;
	char text[TEXT];

	if (change == 0) {
		ts_grid_put(grid, "none");
		return;
	}
	ts_when_duration(change < 0 ? -change : change, text, sizeof(text));
	ts_grid_put(grid, "%s%s", change < 0 ? "-" : "+", text);
	if (before_ms > 0)
		ts_grid_put(grid, "%+.0f %%", 100 * change / before_ms);
}

static void put_pipeline(struct ts_grid *grid, const struct ts_compared_traces *traces)
{
	const struct ts_trace *a = traces->traces[0], *b = traces->traces[1];
	char text[2][TEXT];

	ts_grid_row(grid, TS_STYLE_BOLD);
	if (strcmp(a->pipeline_name, b->pipeline_name) != 0)
		ts_grid_put(grid, "%s | %s", a->pipeline_name, b->pipeline_name);
	else
		ts_grid_put(grid, "%s", a->pipeline_name);
	for (int i = 0; i < 2; i++) {
		const struct ts_trace *trace = traces->traces[i];

		ts_when_duration(trace->duration_ms, text[i], sizeof(text[i]));
		ts_grid_put(grid, "%s%s", trace->success ? "" : "failed ", text[i]);
	}
	put_change(grid, a->duration_ms, b->duration_ms);
}

static void put_row(struct ts_grid *grid, const struct ts_aligned *row)
{
	const struct ts_span *a = row->a ? row->a->span : NULL, *b = row->b ? row->b->span : NULL;
	size_t depth = row->depth < DEEPEST ? row->depth : DEEPEST;
	bool failed = (a && !a->success) || (b && !b->success);
	char again[TEXT] = "";

	if (row->occurrence > 1)
		snprintf(again, sizeof(again), " x%zu", row->occurrence);
	ts_grid_row(grid, failed ? TS_STYLE_BAD : !a || !b ? TS_STYLE_DIM : TS_STYLE_PLAIN);
	ts_grid_put(grid, "%*s%s%s", (int)(2 * depth + 2), "", (a ? a : b)->span_name, again);
	put_duration(grid, a);
	put_duration(grid, b);
	if (a && b)
		put_change(grid, a->duration_ms, b->duration_ms);
	else
		ts_grid_put(grid, a ? "only in A" : "only in B");
}

static void print_head(const struct ts_trace *trace, const struct ts_tree *tree, char letter)
{
	struct ts_spend sum = {.calls = 0}, one;
	char id[TS_UUID_TEXT], started[64], cost[64] = "", text[TS_UUID_TEXT + 128];

	ts_uuid_format(&trace->trace_id, id);
	ts_when_long(trace->started_us, started, sizeof(started));
	for (size_t i = ts_spend_next(tree, 0, &one); i < tree->n;
	     i = ts_spend_next(tree, tree->nodes[i].end, &one))
		ts_spend_add(&sum, &one);
	if (ts_sum_is_unknown(&sum.cost_nano_usd, sum.calls))
		snprintf(cost, sizeof(cost), "  cost unknown");
	else if (sum.calls)
		snprintf(cost, sizeof(cost), "  %s", ts_amount_cost(&sum).text);
	snprintf(text, sizeof(text), "%s  %s%s", id, started, cost);
	printf("%s%c%s  ", ts_style(TS_STYLE_DIM), letter, ts_style(TS_STYLE_PLAIN));
	ts_display_wrap(stdout, text, "   ", ts_terminal()->columns);
}

int ts_compare_print_traces(const struct ts_compared_traces *traces)
{
	static const struct ts_grid_column columns[] = {
		{"call", TS_GRID_NAME},     {"A", TS_GRID_FIGURE}, {"B", TS_GRID_FIGURE},
		{"change", TS_GRID_FIGURE}, {"", TS_GRID_SPARE},   {NULL, TS_GRID_TEXT}};
	struct ts_grid *grid = ts_grid_new(columns);

	put_pipeline(grid, traces);
	for (size_t i = 0; i < traces->alignment->n; i++)
		put_row(grid, &traces->alignment->rows[i]);
	print_head(traces->traces[0], traces->trees[0], 'A');
	print_head(traces->traces[1], traces->trees[1], 'B');
	putchar('\n');
	if (ts_grid_print(grid) < 0) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	return TS_EXIT_DONE;
}
