// SPDX-License-Identifier: Apache-2.0
#include "set.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../terminal/display.h"
#include "../terminal/guess.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "../traces/period.h"

#define ATTRIBUTES "attributes."
#define LONGEST    250 /* of a value of an attribute */

static int take_moment(const char *option, const char *text, int64_t now_us, int64_t *ret_us)
{
	if (ts_when_parse(text, now_us, ret_us) == 0)
		return 0;
	ts_say("%s: %s is neither a time ago (10m, 2h, 3d), a date (2026-11-20) nor a date-time",
	       option, text);
	return -EINVAL;
}

static int take_period(struct ts_query_filter *filter, const char *option, char *text, char *dots,
		       int64_t now_us)
{
	*dots = '\0';
	filter->has_since |= *text != '\0';
	filter->has_until |= dots[2] != '\0';
	if (*text && take_moment(option, text, now_us, &filter->since_us) < 0)
		return -EINVAL;
	if (dots[2] && take_moment(option, dots + 2, now_us, &filter->until_us) < 0)
		return -EINVAL;
	return ts_period_check(filter, now_us);
}

/* A day is not always 24 hours long. */
static int take_day(struct ts_query_filter *filter, const char *text, int64_t now_us)
{
	struct tm tm = {.tm_isdst = -1};
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (!end || *end || ts_when_parse(text, now_us, &filter->since_us) < 0)
		return -EINVAL;
	tm.tm_mday++;
	filter->until_us = (int64_t)mktime(&tm) * 1000000;
	filter->has_since = filter->has_until = true;
	return 0;
}

static int take_attribute(struct ts_query_filter *filter, const char *option, const char *key,
			  const char *value)
{
	const char *at = key;

	while (isalnum((unsigned char)*at) || *at == '_' || *at == '-')
		at++;
	if (*at || !*key || isdigit((unsigned char)*key) || strlen(value) > LONGEST ||
	    filter->attribute) {
		ts_say("%s: one attribute can be named, by letters, digits, _ and -, and a value "
		       "of "
		       "at most %d bytes",
		       option, LONGEST);
		return -EINVAL;
	}
	filter->attribute = key;
	filter->value = value;
	return 0;
}

static int take_pair(struct ts_query_filter *filter, const char *option, const char *key,
		     const char *value)
{
	static const char *const keys[] = {"program", "pipeline", "user"};
	const char **const members[] = {&filter->program, &filter->pipeline, &filter->user};
	const char *guess = ts_guess(key, keys, 3);

	for (size_t i = 0; i < 3; i++)
		if (!strcmp(key, keys[i])) {
			*members[i] = value;
			return 0;
		}
	if (!strncmp(key, ATTRIBUTES, strlen(ATTRIBUTES)))
		return take_attribute(filter, option, key + strlen(ATTRIBUTES), value);
	ts_say("%s: %s= is none of program=, pipeline=, user= and attributes.KEY=%s%s%s", option,
	       key, guess ? " (did you mean " : "", guess ? guess : "", guess ? "=?)" : "");
	return -EINVAL;
}

int ts_set_take(struct ts_query_filter *filter, const char *option, char *condition, int64_t now_us)
{
	char *equals = strchr(condition, '='), *dots = strstr(condition, "..");

	if (equals && (!dots || equals < dots)) {
		*equals = '\0';
		return take_pair(filter, option, condition, equals + 1);
	}
	if (dots)
		return take_period(filter, option, condition, dots, now_us);
	if (take_day(filter, condition, now_us) == 0)
		return 0;
	ts_say("%s %s: a period is SINCE..UNTIL, as in 2026-11-01..2026-11-02, 2d..1d or 1h.., or "
	       "a "
	       "date",
	       option, condition);
	return -EINVAL;
}

static void print_condition(const char *name, const char *value)
{
	if (!value)
		return;
	printf(", %s ", name);
	ts_display_put(stdout, value, 24, ts_terminal()->ellipsis);
}

void ts_set_print(const struct ts_query_filter *filter, int64_t now_us)
{
	char since[64], until[64];

	ts_when_short(filter->since_us, now_us, since, sizeof(since));
	ts_when_short(filter->until_us, now_us, until, sizeof(until));
	printf("%s to %s", filter->has_since ? since : "the beginning",
	       filter->has_until ? until : "now");
	print_condition("pipeline", filter->pipeline);
	print_condition("user", filter->user);
	print_condition("program", filter->program);
	print_condition(filter->attribute ? filter->attribute : "", filter->value);
}
