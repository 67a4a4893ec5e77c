/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_TIMELINE_H
#define TS_REPORT_TIMELINE_H

/* How many traces started when: a period in equal steps, of a length that people count in. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_TIMELINE_STEPS 50 /* at most */

struct ts_timeline {
	int64_t since_us; /* where the first step begins: at a multiple of its length */
	int64_t step_us;
	size_t n;
	uint64_t traces[TS_TIMELINE_STEPS];
	uint64_t failed[TS_TIMELINE_STEPS];
};

/* Of the period [since_us, until_us). */
void ts_timeline_init(struct ts_timeline *timeline, int64_t since_us, int64_t until_us);

/* What lies outside of it is left out. */
void ts_timeline_add(struct ts_timeline *timeline, int64_t started_us, bool success);

#endif
