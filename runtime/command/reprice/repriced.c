// SPDX-License-Identifier: Apache-2.0
#include "repriced.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../usage/attributes.h"
#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/print.h"

#define LABEL_COLUMNS 10

static void add(struct ts_repriced_sum *sum, const struct ts_span *span)
{
	sum->unknown += !span->cost_nano_usd.known;
	sum->more |= ts_usage_stored_status(span->attributes) == TS_COST_LOWER_BOUND;
	if (span->cost_nano_usd.known &&
	    __builtin_add_overflow(sum->nano_usd, span->cost_nano_usd.value, &sum->nano_usd))
		sum->more = true;
}

static void add_unpriced(struct ts_repriced *repriced, const char *model)
{
	size_t i = 0;

	while (i < repriced->n_unpriced && strcmp(repriced->unpriced[i].name, model) != 0)
		i++;
	if (i == TS_REPRICED_MODELS || strlen(model) >= sizeof(repriced->unpriced[i].name)) {
		repriced->more_unpriced = true;
		return;
	}
	if (i == repriced->n_unpriced) {
		repriced->n_unpriced++;
		strcpy(repriced->unpriced[i].name, model);
	}
	repriced->unpriced[i].calls++;
}

void ts_repriced_add(struct ts_repriced *repriced, const struct ts_span *before,
		     const struct ts_span *after)
{
	repriced->calls++;
	add(&repriced->before, before);
	add(&repriced->after, after);
	if (ts_usage_stored_status(after->attributes) == TS_COST_UNPRICED)
		add_unpriced(repriced, after->model ? after->model : "?");
}

static void print_sum(const char *label, const struct ts_repriced_sum *sum, int64_t calls)
{
	bool known = sum->unknown < calls || !calls;
	const char *least = ts_terminal()->utf8 ? "≥" : ">=";

	printf("%-*s %s%s", LABEL_COLUMNS, label, known && (sum->unknown || sum->more) ? least : "",
	       known ? ts_amount_money(sum->nano_usd).text : "cost unknown");
	if (sum->unknown)
		printf(", %s of unknown cost", ts_amount_count((uint64_t)sum->unknown).text);
	putchar('\n');
}

static void print_unpriced(const struct ts_repriced *repriced)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	for (size_t i = 0; i < repriced->n_unpriced; i++)
		fprintf(to, "%s%s (%s)", i ? ", " : "", repriced->unpriced[i].name,
			ts_amount_count((uint64_t)repriced->unpriced[i].calls).text);
	if (repriced->more_unpriced)
		fputs(repriced->n_unpriced ? " and others" : "others", to);
	if (!fclose(to) && *text) {
		printf("%-*s ", LABEL_COLUMNS, "no price");
		ts_display_wrap(stdout, text, "           ", ts_terminal()->columns);
	}
	free(text);
}

void ts_repriced_print(const struct ts_repriced *repriced, bool dry)
{
	printf("%-*s %s, %s %s\n", LABEL_COLUMNS, "calls",
	       ts_amount_count((uint64_t)repriced->calls).text,
	       ts_amount_count((uint64_t)repriced->changed).text, dry ? "would change" : "changed");
	print_sum("before", &repriced->before, repriced->calls);
	print_sum("now", &repriced->after, repriced->calls);
	print_unpriced(repriced);
}
