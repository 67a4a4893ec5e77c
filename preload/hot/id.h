/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_ID_H
#define TS_HOT_ID_H

/*
 * UUID v7 (RFC 9562, section 5.7; 12 bits of sub-millisecond time by section 6.2, method 3), made
 * on the calling thread. The low 8 bytes alone are unique, too, and never zero: they are the W3C
 * span id.
 */

#include <stdint.h>

struct ts_id {
	uint64_t high; /* as in memory: big-endian */
	uint64_t low;
};

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) with a gamma of its own for each thread. */
struct ts_id_generator {
	uint64_t state;
	uint64_t gamma; /* odd */
};

static inline uint64_t ts_id_random(struct ts_id_generator *generator)
{
	uint64_t z = generator->state += generator->gamma;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* [hot] */
static inline struct ts_id ts_id_make(struct ts_id_generator *generator, uint64_t wall_ns)
{
	uint64_t ms = wall_ns / 1000000;
	uint64_t fraction = (wall_ns - ms * 1000000) * 4294 >> 20; /* of a ms, in 1/4096 */
	uint64_t low = (ts_id_random(generator) >> 2) | 1ULL << 63;

	return (struct ts_id){
		.high = __builtin_bswap64(ms << 16 | 7 << 12 | fraction),
		.low = __builtin_bswap64(low),
	};
}

#endif
