/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PRICELIST_H
#define TS_PRICELIST_H

/*
 * A price file, read. Its format is told in symbols.conf(5), and by runtime/prices.json. Rates are USD per million tokens
 * there, with up to six decimals, and so integers here: millionths of millionths of a dollar a token.
 */

#include <stdint.h>

#include "error.h"
#include "pool.h"
#include "text.h"

#define TS_PRICE_FILE_BYTES (1 << 20)
#define TS_PRICE_HASH_BYTES \
	17 /* the first digits of the file's SHA-256 are enough to tell it from others */

enum ts_rate {
	TS_RATE_INPUT,
	TS_RATE_OUTPUT,
	TS_RATE_CACHE_READ,
	TS_RATE_CACHE_WRITE_5M,
	TS_RATE_CACHE_WRITE_1H,
	TS_RATE_REASONING, /* of output, where it has a rate of its own */
	TS_RATES
};

struct ts_rates {
	int64_t pico_usd[TS_RATES]; /* a token; -1: not known */
};

struct ts_price_step { /* rates for all tokens of a call with more input */
	int64_t above; /* tokens */
	struct ts_rates rates;
};

struct ts_price_service {
	struct ts_text name;
	struct ts_rates rates;
};

struct ts_price {
	struct ts_text model; /* '*': any characters */
	struct ts_text *aliases;
	size_t n_aliases;
	struct ts_text provider; /* empty: whoever */
	struct ts_rates rates;
	struct ts_price_step *steps; /* in rising order */
	size_t n_steps;
	struct ts_price_service *services;
	size_t n_services;
	int64_t from_us; /* in force from then on, INT64_MIN where it always was; */
	int64_t to_us;   /* ... and before then */
};

struct ts_price_list { /* zeroed: empty */
	struct ts_price *prices;
	size_t n;
	char hash[TS_PRICE_HASH_BYTES];
	struct ts_pool pool;
};

/*
 * Reads `text`, which outlives the list; `name` is what a sentence calls it: "NAME:LINE:COLUMN: what is wrong". 0; -EINVAL
 * with the sentence, and an empty list; or -ENOMEM.
 */
int ts_price_list_read(struct ts_price_list *ret, const char *name, struct ts_text text,
		       struct ts_error *err);
void ts_price_list_release(struct ts_price_list *list);

#endif
