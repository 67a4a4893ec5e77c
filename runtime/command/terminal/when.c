// SPDX-License-Identifier: Apache-2.0
#include "when.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../moment.h"

#define SECOND 1000000LL

static int parse_ago(const char *text, int64_t *ret_us)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || n < 0 || n > 1000000000 || !end[0] || end[1])
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].unit == *end)
			return __builtin_mul_overflow(n, units[i].seconds * SECOND, ret_us)
				       ? -EINVAL
				       : 0;
	return -EINVAL;
}

/* mktime alone would take February 30 for March 2. */
static int local(struct tm tm, int64_t *ret_us)
{
	int month = tm.tm_mon;
	time_t seconds;

	tm.tm_isdst = -1;
	seconds = mktime(&tm);
	if (tm.tm_mon != month)
		return -EINVAL;
	*ret_us = (int64_t)seconds * SECOND;
	return 0;
}

int ts_when_parse(const char *text, int64_t now_us, int64_t *ret_us)
{
	static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
					      "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"};
	int64_t ago;

	if (!parse_ago(text, &ago)) {
		*ret_us = now_us - ago;
		return 0;
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, formats[i], &tm);

		if (end && !*end)
			return local(tm, ret_us);
	}
	return ts_moment_parse(text, ret_us);
}

void ts_when_short(int64_t us, int64_t now_us, char *ret, size_t bytes)
{
	time_t seconds = (time_t)(us / SECOND);
	time_t now = (time_t)(now_us / SECOND);
	struct tm then, today;
	const char *format = "%Y-%m-%d";

	localtime_r(&seconds, &then);
	localtime_r(&now, &today);
	if (then.tm_year == today.tm_year)
		format = then.tm_yday == today.tm_yday ? "%H:%M:%S" : "%m-%d %H:%M";
	strftime(ret, bytes, format, &then);
}

void ts_when_long(int64_t us, char *ret, size_t bytes)
{
	time_t seconds = (time_t)(us / SECOND);
	char zone[16];
	struct tm tm;
	size_t n;

	localtime_r(&seconds, &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	n = strftime(ret, bytes, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(ret + n, bytes - n, ".%03d %s", (int)(us % SECOND / 1000), zone);
}

/* Three significant digits of 0 <= value < 1000. */
static void three_digits(double value, const char *unit, char *ret, size_t bytes)
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(ret, bytes, "%.*f %s", decimals, value, unit);
}

void ts_when_duration(double ms, char *ret, size_t bytes)
{
	double seconds = ms / 1000;
	long long whole = seconds < 1e12 ? (long long)(seconds + 0.5) : 0;

	if (!isfinite(ms) || ms < 0)
		snprintf(ret, bytes, "?");
	else if (ms < 0.9995)
		three_digits(ms * 1000, "us", ret, bytes);
	else if (ms < 999.5)
		three_digits(ms, "ms", ret, bytes);
	else if (seconds < 59.95)
		three_digits(seconds, "s", ret, bytes);
	else if (whole < 3600)
		snprintf(ret, bytes, "%lld m %02lld s", whole / 60, whole % 60);
	else if (whole < 86400)
		snprintf(ret, bytes, "%lld h %02lld m", whole / 3600, whole / 60 % 60);
	else
		snprintf(ret, bytes, "%lld d %02lld h", whole / 86400, whole / 3600 % 24);
}
