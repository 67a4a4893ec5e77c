/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_WHEN_H
#define TS_COMMAND_TERMINAL_WHEN_H

/* Time as people write and read it. */

#include <stddef.h>
#include <stdint.h>

/*
 * An instant from "30s", "10m", "2h", "3d", "1w" (so long before `now_us`), an ISO date (its first
 * moment here) or a date-time (here, unless it names a zone). 0, or -EINVAL.
 */
int ts_when_parse(const char *text, int64_t now_us, int64_t *ret_us);

/* Local time: "23:07:31" on the day of `now_us`, "11-20 23:07" in its year, else "2025-11-20". */
void ts_when_short(int64_t us, int64_t now_us, char *ret, size_t bytes);

/* Local time with milliseconds and zone: "2026-11-20 23:07:31.123 +0100". */
void ts_when_long(int64_t us, char *ret, size_t bytes);

/* Three digits and a unit, up to nine columns: "830 ms", "1.84 s", "12.5 us", "2 m 03 s". */
void ts_when_duration(double ms, char *ret, size_t bytes);

#endif
