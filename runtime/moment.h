/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_MOMENT_H
#define TS_MOMENT_H

/* Instants as the stores write them: RFC 3339, UTC, microseconds. */

#include <stdint.h>

#define TS_MOMENT_LAST_US 253402300799999999LL /* 9999-12-31T23:59:59.999999Z */

struct ts_moment_text {
	char text[64]; /* "2026-11-20T23:07:31.123456Z" */
};

/* `us` is kept between the years 1970 and 9999. Takes no lock of libc. */
struct ts_moment_text ts_moment_format(int64_t us);

/*
 * Microseconds since 1970 of an RFC 3339 date-time; a space instead of the T and any number of
 * fractional digits will do. 0, or -EINVAL.
 */
int ts_moment_parse(const char *text, int64_t *ret_us);

#endif
