/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_ID_H
#define TS_HOT_ID_H

/*
 * UUID v7 (RFC 9562, section 5.7; 12 bits of sub-millisecond time by section 6.2, method 3), made
 * on the calling thread. The low 8 bytes alone are unique, too, and never zero: they are the W3C
 * span id.
 */

#include <stdint.h>

#include "clock.h"

struct ts_id {
	uint64_t high; /* as in memory: big-endian */
	uint64_t low;
};

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) with a gamma of its own for each thread. */
struct ts_id_generator {
	uint64_t state;
	uint64_t gamma; /* odd */
	/*
	 * The millisecond of the last id: when it began, and the first 8 bytes that its ids share.
	 */
	uint64_t ms_ticks;
	uint64_t ms_high;
};

/* Makes the millisecond that `ticks` lies in the generator's. [hot] */
void ts_id_turn(struct ts_id_generator *generator, uint64_t ticks);

static inline uint64_t ts_id_random(struct ts_id_generator *generator)
{
	uint64_t z = generator->state += generator->gamma;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* [hot] */
static inline struct ts_id ts_id_make(struct ts_id_generator *generator, uint64_t ticks)
{
	uint64_t low = (ts_id_random(generator) >> 2) | 1ULL << 63;
	uint64_t fraction;

	if (__builtin_expect(ticks - generator->ms_ticks >= ts_clock.ticks_per_ms, 0))
		ts_id_turn(generator, ticks);
	fraction = (ticks - generator->ms_ticks) * ts_clock.fraction_q32 >> 32 & 0xfff;
	return (struct ts_id){
		.high = __builtin_bswap64(generator->ms_high | fraction),
		.low = __builtin_bswap64(low),
	};
}

#endif
