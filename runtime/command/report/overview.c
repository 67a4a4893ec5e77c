// SPDX-License-Identifier: Apache-2.0
/* What stands above the tables: the period, sums, little bars. */
#include "overview.h"

#include <stdio.h>
#include <string.h>

#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "spark.h"
#include "tables.h"

#define DURATION    32
#define SPREAD_BARS 32
#define SPARK_WORDS 30 /* columns of what stands beside little bars */

static void print_period(const struct ts_overview *overview)
{
	const struct ts_query_filter *filter = overview->filter;
	int64_t until_us = filter->has_until ? filter->until_us : overview->now_us;
	char since[64], until[64], length[DURATION];

	ts_when_short(filter->since_us, overview->now_us, since, sizeof(since));
	ts_when_short(until_us, overview->now_us, until, sizeof(until));
	ts_when_duration((double)(until_us - filter->since_us) / 1000, length, sizeof(length));
	printf("%s%s to %s (%s)", ts_style(TS_STYLE_DIM), since, filter->has_until ? until : "now",
	       length);
	if (filter->pipeline) {
		fputs(", pipeline ", stdout);
		ts_display_put(stdout, filter->pipeline, 24, ts_terminal()->ellipsis);
	}
	if (filter->user) {
		fputs(", user ", stdout);
		ts_display_put(stdout, filter->user, 24, ts_terminal()->ellipsis);
	}
	printf("%s\n", ts_style(TS_STYLE_PLAIN));
}

static void print_calls(const struct ts_report *report)
{
	const struct ts_spend *spend = &report->all.spend;
	char line[256];
	int n = snprintf(line, sizeof(line), "%s call%s inside them",
			 ts_amount_count(report->calls).text, report->calls == 1 ? "" : "s");

	if (spend->calls)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ", %s of models",
			      ts_amount_count(spend->calls).text);
	if (spend->calls && (!ts_sum_is_unknown(&spend->input_tokens, spend->calls) ||
			     !ts_sum_is_unknown(&spend->output_tokens, spend->calls)))
		snprintf(line + n, sizeof(line) - (size_t)n, ": %s tokens in, %s out",
			 ts_amount_tokens(&spend->input_tokens, spend->calls).text,
			 ts_amount_tokens(&spend->output_tokens, spend->calls).text);
	ts_display_wrap(stdout, line, "", ts_terminal()->columns);
}

/* Calls that run at once are busy for longer than time passes. */
static void print_busy(const struct ts_figures *all)
{
	char busy[DURATION], wall[DURATION], line[256];

	if (all->total_ms <= 0)
		return;
	ts_when_duration(all->self_ms, busy, sizeof(busy));
	ts_when_duration(all->total_ms, wall, sizeof(wall));
	snprintf(line, sizeof(line), "busy %s in %s of wall time, %.*f at once", busy, wall,
		 all->self_ms < 9.95 * all->total_ms ? 1 : 0, all->self_ms / all->total_ms);
	ts_display_wrap(stdout, line, "", ts_terminal()->columns);
}

static void print_sums(const struct ts_report *report)
{
	const struct ts_figures *all = &report->all;
	const struct ts_spend *spend = &all->spend;
	bool failed = all->failed;

	printf("%s%s trace%s%s, %s%s failed (%s)%s", ts_style(TS_STYLE_BOLD),
	       ts_amount_count(all->n).text, all->n == 1 ? "" : "s", ts_style(TS_STYLE_PLAIN),
	       failed ? ts_style(TS_STYLE_BAD) : "", ts_amount_count(all->failed).text,
	       ts_amount_share((double)all->failed, (double)all->n).text,
	       failed ? ts_style(TS_STYLE_PLAIN) : "");
	if (ts_sum_is_unknown(&spend->cost_nano_usd, spend->calls))
		printf(", cost unknown");
	else if (spend->calls)
		printf(", %s%s%s", ts_style(TS_STYLE_BOLD), ts_amount_cost(spend).text,
		       ts_style(TS_STYLE_PLAIN));
	putchar('\n');
	print_calls(report);
	print_busy(all);
}

static void print_line(const char *name, const struct ts_spark *spark)
{
	printf("%s%-7s%s %s", ts_style(TS_STYLE_DIM), name, ts_style(TS_STYLE_PLAIN), spark->text);
}

/* "30 m": steps are whole ones of their unit. */
static void name_step(int64_t us, char *ret, size_t bytes)
{
	static const struct {
		int64_t seconds;
		char name;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t seconds = us / 1000000;
	size_t i = 0;

	while (seconds % units[i].seconds)
		i++;
	snprintf(ret, bytes, "%lld %c", (long long)(seconds / units[i].seconds), units[i].name);
}

/* So many steps as there is room for, several made one where need be; answers how many. */
static size_t merge_steps(const uint64_t *from, size_t n, size_t together, uint64_t *to)
{
	size_t made = (n + together - 1) / together;

	memset(to, 0, made * sizeof(*to));
	for (size_t i = 0; i < n; i++)
		to[i / together] += from[i];
	return made;
}

static void print_timeline(const struct ts_report *report)
{
	const struct ts_timeline *timeline = &report->timeline;
	size_t room = ts_terminal()->columns - SPARK_WORDS;
	size_t together = (timeline->n + room - 1) / room, n;
	uint64_t merged[TS_TIMELINE_STEPS], highest = 0;
	struct ts_spark spark;
	char step[DURATION];

	if (!together)
		return;
	n = merge_steps(timeline->traces, timeline->n, together, merged);
	for (size_t i = 0; i < n; i++)
		highest = merged[i] > highest ? merged[i] : highest;
	spark = ts_spark_of(merged, n);
	name_step(timeline->step_us * (int64_t)together, step, sizeof(step));
	print_line("traces", &spark);
	printf("%s %s each, most %s%s\n", ts_style(TS_STYLE_DIM), step,
	       ts_amount_short(highest).text, ts_style(TS_STYLE_PLAIN));
	if (!report->all.failed)
		return;
	merge_steps(timeline->failed, timeline->n, together, merged);
	spark = ts_spark_of(merged, n);
	print_line("failed", &spark);
	putchar('\n');
}

static void print_spread(struct ts_report *report)
{
	size_t room = ts_terminal()->columns - SPARK_WORDS;
	char least[DURATION], most[DURATION];
	struct ts_spark spark;
	double from, to;

	ts_spark_bounds(&report->all.durations_ms, &from, &to);
	spark = ts_spark_spread(&report->all.durations_ms, from, to,
				room < SPREAD_BARS ? room : SPREAD_BARS);
	print_line("took", &spark);
	ts_when_duration(from, least, sizeof(least));
	ts_when_duration(to, most, sizeof(most));
	printf("%s %s to %s%s\n", ts_style(TS_STYLE_DIM), least, most, ts_style(TS_STYLE_PLAIN));
}

int ts_overview_print(struct ts_query *query, const struct ts_overview *overview,
		      struct ts_error *err)
{
	print_period(overview);
	print_sums(overview->report);
	if (ts_terminal()->bars) {
		print_timeline(overview->report);
		print_spread(overview->report);
	}
	return overview->report->by ? ts_overview_rows(overview)
				    : ts_overview_tables(query, overview, err);
}
