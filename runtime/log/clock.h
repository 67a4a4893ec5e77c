/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CLOCK_H
#define TS_CLOCK_H

/*
 * Ticks of one process -> time. Wall clock times are counted from its first clock triple, so that
 * every reader gets the same microsecond; durations from ticks alone.
 */

#include <stdint.h>

struct ts_abi_process;

struct ts_clock {
	uint64_t ticks; /* the first triple */
	int64_t wall_ns;
	uint64_t ticks_per_second; /* never 0 */
};

/*
 * Takes the frequency from the page; if it was not measured yet, from the first and the last
 * triple; if they are too close together, from the first triple and this machine's clocks now (they
 * run at one rate from boot to boot); and if that makes no sense either, a tick is 1 ns.
 */
void ts_clock_init(struct ts_clock *clock, const struct ts_abi_process *page);

/* This moment in the ticks of the page's process, which runs on this machine. */
uint64_t ts_clock_now(const struct ts_abi_process *page);

/* UTC in microseconds since 1970, rounded down, kept between the years 1970 and 9999. */
int64_t ts_clock_us(const struct ts_clock *clock, uint64_t ticks);

/* From begin to end in nanoseconds; 0 if the end lies before the begin. */
int64_t ts_clock_duration_ns(const struct ts_clock *clock, uint64_t begin, uint64_t end);

#endif
