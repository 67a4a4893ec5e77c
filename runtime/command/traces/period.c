// SPDX-License-Identifier: Apache-2.0
#include "period.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "../terminal/guess.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "stored.h"

#define DAY_US 86400000000LL

int64_t ts_now_us(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return now.tv_sec * 1000000LL + now.tv_usec;
}

int ts_period_take(struct ts_query_filter *filter, const char *option, const char *text,
		   int64_t now_us)
{
	bool since = !strcmp(option, "--since");

	if (ts_when_parse(text, now_us, since ? &filter->since_us : &filter->until_us) < 0) {
		ts_say("%s %s: neither a time ago (10m, 2h, 3d), a date (2026-11-20) nor a "
		       "date-time (2026-11-20T23:07:31Z)",
		       option, text);
		return -EINVAL;
	}
	filter->has_since |= since;
	filter->has_until |= !since;
	return 0;
}

int ts_period_check(const struct ts_query_filter *filter, int64_t now_us)
{
	char since[64], until[64];

	ts_when_long(filter->since_us, since, sizeof(since));
	ts_when_long(filter->until_us, until, sizeof(until));
	if (filter->has_since && filter->has_until && filter->until_us <= filter->since_us)
		ts_say("the period ends (%s) before it begins (%s)", until, since);
	else if (filter->has_since && filter->since_us > now_us)
		ts_say("the period begins in the future (%s)", since);
	else
		return 0;
	return -EINVAL;
}

int ts_period_recent(struct ts_query_filter *filter, const char *since, const char *until,
		     int64_t now_us)
{
	if ((since && ts_period_take(filter, "--since", since, now_us) < 0) ||
	    (until && ts_period_take(filter, "--until", until, now_us) < 0))
		return -EINVAL;
	if (!filter->has_since) {
		filter->has_since = true;
		filter->since_us = (filter->has_until ? filter->until_us : now_us) - DAY_US;
	}
	return ts_period_check(filter, now_us);
}

/* Of all pipelines the one of that name, or the one that was meant; NULL: there is none. */
static const char *find_pipeline(const char *name, const char *const *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i], name))
			return all[i];
	return ts_guess(name, all, n);
}

/* False: it was not the pipeline's name. */
static bool say_pipeline(struct ts_query *query, const char *name)
{
	struct ts_names *names = NULL;
	struct ts_error err;
	const char *const *all;
	const char *meant;
	size_t n;

	if (ts_query_pipelines(query, &names, &err) < 0)
		return false;
	all = ts_names_all(names, &n);
	meant = find_pipeline(name, all, n);
	if (meant && strcmp(meant, name) != 0)
		ts_say("no pipeline is named %s (did you mean %s?)", name, meant);
	else if (!meant && n)
		ts_say("no pipeline is named %s", name);
	else
		n = 0;
	ts_names_free(names);
	return n > 0;
}

static void say_newest(int64_t started_us, int64_t now_us)
{
	int64_t hours = (now_us - started_us) / 3600000000LL + 1;
	char when[64], since[32];

	ts_when_short(started_us, now_us, when, sizeof(when));
	if (hours <= 48)
		snprintf(since, sizeof(since), "%lldh", (long long)hours);
	else
		snprintf(since, sizeof(since), "%lldd", (long long)(hours / 24 + 1));
	ts_say("no trace is of that period; the newest is of %s (--since %s)", when,
	       hours > 0 ? since : "1h");
}

/* 1: there is one, and when the newest started; 0: none; or a negative errno with the sentence printed. */
static int find_newest(struct ts_query *query, const struct ts_query_filter *filter,
		       int64_t *ret_started_us)
{
	struct ts_listing *listing;
	struct ts_error err;
	int result = ts_query_list(query, filter, &listing, &err);

	if (result < 0) {
		ts_say("%s", err.text);
		return result;
	}
	result = ts_listing_count(listing) > 0;
	if (result)
		*ret_started_us = ts_listing_at(listing, 0)->trace.started_us;
	ts_listing_free(listing);
	return result;
}

bool ts_period_say_none(struct ts_query *query, const struct ts_query_filter *filter,
			int64_t now_us)
{
	const struct ts_query_filter any = {.limit = 1};
	struct ts_query_filter wider = *filter;
	int64_t newest_us;
	int found;

	if (filter->pipeline && say_pipeline(query, filter->pipeline))
		return true;
	wider.has_since = wider.has_until = false;
	wider.limit = 1;
	found = find_newest(query, &wider, &newest_us);
	if (found > 0 && (filter->has_since || filter->has_until)) {
		say_newest(newest_us, now_us);
		return false;
	}
	found = found < 0 ? found : find_newest(query, &any, &newest_us);
	if (found > 0)
		ts_say("no trace is like that");
	else if (found == 0)
		ts_stored_say_nothing("traces");
	return false;
}
