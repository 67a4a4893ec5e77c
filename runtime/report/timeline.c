// SPDX-License-Identifier: Apache-2.0
#include "timeline.h"

#define SECOND 1000000LL
#define DAY    (86400 * SECOND)

static int64_t floor_to(int64_t us, int64_t step)
{
	return us - (us % step + step) % step;
}

/* Steps of `step` from the first multiple of it to the end. */
static int64_t steps_of(int64_t since_us, int64_t until_us, int64_t step)
{
	return (until_us - floor_to(since_us, step) + step - 1) / step;
}

void ts_timeline_init(struct ts_timeline *timeline, int64_t since_us, int64_t until_us)
{
	static const int64_t seconds[] = {1,     2,     5,     10,    15,    30,   60,
					  120,   300,   600,   900,   1800,  3600, 7200,
					  10800, 21600, 43200, 86400, 604800};
	const size_t n = sizeof(seconds) / sizeof(seconds[0]);
	size_t i = 0;

	*timeline = (struct ts_timeline){.n = 0};
	while (i + 1 < n && steps_of(since_us, until_us, seconds[i] * SECOND) > TS_TIMELINE_STEPS)
		i++;
	timeline->step_us = seconds[i] * SECOND;
	while (steps_of(since_us, until_us, timeline->step_us) > TS_TIMELINE_STEPS)
		timeline->step_us *= 2;
	timeline->since_us = floor_to(since_us, timeline->step_us);
	timeline->n = (size_t)steps_of(since_us, until_us, timeline->step_us);
}

void ts_timeline_add(struct ts_timeline *timeline, int64_t started_us, bool success)
{
	int64_t step = (started_us - timeline->since_us) / timeline->step_us;

	if (started_us < timeline->since_us || step >= (int64_t)timeline->n)
		return;
	timeline->traces[step]++;
	timeline->failed[step] += !success;
}
