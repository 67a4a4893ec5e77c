// SPDX-License-Identifier: Apache-2.0
/* traceshim reprice: what is stored cost, by other prices. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "../../pool.h"
#include "../../price.h"
#include "../../query/query.h"
#include "../../usage/note.h"
#include "../command.h"
#include "../module.h"
#include "../options.h"
#include "../program/ask.h"
#include "../program/config.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "../traces/stored.h"
#include "repriced.h"

#define PAGE       1000 /* calls a transaction */
#define LOCK_TRIES 60

static const char help[] =
	"usage: traceshim reprice [--since WHEN] [--prices FILE] [--dry-run] [--json]\n\n"
	"Works out anew what calls of language models cost that are stored in SQLite or\n"
	"PostgreSQL, by the prices that a program started here would have: those of FILE,\n"
	"TRACESHIM_PRICES or symbols.conf, and behind them the ones built in. Changes the\n"
	"cost and attributes of spans, 1,000 a transaction. What a provider told it costs\n"
	"stays as it is.\n\n"
	"  --since WHEN   of traces started within the last 10m, 2h, 3d, or since a date\n"
	"                 or a date-time (2026-11-20, 2026-11-20T23:07:31Z)\n"
	"  --prices FILE  the price file to use; symbols.conf(5) tells its format\n"
	"  --dry-run      change nothing, only count\n"
	"  --json         one object instead of text\n"
	"  -h, --help     this text\n\n"
	"exit status: 0 done, 1 failed, 2 wrong usage\n\n"
	"example: traceshim reprice --since 30d --prices ours.json --dry-run\n";

enum { SINCE = TS_OPTION_LONG, PRICES, DRY_RUN, JSON };

struct options {
	int64_t since_us;
	const char *prices;
	bool dry_run;
	bool json;
	bool help;
};

/* --- what was asked ---------------------------------------------------------------------- */

static int take_since(const char *text, int64_t *ret_us)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	if (!ts_when_parse(text, now.tv_sec * 1000000LL + now.tv_usec, ret_us))
		return 0;
	ts_say("--since %s: neither a time ago (10m, 2h, 3d), a date (2026-11-20) nor a date-time",
	       text);
	return -EINVAL;
}

static int take_options(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {{"since", required_argument, NULL, SINCE},
					      {"prices", required_argument, NULL, PRICES},
					      {"dry-run", no_argument, NULL, DRY_RUN},
					      {"json", no_argument, NULL, JSON},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	const struct ts_options known = {.command = "reprice", .shorts = ":h", .longs = longs};
	int option;

	while ((option = ts_options_next(&known, argc, argv)) != -1) {
		if (option == '?' || (option == SINCE && take_since(optarg, &options->since_us)))
			return -EINVAL;
		if (option == PRICES)
			options->prices = optarg;
		options->dry_run |= option == DRY_RUN;
		options->json |= option == JSON;
		options->help |= option == 'h';
	}
	if (optind < argc) {
		ts_say("reprice takes options only, not %s; see traceshim help reprice",
		       argv[optind]);
		return -EINVAL;
	}
	return 0;
}

/* --- prices ------------------------------------------------------------------------------ */

/* The price file of symbols.conf, as the shim reads that; "" where there is none. From malloc; NULL once it is told why. */
static char *find_prices(void)
{
	struct ts_rules rules;
	char conf[PATH_MAX], *path = NULL;

	if (ts_config_find(conf) < 0)
		return strdup("");
	if (ts_ask_nobody(NULL, &rules) < 0)
		return NULL;
	for (size_t i = 0; i < rules.n_settings; i++)
		if (strcmp(rules.settings[i].key, "prices") == 0)
			path = strdup(rules.settings[i].value);
	ts_rules_release(&rules);
	return path;
}

static int open_prices(struct ts_prices **ret, const struct options *options)
{
	const char *variable = getenv("TRACESHIM_PRICES");
	struct ts_error err = {.text = ""};
	char *path;
	int result;

	if (options->prices)
		path = strdup(options->prices);
	else if (variable && *variable)
		path = strdup(variable);
	else
		path = find_prices();
	if (!path)
		return -EINVAL;
	result = ts_prices_open(ret, path, &err);
	free(path);
	if (result < 0)
		ts_say("%s", err.text);
	return result;
}

/* --- the store --------------------------------------------------------------------------- */

struct work {
	const struct options *options;
	struct ts_prices *prices;
	struct ts_query *query;
	char *url;
	const struct ts_store *store;
	struct ts_store_handle *handle;
	struct ts_repriced done;
};

static int find_store(struct work *work)
{
	struct ts_error err = {.text = ""};

	work->url = ts_store_default_url(&err);
	work->store = work->url ? ts_store_find(work->url, ts_module_symbol, &err) : NULL;
	if (work->store && work->store->amend)
		return 0;
	if (work->store)
		ts_error_set(&err, -ENOTSUP,
			     "what a %s store holds is never changed; reprice is for SQLite and "
			     "PostgreSQL",
			     work->store->scheme);
	ts_say("%s", err.text);
	return -ENOTSUP;
}

/* To read, and then, unless nothing is to change, to write. -ENOENT: nothing was ever stored. */
static int open_store(struct work *work)
{
	struct ts_error err = {.text = ""};
	int result = ts_stored_open(&work->query);

	if (result < 0 || work->options->dry_run)
		return result;
	result = -EAGAIN;
	for (int i = 0; result == -EAGAIN && i < LOCK_TRIES; i++)
		result = work->store->open(&work->handle, work->url, NULL, &err);
	if (result < 0)
		ts_say("%s", err.text);
	return result == -ENOENT ? -EINVAL : result;
}

/* How many of the spans were there still, or a negative errno once the reason is printed. */
static int write_down(struct work *work, const struct ts_span *spans, size_t n)
{
	struct ts_error err = {.text = ""};
	int result = -EAGAIN;

	if (work->options->dry_run || !n)
		return (int)n;
	for (int i = 0; result == -EAGAIN && i < LOCK_TRIES; i++)
		result = work->store->amend(work->handle, spans, n, &err);
	if (result < 0)
		ts_say("%s", err.text);
	return result;
}

/* Prices the spans of a page, and gathers those that changed at its beginning. */
static size_t price(struct work *work, struct ts_pool *pool, struct ts_span *spans, size_t n)
{
	size_t n_changed = 0;

	for (size_t i = 0; i < n; i++) {
		struct ts_span before = spans[i];
		bool changed = ts_usage_reprice(work->prices, pool, &spans[i]);

		ts_repriced_add(&work->done, &before, &spans[i]);
		if (changed)
			spans[n_changed++] = spans[i];
	}
	return n_changed;
}

/* One page, behind *after, which is then its last call. 1: there may be more; 0; or a negative errno, told. */
static int turn_page(struct work *work, struct ts_span *after, bool first)
{
	struct ts_error err = {.text = ""};
	struct ts_pool pool = {0};
	struct ts_llm_page *page;
	struct ts_span *spans;
	size_t n;
	int result = ts_query_llm(work->query, work->options->since_us, first ? NULL : after, PAGE,
				  &page, &err);

	if (result < 0) {
		ts_say("%s", err.text);
		return result;
	}
	spans = ts_llm_page_spans(page, &n);
	if (n)
		*after = (struct ts_span){.trace_id = spans[n - 1].trace_id,
					  .span_id = spans[n - 1].span_id};
	result = write_down(work, spans, price(work, &pool, spans, n));
	work->done.changed += result > 0 ? result : 0;
	ts_pool_release(&pool);
	ts_llm_page_free(page);
	return result < 0 ? result : n == PAGE;
}

/* --- the command ------------------------------------------------------------------------- */

static int tell(const struct work *work)
{
	if (work->options->json)
		return ts_print_document(ts_document_repriced(&work->done, work->options->dry_run));
	ts_repriced_print(&work->done, work->options->dry_run);
	return TS_EXIT_DONE;
}

/* Also where it failed half-way: what was written is. */
static int reprice(struct work *work)
{
	struct ts_span after;
	bool first = true;
	int more, status;

	do {
		more = turn_page(work, &after, first);
		first = false;
	} while (more > 0);
	status = tell(work);
	if (more == 0 && !work->done.calls)
		ts_say("no call%s tells of its tokens, so there is nothing to price",
		       work->options->since_us ? " of that period" : "");
	return more < 0 ? TS_EXIT_FAILED : status;
}

static int run_with(struct work *work)
{
	int result = open_prices(&work->prices, work->options);

	if (result == 0)
		result = find_store(work);
	if (result < 0)
		return TS_EXIT_FAILED;
	result = open_store(work);
	if (result == -ENOENT) {
		ts_stored_say_nothing("traces");
		return tell(work);
	}
	return result < 0 ? TS_EXIT_FAILED : reprice(work);
}

static int run(int argc, char **argv)
{
	struct options options = {.since_us = 0};
	struct work work = {.options = &options};
	int status;

	if (take_options(&options, argc, argv) < 0)
		return TS_EXIT_USAGE;
	if (options.help) {
		ts_command_help(&ts_command_reprice);
		return TS_EXIT_DONE;
	}
	status = run_with(&work);
	ts_query_free(work.query);
	if (work.handle)
		work.store->close(work.handle);
	ts_prices_close(work.prices);
	free(work.url);
	return status;
}

const struct ts_command ts_command_reprice = {
	.name = "reprice",
	.summary = "work out anew what stored calls of language models cost",
	.help = help,
	.reads = true,
	.run = run,
};
