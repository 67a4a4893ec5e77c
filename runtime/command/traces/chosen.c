// SPDX-License-Identifier: Apache-2.0
#include "chosen.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "../terminal/print.h"
#include "period.h"

static int take_min_ms(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	if (end != text && !*end && isfinite(*ret) && *ret >= 0)
		return 0;
	ts_say("--min-ms %s: a number of milliseconds, as 250 or 0.5", text);
	return -EINVAL;
}

int ts_chosen_filter(const struct ts_chosen *chosen, int64_t now_us, struct ts_query_filter *ret)
{
	int result = 0;

	ret->pipeline = chosen->pipeline;
	ret->user = chosen->user;
	ret->program = chosen->program;
	ret->failed = chosen->failed;
	if (chosen->min_ms)
		result = take_min_ms(chosen->min_ms, &ret->min_ms);
	if (result == 0 && chosen->since)
		result = ts_period_take(ret, "--since", chosen->since, now_us);
	if (result == 0 && chosen->until)
		result = ts_period_take(ret, "--until", chosen->until, now_us);
	return result == 0 ? ts_period_check(ret, now_us) : result;
}

int ts_chosen_limit(const char *text, long most, size_t *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > most) {
		ts_say("--limit %s: a number from 1 to %ld", text, most);
		return -EINVAL;
	}
	*ret = (size_t)n;
	return 0;
}
