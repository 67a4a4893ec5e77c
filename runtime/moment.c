// SPDX-License-Identifier: Apache-2.0
#include "moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000
#define DAY    (86400LL * SECOND)

/*
 * Not gmtime_r: it takes a lock of libc that a child forked meanwhile would find taken for ever.
 * Days to date: https://howardhinnant.github.io/date_algorithms.html
 */
struct ts_moment_text ts_moment_format(int64_t us)
{
	int64_t kept = us < 0 ? 0 : us > TS_MOMENT_LAST_US ? TS_MOMENT_LAST_US : us;
	unsigned int day = kept / DAY + 719468, era = day / 146097;
	unsigned int doe = day % 146097;
	unsigned int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned int month = (5 * doy + 2) / 153; /* 0 is March */
	unsigned int second = kept % DAY / SECOND;
	struct ts_moment_text ret;

	snprintf(ret.text, sizeof(ret.text), "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
		 yoe + era * 400 + (month >= 10), month < 10 ? month + 3 : month - 9,
		 doy - (153 * month + 2) / 5 + 1, second / 3600, second / 60 % 60, second % 60,
		 (unsigned int)(kept % SECOND));
	return ret;
}

static const char *parse_fraction(const char *at, int64_t *ret_us)
{
	int64_t unit = SECOND / 10;

	*ret_us = 0;
	if (*at != '.')
		return at;
	for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
		*ret_us += (*at - '0') * unit;
	return at;
}

/* "Z", "+02:00", "+0200" or, as PostgreSQL has it, "+02". */
static int parse_zone(const char *at, int64_t *ret_seconds)
{
	int hours;
	int minutes = 0;
	int end = 0;

	*ret_seconds = 0;
	if (!strcmp(at, "Z") || !strcmp(at, "z"))
		return 0;
	if (*at != '+' && *at != '-')
		return -EINVAL;
	if (sscanf(at + 1, "%2d%n:%2d%n", &hours, &end, &minutes, &end) < 1 || hours > 23)
		return -EINVAL;
	if (at[1 + end] && sscanf(at + 3, "%2d%n", &minutes, &end) == 1)
		end += 2;
	if (at[1 + end] || minutes > 59)
		return -EINVAL;
	*ret_seconds = (*at == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return 0;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; the same algorithms. */
static int64_t day_of(unsigned int year, unsigned int month, unsigned int day)
{
	unsigned int y = year - (month <= 2), era = y / 400, yoe = y % 400;
	unsigned int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool read_digits(const char *at, unsigned int n, unsigned int *ret)
{
	*ret = 0;
	while (n--) {
		unsigned int digit = (unsigned char)*at++ - '0';

		if (digit > 9)
			return false;
		*ret = 10 * *ret + digit;
	}
	return true;
}

/* As ts_moment_format writes it, which reports read by the million. False: it may be of another form. */
static bool parse_own(const char *text, int64_t *ret_us)
{
	unsigned int year, month, day, hour, minute, second, us;

	if (strnlen(text, 28) != 27 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[19] != '.' || text[26] != 'Z' ||
	    !read_digits(text, 4, &year) || !read_digits(text + 5, 2, &month) ||
	    !read_digits(text + 8, 2, &day) || !read_digits(text + 11, 2, &hour) ||
	    !read_digits(text + 14, 2, &minute) || !read_digits(text + 17, 2, &second) ||
	    !read_digits(text + 20, 6, &us) || !year || month < 1 || month > 12 || day < 1 ||
	    day > 31 || hour > 23 || minute > 59 || second > 59)
		return false;
	*ret_us = day_of(year, month, day) * DAY + (hour * 3600LL + minute * 60 + second) * SECOND +
		  us;
	return true;
}

int ts_moment_parse(const char *text, int64_t *ret_us)
{
	struct tm tm = {0};
	int64_t fraction;
	int64_t zone;
	char between;
	int end = 0;

	if (parse_own(text, ret_us))
		return 0;
	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &between, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) != 7)
		return -EINVAL;
	if (!end || !strchr("Tt ", between) || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return -EINVAL;
	if (parse_zone(parse_fraction(text + end, &fraction), &zone) < 0)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ret_us = ((int64_t)timegm(&tm) - zone) * SECOND + fraction;
	return 0;
}
