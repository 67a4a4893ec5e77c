/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PRICE_H
#define TS_PRICE_H

/*
 * What calls of language models cost: the prices that are built in (prices.json), and those of a file of one's own before
 * them. Money is integers: billionths of a dollar, rounded once, from sums that are exact. For one thread of a process.
 */

#include <stdint.h>

#include "error.h"
#include "span.h"
#include "text.h"

struct ts_prices;
struct ts_usage;

/*
 * The prices of the file at `path`; "": only what is built in. 0; or a negative errno with its sentence, where the file
 * cannot be read or is wrong: then *ret is what is built in alone; NULL only for -ENOMEM.
 */
int ts_prices_open(struct ts_prices **ret, const char *path, struct ts_error *err);
void ts_prices_close(struct ts_prices *prices); /* NULL is fine */

enum ts_cost_status {
	TS_COST_NO_USAGE,    /* unknown: the answer tells of no tokens */
	TS_COST_UNPRICED,    /* unknown: nobody named a price */
	TS_COST_LOWER_BOUND, /* it cost more: some part of it has no price */
	TS_COST_ESTIMATED,   /* by the prices */
	TS_COST_PROVIDER,    /* as the provider tells it */
	TS_COST_FREE,
	TS_COST_STATUSES
};

/* "no_usage", "unpriced", ... */
const char *ts_cost_status_name(enum ts_cost_status status);

struct ts_cost { /* its texts live as long as the prices */
	enum ts_cost_status status;
	struct ts_maybe nano_usd;
	struct ts_maybe
		estimate_nano_usd; /* by the prices, where the provider tells another cost */
	struct ts_text price;      /* the model of the price that was used; empty: none was */
	const char *hash;          /* of the file that it stands in; NULL: none was used */
};

/* A call, as far as it is to be priced. */
struct ts_priced_call {
	const struct ts_usage *usage;
	struct ts_text requested_model; /* empty: unknown */
	const char *provider;           /* as its column says, be it only a rule's name; or NULL */
	int64_t at_us;                  /* when it began */
};

/* `prices` may be NULL: none. */
void ts_price_call(const struct ts_prices *prices, const struct ts_priced_call *call,
		   struct ts_cost *ret);

#endif
