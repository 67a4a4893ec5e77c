// SPDX-License-Identifier: Apache-2.0
#include "backoff.h"

#include <time.h>
#include <unistd.h>

#define MS         1000000LL /* in ns */
#define LEAST_NS   (200 * MS)
#define CEILING_NS (10000 * MS)

int64_t ts_backoff_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 * MS + now.tv_nsec;
}

bool ts_backoff_is_due(const struct ts_backoff *backoff)
{
	return ts_backoff_now_ns() >= backoff->retry_at_ns;
}

void ts_backoff_failed(struct ts_backoff *backoff)
{
	int64_t now = ts_backoff_now_ns();

	if (!backoff->random)
		backoff->random = (uint32_t)now ^ (uint32_t)getpid();
	backoff->random = backoff->random * 1664525 + 1013904223;
	backoff->failures++;
	backoff->ceiling_ns = backoff->ceiling_ns ? backoff->ceiling_ns * 2 : LEAST_NS;
	if (backoff->ceiling_ns > CEILING_NS)
		backoff->ceiling_ns = CEILING_NS;
	backoff->retry_at_ns = now + (backoff->ceiling_ns >> 16) * (backoff->random >> 16);
}

void ts_backoff_worked(struct ts_backoff *backoff)
{
	backoff->failures = 0;
	backoff->ceiling_ns = 0;
	backoff->retry_at_ns = 0;
}
