// SPDX-License-Identifier: Apache-2.0
/* Two sets of traces in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../command.h"
#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "compare.h"
#include "set.h"

#define TEXT         48
#define NAME_COLUMNS 28

/* --- values --------------------------------------------------------------------------------- */

static void put_value(enum ts_measure measure, double value, char ret[TEXT])
{
	switch (measure) {
	case TS_MEASURE_TIME:
		ts_when_duration(value, ret, TEXT);
		return;
	case TS_MEASURE_COST:
		snprintf(ret, TEXT, "%s", ts_amount_money((int64_t)value).text);
		return;
	case TS_MEASURE_FAILURES:
		snprintf(ret, TEXT, "%s", ts_amount_share(value, 1).text);
		return;
	default:
		snprintf(ret, TEXT, "%g", value);
	}
}

/* With its sign; of shares in points of a hundred. */
static void put_change(enum ts_measure measure, double value, char ret[TEXT])
{
	char text[TEXT];

	if (measure == TS_MEASURE_FAILURES)
		snprintf(text, TEXT, "%.*f points", fabs(value) < 0.0995 ? 1 : 0,
			 100 * fabs(value));
	else
		put_value(measure, fabs(value), text);
	snprintf(ret, TEXT, "%s%.40s", value < 0 ? "-" : "+", text);
}

static void put_p(double p, char ret[TEXT])
{
	if (p < 0.0001)
		strcpy(ret, "p < 0.0001");
	else
		snprintf(ret, TEXT, "p = %.4f", p);
}

/* --- claims --------------------------------------------------------------------------------- */

/* What a claim is called; those that are worse, then those that are better. */
static const char *const headings[2][TS_MEASURES] = {
	{"slower", "dearer", "fails more", "called more often"},
	{"quicker", "cheaper", "fails less", "called less often"},
};

/* Medians may be equal where sets are not; then the test itself tells which way it goes. */
static bool is_better(const struct ts_difference *it)
{
	return it->shift.shift < 0 ||
	       (it->shift.shift == 0 && it->sides[1].value < it->sides[0].value);
}

static void print_name(const struct ts_difference *it)
{
	const char *ellipsis = ts_terminal()->ellipsis;
	char name[512];

	snprintf(name, sizeof(name), "%s%s%s", it->pipeline, *it->span_name ? " > " : "",
		 it->span_name);
	fputs("  ", stdout);
	ts_display_put_padded(stdout, name, NAME_COLUMNS, ellipsis);
}

static void print_claim(const struct ts_difference *it)
{
	char before[TEXT], after[TEXT], change[TEXT], low[TEXT], high[TEXT], p[TEXT];

	put_value(it->measure, it->sides[0].value, before);
	put_value(it->measure, it->sides[1].value, after);
	put_change(it->measure, it->shift.shift, change);
	put_change(it->measure, it->shift.low, low);
	put_change(it->measure, it->shift.high, high);
	put_p(it->p_corrected, p);
	print_name(it);
	printf("  %s -> %s%s", before, after, it->measure == TS_MEASURE_CALLS ? " a trace" : "");
	if (it->measure != TS_MEASURE_CALLS)
		printf(", %s%s%s", ts_style(is_better(it) ? TS_STYLE_GOOD : TS_STYLE_BAD), change,
		       ts_style(TS_STYLE_PLAIN));
	printf("\n%*s%s%s", NAME_COLUMNS + 4, "", ts_style(TS_STYLE_DIM), p);
	if (isfinite(it->shift.low) && it->measure != TS_MEASURE_CALLS)
		printf(", 95 %% in %s to %s", low, high);
	printf("%s\n", ts_style(TS_STYLE_PLAIN));
	if (!isfinite(it->sides[0].q1))
		return;
	put_value(it->measure, it->sides[0].q1, before);
	put_value(it->measure, it->sides[0].q3, after);
	put_value(it->measure, it->sides[1].q1, low);
	put_value(it->measure, it->sides[1].q3, high);
	printf("%*s%smiddle half %s to %s -> %s to %s%s\n", NAME_COLUMNS + 4, "",
	       ts_style(TS_STYLE_DIM), before, after, low, high, ts_style(TS_STYLE_PLAIN));
}

static size_t print_claims(const struct ts_compare *compare, enum ts_measure measure, bool better)
{
	size_t n = 0;

	for (size_t i = 0; i < compare->n; i++) {
		const struct ts_difference *it = &compare->differences[i];

		if (!it->is_claimed || it->measure != measure || is_better(it) != better)
			continue;
		if (!n++)
			printf("\n%s%s%s\n", ts_style(TS_STYLE_BOLD), headings[better][measure],
			       ts_style(TS_STYLE_PLAIN));
		print_claim(it);
	}
	return n;
}

/* --- the rest ------------------------------------------------------------------------------- */

static void print_head(const struct ts_compared_sets *sets)
{
	for (int side = 0; side < 2; side++) {
		printf("%s%-7s%s %s trace%s, ", ts_style(TS_STYLE_DIM), side ? "after" : "before",
		       ts_style(TS_STYLE_PLAIN), ts_amount_count(sets->compare->traces[side]).text,
		       sets->compare->traces[side] == 1 ? "" : "s");
		ts_set_print(sets->filters[side], sets->now_us);
		putchar('\n');
	}
}

static void print_alone(const struct ts_compare *compare, int side)
{
	const char *pipeline, *span;
	uint64_t traces;
	size_t at = 0, n = 0;

	while (ts_compare_alone(compare, side, &at, &pipeline, &span, &traces)) {
		if (!n++)
			printf("\n%sonly %s%s\n", ts_style(TS_STYLE_BOLD),
			       side ? "after" : "before", ts_style(TS_STYLE_PLAIN));
		print_name(&(struct ts_difference){.pipeline = pipeline, .span_name = span});
		printf("  in %s trace%s\n", ts_amount_count(traces).text, traces == 1 ? "" : "s");
	}
}

static void print_verdict(const struct ts_compare *compare, size_t claims)
{
	size_t rest = compare->n - claims;

	putchar('\n');
	if (!compare->n) {
		puts("Nothing is in both of them.");
		return;
	}
	if (!claims)
		printf("No difference that is more than noise, in %zu figure%s compared.\n",
		       compare->n, compare->n == 1 ? "" : "s");
	else if (rest)
		printf("%zu more %s no difference that is more than noise.\n", rest,
		       rest == 1 ? "shows" : "show");
	if (!ts_compare_suffices(compare))
		puts("So few traces cannot tell any difference from noise.");
	fputs(ts_style(TS_STYLE_DIM), stdout);
	ts_display_wrap(
		stdout,
		"Times, costs and calls by Mann and Whitney's test, failures by Fisher's, all "
		"two-sided; p is corrected for the number of figures (Holm), and claims are "
		"made below 0.05. The change is Hodges and Lehmann's shift, of failures the "
		"difference of the shares.",
		"", ts_terminal()->columns);
	fputs(ts_style(TS_STYLE_PLAIN), stdout);
}

int ts_compare_print_sets(const struct ts_compared_sets *sets)
{
	size_t claims = 0;

	print_head(sets);
	for (int better = 0; better < 2; better++)
		for (int measure = 0; measure < TS_MEASURES; measure++)
			claims += print_claims(sets->compare, (enum ts_measure)measure, better);
	print_alone(sets->compare, 0);
	print_alone(sets->compare, 1);
	print_verdict(sets->compare, claims);
	return TS_EXIT_DONE;
}
