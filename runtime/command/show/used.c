// SPDX-License-Identifier: Apache-2.0
#include "used.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../pool.h"
#include "../../usage/attributes.h"
#include "../terminal/amount.h"
#include "../terminal/print.h"

struct text {
	char *to;
	size_t bytes;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	size_t room = TS_USED_TEXT - text->bytes;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->to + text->bytes, room, format, args);
	va_end(args);
	text->bytes += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static const char *at_least(void)
{
	return ts_terminal()->utf8 ? "≥" : ">=";
}

/* Of a store that was written to by others it may be anything. */
static struct ts_amount count_of(struct ts_maybe tokens)
{
	return ts_amount_count(tokens.value < 0 ? 0 : (uint64_t)tokens.value);
}

static void add_tokens(struct text *text, struct ts_maybe tokens, bool more, const char *unit)
{
	add(text, "%s%s %s", tokens.known && more ? at_least() : "",
	    tokens.known ? count_of(tokens).text : "?", unit);
}

static void add_part(struct text *text, const char *what, struct ts_maybe part)
{
	if (part.known && part.value)
		add(text, " (%s %s)", count_of(part).text, what);
}

/* What an unknown or known cost is worth. */
static const char *remark_on(int status)
{
	switch (status) {
	case TS_COST_UNPRICED:
		return " (no price)";
	case TS_COST_PROVIDER:
		return " (told)";
	case TS_COST_FREE:
		return " (free)";
	default:
		return "";
	}
}

void ts_used_span(const struct ts_span *span, char ret[TS_USED_TEXT])
{
	struct text text = {.to = ret};
	int status = ts_usage_stored_status(span->attributes);
	struct ts_usage usage = {.api = NULL};
	struct ts_pool pool = {0};
	struct ts_text requested;

	*ret = 0;
	if (!span->input_tokens.known && !span->output_tokens.known && !span->cost_nano_usd.known &&
	    status < 0)
		return;
	ts_usage_stored(span, &pool, &usage, &requested);
	ts_pool_release(&pool);
	add(&text, "%s%s%s, ", status == TS_COST_LOWER_BOUND ? at_least() : "",
	    span->cost_nano_usd.known ? ts_amount_money(span->cost_nano_usd.value).text
				      : "cost unknown",
	    remark_on(status));
	add_tokens(&text, span->input_tokens, false, "tokens in");
	add_part(&text, "cached", usage.cache_read);
	add(&text, ", ");
	add_tokens(&text, span->output_tokens, false, "out");
	add_part(&text, "reasoning", usage.reasoning);
}

/* At least none is as much as is known of anything. */
static struct ts_maybe known_of(int64_t sum, bool more)
{
	return (struct ts_maybe){.known = sum || !more, .value = sum};
}

void ts_used_bill(const struct ts_bill *bill, char ret[TS_USED_TEXT])
{
	struct text text = {.to = ret};
	bool known = bill->unknown_costs < bill->calls;

	*ret = 0;
	if (!bill->calls)
		return;
	add(&text, "%s%s, ", known && bill->more_usd ? at_least() : "",
	    known ? ts_amount_money(bill->nano_usd).text : "cost unknown");
	add_tokens(&text, known_of(bill->input_tokens, bill->more_input), bill->more_input,
		   "tokens in, ");
	add_tokens(&text, known_of(bill->output_tokens, bill->more_output), bill->more_output,
		   "out; ");
	add(&text, "%zu call%s", bill->calls, bill->calls == 1 ? "" : "s");
	if (bill->unknown_costs)
		add(&text, ", %zu unknown", bill->unknown_costs);
}
