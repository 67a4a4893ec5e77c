// SPDX-License-Identifier: Apache-2.0
#include "pricelist.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "moment.h"
#include "scan.h"
#include "sha256.h"

#define RATE_DIGITS 6
#define MOST_RATE   1000000000000LL /* a million USD per million tokens */
#define MOST_ABOVE  1000000000000LL
#define SHOWN       40 /* bytes of what was found */

struct reader {
	struct ts_price_list *list;
	const char *name;
	const char *text;
	struct ts_scan scan;
	struct ts_error *err;
};

/* Reads what comes behind a key; 0 or a negative errno. */
typedef int read_fn(struct reader *reader, struct ts_text key, void *context);

static const char *const rate_names[TS_RATES] = {
	[TS_RATE_INPUT] = "input",
	[TS_RATE_OUTPUT] = "output",
	[TS_RATE_CACHE_READ] = "cache_read",
	[TS_RATE_CACHE_WRITE_5M] = "cache_write_5m",
	[TS_RATE_CACHE_WRITE_1H] = "cache_write_1h",
	[TS_RATE_REASONING] = "reasoning",
};

#define RATE_NAMES "input, output, cache_read, cache_write_5m, cache_write_1h, reasoning"

/* --- faults ------------------------------------------------------------------------------ */

static int fail_at(struct reader *reader, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail_at(struct reader *reader, const char *at, const char *format, ...)
{
	size_t line = 1, column = 1;
	char sentence[300];
	va_list args;

	for (const char *c = reader->text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return ts_error_set(reader->err, -EINVAL, "%s:%zu:%zu: %s", reader->name, line, column,
			    sentence);
}

static const char *next(struct reader *reader)
{
	struct ts_scan *scan = &reader->scan;

	while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4))
		scan->at++;
	return scan->at;
}

/* What stands at `at`, for a sentence. */
struct found {
	char text[SHOWN + 8];
};

static struct found found_at(const struct reader *reader, const char *at)
{
	size_t left = (size_t)(reader->scan.end - at), n = 1;
	const char *ends = left && *at == '"' ? "\"\n" : ",:]} \t\r\n";
	struct found found;

	if (!left) {
		strcpy(found.text, "the end");
		return found;
	}
	while (n < left && n < SHOWN && !memchr(ends, at[n], strlen(ends)))
		n++;
	n += *at == '"' && n < left && at[n] == '"';
	snprintf(found.text, sizeof(found.text), "'%.*s'", (int)n, at);
	return found;
}

static int expected(struct reader *reader, const char *what)
{
	const char *at = next(reader);

	return fail_at(reader, at, "expected %s, found %s", what, found_at(reader, at).text);
}

static int no_memory(struct reader *reader)
{
	return ts_error_set(reader->err, -ENOMEM, "no memory");
}

/* --- values ------------------------------------------------------------------------------ */

static bool take_char(struct reader *reader, char c)
{
	const char *at = next(reader);

	if (at == reader->scan.end || *at != c)
		return false;
	reader->scan.at++;
	return true;
}

static int read_text(struct reader *reader, const char *what, struct ts_text *ret)
{
	struct ts_scanned value;

	next(reader);
	if (reader->scan.at == reader->scan.end || *reader->scan.at != '"' ||
	    !ts_scan_value(&reader->scan, &value))
		return expected(reader, what);
	return ts_scan_unescape(&value, &reader->list->pool, ret) ? 0 : no_memory(reader);
}

static int each_member(struct reader *reader, read_fn *read, void *context)
{
	int result = 0;

	if (!take_char(reader, '{'))
		return expected(reader, "'{'");
	if (take_char(reader, '}'))
		return 0;
	do {
		const char *at = next(reader);
		struct ts_text key;

		result = read_text(reader, "a key", &key);
		if (result == 0 && !take_char(reader, ':'))
			result = expected(reader, "':'");
		if (result == 0)
			result = read(reader, key, context);
		if (result == -ENOKEY)
			return fail_at(reader, at, "unknown key '%.*s'; %s",
				       (int)(key.bytes < SHOWN ? key.bytes : SHOWN), key.data,
				       reader->err->text);
	} while (result == 0 && take_char(reader, ','));
	if (result == 0 && !take_char(reader, '}'))
		result = expected(reader, "',' or '}'");
	return result;
}

static int each_item(struct reader *reader, read_fn *read, void *context)
{
	struct ts_text none = {"", 0};
	int result = 0;

	if (!take_char(reader, '['))
		return expected(reader, "'['");
	if (take_char(reader, ']'))
		return 0;
	do {
		result = read(reader, none, context);
	} while (result == 0 && take_char(reader, ','));
	if (result == 0 && !take_char(reader, ']'))
		result = expected(reader, "',' or ']'");
	return result;
}

/* The key is none of those that the sentence names; each_member says which it was. */
static int unknown_key(struct reader *reader, const char *known)
{
	return ts_error_set(reader->err, -ENOKEY, "there are %s", known);
}

static int read_number(struct reader *reader, int digits, int64_t most, const char *what,
		       int64_t *ret)
{
	const char *at = next(reader);
	struct ts_scanned value;

	if (!ts_scan_value(&reader->scan, &value) || value.type != TS_SCAN_NUMBER ||
	    !ts_scan_decimal(&value, digits, false, ret) || *ret < 0 || *ret > most) {
		reader->scan.at = at;
		return expected(reader, what);
	}
	return 0;
}

/* The first moment of a day, UTC. */
static int read_date(struct reader *reader, int64_t *ret)
{
	const char *at = next(reader);
	struct ts_text text;
	char moment[40];
	int result = read_text(reader, "a date", &text);

	if (result < 0)
		return result;
	snprintf(moment, sizeof(moment), "%.*sT00:00:00Z", 11, text.data);
	if (text.bytes == strlen("2026-01-31") && ts_moment_parse(moment, ret) == 0)
		return 0;
	return fail_at(reader, at, "expected a date such as \"2026-01-31\", found '%.*s'", SHOWN,
		       text.data);
}

/* Room for one more, zeroed; NULL: no memory. */
static void *push(struct reader *reader, void *array_of_pointer, size_t *n, size_t size)
{
	char **array = array_of_pointer, *more;

	if (!(*n & (*n - 1))) { /* a power of two is full */
		more = ts_pool_alloc(&reader->list->pool, (*n ? 2 * *n : 1) * size);
		if (!more)
			return NULL;
		if (*n)
			memcpy(more, *array, *n * size);
		*array = more;
	}
	return memset(*array + (*n)++ * size, 0, size);
}

/* --- rates ------------------------------------------------------------------------------- */

static void no_rates(struct ts_rates *rates)
{
	for (int i = 0; i < TS_RATES; i++)
		rates->pico_usd[i] = -1;
}

static bool has_any(const struct ts_rates *rates)
{
	for (int i = 0; i < TS_RATES; i++)
		if (rates->pico_usd[i] >= 0)
			return true;
	return false;
}

/* -ENOKEY, without a word: it is no rate. */
static int read_rate(struct reader *reader, struct ts_text key, struct ts_rates *rates)
{
	for (int i = 0; i < TS_RATES; i++)
		if (ts_scan_is(key, rate_names[i]))
			return read_number(reader, RATE_DIGITS, MOST_RATE,
					   "USD per million tokens, as 3 or 0.075",
					   &rates->pico_usd[i]);
	return -ENOKEY;
}

static int read_service_rate(struct reader *reader, struct ts_text key, void *context)
{
	int result = read_rate(reader, key, context);

	return result == -ENOKEY ? unknown_key(reader, RATE_NAMES) : result;
}

static int read_service(struct reader *reader, struct ts_text key, void *context)
{
	struct ts_price *price = context;
	struct ts_price_service *service =
		push(reader, &price->services, &price->n_services, sizeof(*service));

	if (!service)
		return no_memory(reader);
	service->name = key;
	no_rates(&service->rates);
	return each_member(reader, read_service_rate, &service->rates);
}

static int read_step_member(struct reader *reader, struct ts_text key, void *context)
{
	struct ts_price_step *step = context;
	int result;

	if (ts_scan_is(key, "input_tokens"))
		return read_number(reader, 0, MOST_ABOVE, "a number of tokens", &step->above);
	result = read_rate(reader, key, &step->rates);
	return result == -ENOKEY ? unknown_key(reader, "input_tokens, " RATE_NAMES) : result;
}

static int read_step(struct reader *reader, struct ts_text key, void *context)
{
	struct ts_price *price = context;
	const char *at = next(reader);
	struct ts_price_step *step = push(reader, &price->steps, &price->n_steps, sizeof(*step));
	int result;

	(void)key;
	if (!step)
		return no_memory(reader);
	no_rates(&step->rates);
	result = each_member(reader, read_step_member, step);
	if (result == 0 && step->above <= (price->n_steps > 1 ? step[-1].above : 0))
		return fail_at(reader, at,
			       "expected input_tokens, above which these rates hold, in rising "
			       "order");
	return result;
}

/* --- prices ------------------------------------------------------------------------------ */

static int read_alias(struct reader *reader, struct ts_text key, void *context)
{
	struct ts_price *price = context;
	struct ts_text *alias = push(reader, &price->aliases, &price->n_aliases, sizeof(*alias));

	(void)key;
	return alias ? read_text(reader, "a model's name", alias) : no_memory(reader);
}

static int read_price_member(struct reader *reader, struct ts_text key, void *context)
{
	struct ts_price *price = context;
	struct ts_text source;
	int result;

	if (ts_scan_is(key, "model"))
		return read_text(reader, "a model's name", &price->model);
	if (ts_scan_is(key, "aliases"))
		return each_item(reader, read_alias, price);
	if (ts_scan_is(key, "provider"))
		return read_text(reader, "a provider's name", &price->provider);
	if (ts_scan_is(key, "above"))
		return each_item(reader, read_step, price);
	if (ts_scan_is(key, "service_tiers"))
		return each_member(reader, read_service, price);
	if (ts_scan_is(key, "from"))
		return read_date(reader, &price->from_us);
	if (ts_scan_is(key, "to"))
		return read_date(reader, &price->to_us);
	if (ts_scan_is(key, "source"))
		return read_text(reader, "where the rates are from", &source);
	result = read_rate(reader, key, &price->rates);
	return result == -ENOKEY ? unknown_key(reader, "model, aliases, provider, " RATE_NAMES
						       ", above, service_tiers, from, to, source")
				 : result;
}

static int read_price(struct reader *reader, struct ts_text key, void *context)
{
	struct ts_price_list *list = context;
	const char *at = next(reader);
	struct ts_price *price = push(reader, &list->prices, &list->n, sizeof(*price));
	int result;

	(void)key;
	if (!price)
		return no_memory(reader);
	no_rates(&price->rates);
	price->from_us = INT64_MIN;
	price->to_us = INT64_MAX;
	result = each_member(reader, read_price_member, price);
	if (result < 0)
		return result;
	if (!price->model.bytes)
		return fail_at(reader, at, "this price names no model");
	if (!has_any(&price->rates))
		return fail_at(reader, at, "this price of '%s' has no rates", price->model.data);
	if (price->from_us >= price->to_us)
		return fail_at(reader, at, "this price of '%s' ends before it begins",
			       price->model.data);
	return 0;
}

static int read_top(struct reader *reader, struct ts_text key, void *context)
{
	struct ts_text note;

	if (ts_scan_is(key, "prices"))
		return each_item(reader, read_price, context);
	if (ts_scan_is(key, "note"))
		return read_text(reader, "a note", &note);
	return unknown_key(reader, "note, prices");
}

int ts_price_list_read(struct ts_price_list *ret, const char *name, struct ts_text text,
		       struct ts_error *err)
{
	struct ts_error unheard;
	struct reader reader = {
		.list = ret,
		.name = name,
		.text = text.data,
		.scan = {text.data, text.data + text.bytes},
		.err = err ? err : &unheard,
	};
	char hash[TS_SHA256_TEXT];
	int result;

	memset(ret, 0, sizeof(*ret));
	result = each_member(&reader, read_top, ret);
	if (result == 0 && next(&reader) != reader.scan.end)
		result = expected(&reader, "the end");
	if (result < 0) {
		ts_price_list_release(ret);
		return result;
	}
	ts_sha256(text.data, text.bytes, hash);
	memcpy(ret->hash, hash, TS_PRICE_HASH_BYTES - 1);
	return 0;
}

void ts_price_list_release(struct ts_price_list *list)
{
	ts_pool_release(&list->pool);
	memset(list, 0, sizeof(*list));
}
