/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_CLOCK_H
#define TS_HOT_CLOCK_H

/* Time stamps: raw ticks, and the wall clock that ids begin with. */

#include <stdint.h>
#include <time.h>

struct ts_clock {
	/* The vDSO's clock_gettime, or NULL where the invariant TSC is the clock. */
	int (*vdso)(clockid_t, struct timespec *);
	uint64_t first_ticks;     /* at this instant ... */
	int64_t first_wall_ns;    /* ... it was this */
	uint64_t ns_per_tick_q32; /* 32.32 fixed point; for ids, refined by the flusher */
	uint64_t ticks_per_ms;
	uint64_t fraction_q32; /* 1/4096 ms per tick */
};

extern struct ts_clock ts_clock; /* filled by setup */

/* [hot] */
static inline uint64_t ts_clock_ticks(void)
{
	struct timespec now;

	if (__builtin_expect(!ts_clock.vdso, 1))
		return __builtin_ia32_rdtsc();
	ts_clock.vdso(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Nanoseconds since 1970, to the precision that ids need. [hot] */
static inline uint64_t ts_clock_wall_ns(uint64_t ticks)
{
	unsigned __int128 ns =
		(unsigned __int128)(ticks - ts_clock.first_ticks) * ts_clock.ns_per_tick_q32;

	return (uint64_t)ts_clock.first_wall_ns + (uint64_t)(ns >> 32);
}

#endif
