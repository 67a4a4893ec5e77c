// SPDX-License-Identifier: Apache-2.0
/* The part of an id that changes once a millisecond. */

#include "id.h"

#include "hot.h"

void ts_id_turn(struct ts_id_generator *generator, uint64_t ticks)
{
	uint64_t wall_ns = ts_clock_wall_ns(ticks);
	uint64_t ms = wall_ns / 1000000;
	uint64_t into_ns = wall_ns - ms * 1000000;

	generator->ms_ticks = ticks - into_ns * ts_clock.ticks_per_ms / 1000000;
	generator->ms_high = ms << 16 | 7 << 12;
}
