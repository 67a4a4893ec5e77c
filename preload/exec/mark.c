// SPDX-License-Identifier: Apache-2.0
/* Exec in the event log. */

#include "mark.h"

#include "../hot/call.h"
#include "../hot/clock.h"
#include "../hot/ring.h"
#include "../life/life.h"

#define TRIES 1000

static bool put(struct ts_ring *ring, uint16_t flags, uint64_t ticks)
{
	struct ts_event_exec *mark = (struct ts_event_exec *)ts_ring_at_head(ring);

	if (ts_ring_room(ring, sizeof(*mark)) < sizeof(*mark))
		return false;
	*mark = (struct ts_event_exec){
		.event = {.type = TS_EVENT_EXEC, .flags = flags, .bytes = sizeof(*mark)},
		.ticks = ticks,
	};
	ts_ring_commit(ring, sizeof(*mark));
	return true;
}

/* For a thread that has no ring, or whose ring is being written by what a handler interrupted. */
static bool put_in_overflow(uint16_t flags, uint64_t ticks)
{
	bool done;

	for (int i = 0; ts_hot.overflow && i < TRIES; i++) {
		if (__atomic_exchange_n(&ts_hot.overflow_taken, 1, __ATOMIC_ACQUIRE))
			continue;
		done = put(ts_hot.overflow, flags, ticks);
		__atomic_store_n(&ts_hot.overflow_taken, 0, __ATOMIC_RELEASE);
		return done;
	}
	return false;
}

static bool put_somewhere(uint16_t flags, uint64_t ticks)
{
	struct ts_context *context = &ts_context;
	bool done;

	if (context->guard || !ts_life_is_ready(context))
		return put_in_overflow(flags, ticks);
	/* a handler's calls pass through meanwhile */
	context->guard = (uintptr_t)__builtin_frame_address(0);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	done = put(context->ring, flags, ticks);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	context->guard = 0;
	return done;
}

uint64_t ts_mark_exec(void)
{
	uint64_t ticks;

	if (!ts_life_has_begun())
		return 0;
	ticks = ts_clock_ticks();
	return put_somewhere(0, ticks) ? ticks : 0;
}

void ts_mark_exec_failed(uint64_t ticks)
{
	if (ticks && !put_somewhere(TS_EXEC_FAILED, ticks))
		put_in_overflow(TS_EXEC_FAILED, ticks);
}
