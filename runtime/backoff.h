/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BACKOFF_H
#define TS_BACKOFF_H

/*
 * When to try again what failed: after 200 ms, twice that, ... 10 s, each time at a random moment up to then
 * ("full jitter"), so that many programs do not come back at once.
 */

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing failed. */
struct ts_backoff {
	int failures; /* in a row */
	int64_t ceiling_ns;
	int64_t retry_at_ns; /* CLOCK_MONOTONIC */
	uint32_t random;
};

int64_t ts_backoff_now_ns(void);

/* Is it time for another attempt? */
bool ts_backoff_is_due(const struct ts_backoff *backoff);

void ts_backoff_failed(struct ts_backoff *backoff);
void ts_backoff_worked(struct ts_backoff *backoff);

#endif
