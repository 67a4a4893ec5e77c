// SPDX-License-Identifier: Apache-2.0
#include "price.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "modelname.h"
#include "pricelist.h"
#include "prices.h"
#include "scan.h"
#include "usage/usage.h"

#define PICO_PER_NANO 1000

struct ts_prices {
	struct ts_price_list own;
	struct ts_pool pool; /* the file's text */
};

/* Read when first needed, and kept: whoever traces a program that asks no model needs none. */
static struct ts_price_list built_in;

static const struct ts_price_list *get_built_in(void)
{
	struct ts_text text = {prices_json, sizeof(prices_json) - 1};

	if (!built_in.n)
		ts_price_list_read(&built_in, "prices.json", text, NULL);
	return &built_in;
}

/* --- files ------------------------------------------------------------------------------- */

static int fail(const char *path, int error, struct ts_error *err)
{
	return ts_error_set(err, -error, "%s: %s", path,
			    error == EFBIG     ? "it is larger than 1 MB"
			    : error == EBADMSG ? "it is not a regular file"
					       : strerrordesc_np(error));
}

static int read_text(struct ts_prices *prices, int fd, struct ts_text *ret)
{
	struct stat status;
	ssize_t n;
	char *text;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	if (status.st_size > TS_PRICE_FILE_BYTES)
		return -EFBIG;
	text = ts_pool_alloc(&prices->pool, (size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	n = ts_file_read(fd, text, (size_t)status.st_size, 0);
	*ret = (struct ts_text){text, n < 0 ? 0 : (size_t)n};
	return n < 0 ? (int)n : 0;
}

static int read_file(struct ts_prices *prices, const char *path, struct ts_error *err)
{
	/* O_NONBLOCK: a named pipe must hold nobody up */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), result;
	struct ts_text text;

	if (fd < 0)
		return fail(path, errno, err);
	result = read_text(prices, fd, &text);
	close(fd);
	if (result < 0)
		return fail(path, -result, err);
	return ts_price_list_read(&prices->own, path, text, err);
}

int ts_prices_open(struct ts_prices **ret, const char *path, struct ts_error *err)
{
	struct ts_prices *prices = calloc(1, sizeof(*prices));

	*ret = prices;
	if (!prices)
		return ts_error_set(err, -ENOMEM, "no memory");
	return *path ? read_file(prices, path, err) : 0;
}

void ts_prices_close(struct ts_prices *prices)
{
	if (!prices)
		return;
	ts_price_list_release(&prices->own);
	ts_pool_release(&prices->pool);
	free(prices);
}

/* --- which price ------------------------------------------------------------------------- */

/* How well a price's names fit a model's: more is better, 0 not at all. A name without '*' fits best. */
static size_t fit(const struct ts_price *price, struct ts_text name)
{
	size_t best = 0;

	for (size_t i = 0; i <= price->n_aliases; i++) {
		struct ts_text own = i ? price->aliases[i - 1] : price->model;
		bool star = memchr(own.data, '*', own.bytes) != NULL;
		size_t literal = star ? own.bytes : SIZE_MAX;

		if (literal > best && ts_scan_like(name, own.data))
			best = literal;
	}
	return best;
}

/* Is the price for such a call? One that names a provider is for that one's, and for others' only where `any`. */
static bool is_for(const struct ts_price *price, const struct ts_priced_call *call, bool any)
{
	if (call->at_us < price->from_us || call->at_us >= price->to_us)
		return false;
	return any || !price->provider.bytes ||
	       (call->provider && ts_scan_is(price->provider, call->provider));
}

/* Of one name: the price that bears it exactly, or the pattern that says most; of equals one that names a provider, the first. */
static const struct ts_price *find_name(const struct ts_price_list *list,
					const struct ts_priced_call *call, struct ts_text name,
					bool exact, bool any)
{
	const struct ts_price *best = NULL;
	size_t best_fit = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct ts_price *price = &list->prices[i];
		size_t how = is_for(price, call, any) ? fit(price, name) : 0;

		if (!how || (how == SIZE_MAX) != exact || how < best_fit ||
		    (how == best_fit && (best->provider.bytes || !price->provider.bytes)))
			continue;
		best = price;
		best_fit = how;
	}
	return best;
}

static const struct ts_price *find_in(const struct ts_price_list *list,
				      const struct ts_priced_call *call, bool any)
{
	const struct ts_text models[] = {call->usage->model, call->requested_model};
	const struct ts_price *price = NULL;

	for (size_t m = 0; m < sizeof(models) / sizeof(models[0]) && !price; m++) {
		struct ts_model_names names;

		ts_model_names(models[m], &names);
		for (size_t n = 0; n < 2 * names.n && !price; n++)
			price = find_name(list, call, names.names[n % names.n], n < names.n, any);
	}
	return price;
}

/* --- what it costs ----------------------------------------------------------------------- */

/* Exact: tokens and rates below 10^12 each, and few of them. */
struct sum {
	__int128 pico_usd;
	bool more; /* some part has no rate */
};

static void add(struct sum *sum, int64_t tokens, const struct ts_rates *rates, enum ts_rate rate)
{
	if (tokens <= 0)
		return;
	if (rates->pico_usd[rate] < 0)
		sum->more = true;
	else
		sum->pico_usd += (__int128)tokens * rates->pico_usd[rate];
}

/* Services that cost what the list says; of others only where it names them. */
static bool is_usual(struct ts_text service)
{
	static const char *const usual[] = {"default", "standard", "auto", "on_demand"};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (ts_scan_like(service, usual[i]))
			return true;
	return !service.bytes;
}

/* NULL: the price does not tell what such a call costs. */
static const struct ts_rates *choose_rates(const struct ts_price *price,
					   const struct ts_usage *usage)
{
	const struct ts_rates *rates = &price->rates;

	for (size_t i = 0; i < price->n_steps; i++)
		if (usage->input.known && usage->input.value > price->steps[i].above)
			rates = &price->steps[i].rates;
	if (is_usual(usage->service_tier))
		return rates;
	for (size_t i = 0; i < price->n_services && rates == &price->rates; i++)
		if (ts_scan_like(usage->service_tier, price->services[i].name.data))
			return &price->services[i].rates;
	return NULL;
}

static void add_input(struct sum *sum, const struct ts_usage *usage, const struct ts_rates *rates)
{
	int64_t read = usage->cache_read.value, write = usage->cache_write.value;
	int64_t hour = usage->cache_write_1h.value;

	if (!usage->input.known) {
		sum->more = true;
		return;
	}
	add(sum, usage->input.value - read - write, rates, TS_RATE_INPUT);
	add(sum, read, rates, TS_RATE_CACHE_READ);
	/* what nobody says how long it stays, stays five minutes */
	add(sum, write - hour, rates, TS_RATE_CACHE_WRITE_5M);
	add(sum, hour, rates, TS_RATE_CACHE_WRITE_1H);
}

static void add_output(struct sum *sum, const struct ts_usage *usage, const struct ts_rates *rates)
{
	int64_t reasoning = 0;

	if (!usage->output.known) {
		sum->more = true;
		return;
	}
	if (rates->pico_usd[TS_RATE_REASONING] >= 0)
		reasoning = usage->reasoning.value;
	add(sum, usage->output.value - reasoning, rates, TS_RATE_OUTPUT);
	add(sum, reasoning, rates, TS_RATE_REASONING);
}

static void estimate(const struct ts_price_list *list, const struct ts_price *price,
		     const struct ts_usage *usage, struct ts_cost *ret)
{
	const struct ts_rates *rates = choose_rates(price, usage);
	struct sum sum = {.more = usage->more};
	__int128 nano;

	ret->status = TS_COST_UNPRICED;
	if (!rates)
		return;
	add_input(&sum, usage, rates);
	add_output(&sum, usage, rates);
	nano = (sum.pico_usd + PICO_PER_NANO / 2) / PICO_PER_NANO;
	/* nothing is known of it but that there was something */
	if (nano > INT64_MAX || (nano == 0 && sum.more))
		return;
	ret->nano_usd = (struct ts_maybe){true, (int64_t)nano};
	ret->status = sum.more ? TS_COST_LOWER_BOUND : TS_COST_ESTIMATED;
	ret->price = price->model;
	ret->hash = list->hash;
}

static bool is_free(const struct ts_usage *usage)
{
	struct ts_model_names names;

	ts_model_names(usage->model, &names);
	return usage->local || names.free;
}

/* One's own prices before what is built in, those for the provider before those for others. */
static void estimate_call(const struct ts_prices *prices, const struct ts_priced_call *call,
			  struct ts_cost *ret)
{
	const struct ts_price_list *lists[] = {&prices->own, get_built_in()};
	const struct ts_price *price;

	for (int i = 0; i < 4; i++) {
		price = find_in(lists[i % 2], call, i / 2 > 0);
		if (price) {
			estimate(lists[i % 2], price, call->usage, ret);
			return;
		}
		if (i == 0 && is_free(call->usage)) {
			ret->status = TS_COST_FREE;
			ret->nano_usd = (struct ts_maybe){true, 0};
			return;
		}
	}
	ret->status = TS_COST_UNPRICED;
}

void ts_price_call(const struct ts_prices *prices, const struct ts_priced_call *call,
		   struct ts_cost *ret)
{
	const struct ts_usage *usage = call->usage;
	bool counted = usage->input.known || usage->output.known;

	*ret = (struct ts_cost){.status = TS_COST_NO_USAGE};
	if (counted && prices)
		estimate_call(prices, call, ret);
	else if (counted)
		ret->status = TS_COST_UNPRICED;
	if (!usage->cost_nano_usd.known)
		return;
	if (ret->nano_usd.known && ret->nano_usd.value != usage->cost_nano_usd.value &&
	    ret->status == TS_COST_ESTIMATED)
		ret->estimate_nano_usd = ret->nano_usd;
	if (!ret->estimate_nano_usd.known) {
		ret->price.bytes = 0;
		ret->hash = NULL;
	}
	ret->nano_usd = usage->cost_nano_usd;
	ret->status = TS_COST_PROVIDER;
}

const char *ts_cost_status_name(enum ts_cost_status status)
{
	static const char *const names[TS_COST_STATUSES] = {
		[TS_COST_NO_USAGE] = "no_usage",       [TS_COST_UNPRICED] = "unpriced",
		[TS_COST_LOWER_BOUND] = "lower_bound", [TS_COST_ESTIMATED] = "estimated",
		[TS_COST_PROVIDER] = "provider",       [TS_COST_FREE] = "free",
	};

	return names[status];
}
