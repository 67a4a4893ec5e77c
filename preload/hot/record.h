/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_RECORD_H
#define TS_HOT_RECORD_H

/*
 * Begin and end events, from whoever wraps calls: where they go, what room they have, what is counted
 * where there is none. Inline, for all of it is part of every call.
 */

#include "call.h"
#include "ring.h"

/* One more was lost: counted by the thread's ring, else by the process. [hot] */
void ts_record_lost(struct ts_context *context, enum ts_lost why);

/* Is this the moment to ask for a ring once more? [hot] */
bool ts_record_asks(struct ts_context *context);

/* The ring is half full: wakes the flusher. Changes no vector register. [hot] */
void ts_record_wake(struct ts_context *context);

/*
 * A ring that is not the thread's, taken for the end of `frame`: that which has room reserved for it, where no thread owns it by
 * now, or the process's own; NULL where that has no room. [hot]
 */
struct ts_ring *ts_record_take_ring(struct ts_context *context, const struct ts_frame *frame);
void ts_record_give_ring(struct ts_ring *ring);

#define record_inline static inline __attribute__((always_inline))

/*
 * Where the end of `frame` may be written [L4]: this thread's ring, in which room is reserved unless
 * the call began on another thread, or before this one went on in another ring.
 */
record_inline struct ts_ring *ts_record_ring_for_end(struct ts_context *context,
						     const struct ts_frame *frame)
{
	struct ts_ring *ring = context->ring;

	if (__builtin_expect(frame->ring == ring, 1))
		return ring;
	if (ring && ts_ring_room(ring, TS_EVENT_END_BYTES) >= TS_EVENT_END_BYTES)
		return ring;
	return ts_record_take_ring(context, frame);
}

/* The end stands in the log, or is lost: what was reserved for it is free. */
record_inline void ts_record_settle(struct ts_context *context, struct ts_frame *frame)
{
	/* before the room is given back, so that it is given back once */
	__atomic_store_n(&frame->serial, 0, __ATOMIC_RELAXED);
	__asm__ volatile("" ::: "memory");
	if (__builtin_expect(frame->ring == context->ring, 1))
		context->ring->reserved -= TS_EVENT_END_BYTES;
	else
		__atomic_fetch_add(&frame->ring->released, TS_EVENT_END_BYTES, __ATOMIC_RELAXED);
}

/* What an end may take besides the bare end, for which there is room already. */
record_inline uint64_t ts_record_room_behind_end(struct ts_ring *ring, const struct ts_frame *frame)
{
	uint64_t room = ts_ring_room(ring, 256 + ts_hot.capture_bytes) & ~7ULL;

	if (frame->ring != ring)
		room -= TS_EVENT_END_BYTES;
	return room < TS_RING_MIRROR - TS_EVENT_END_BYTES ? room
							  : TS_RING_MIRROR - TS_EVENT_END_BYTES;
}

/* A bare end at the ring's head, its length aside. */
record_inline struct ts_event_end *ts_record_build_end(struct ts_ring *ring,
						       const struct ts_frame *frame,
						       enum ts_outcome outcome, uint64_t ticks)
{
	struct ts_event_end *end = (struct ts_event_end *)ts_ring_at_head(ring);

	/* field by field: gcc would clear it with rep stos, which takes longer than all the rest */
	end->event.type = TS_EVENT_END;
	end->event.flags = 0;
	end->ticks = ticks;
	*(struct ts_id *)end->trace_id = frame->trace_id;
	*(struct ts_id *)end->span_id = frame->span_id;
	end->outcome = outcome;
	end->error_number = 0;
	end->reserved = 0;
	return end;
}

/* The end of `bytes` bytes becomes part of the log. */
record_inline void ts_record_commit_end(struct ts_context *context, struct ts_ring *ring,
					struct ts_event_end *end, uint64_t bytes)
{
	end->event.bytes = (uint32_t)bytes;
	ts_ring_commit(ring, bytes);
	if (__builtin_expect(ring != context->ring, 0))
		ts_record_give_ring(ring);
}

/* Bytes that a begin may take, of which `wanted` are asked for; the room for its end is kept. */
record_inline uint64_t ts_record_room_for_begin(struct ts_ring *ring, uint64_t wanted)
{
	uint64_t room = ts_ring_room(ring, wanted + TS_EVENT_END_BYTES) & ~7ULL;

	if (__builtin_expect(room < TS_EVENT_END_BYTES, 0))
		return 0;
	return room - TS_EVENT_END_BYTES < TS_RING_MIRROR ? room - TS_EVENT_END_BYTES
							  : TS_RING_MIRROR;
}

/* Bytes of a begin with the tenant of its trace, and no values yet. */
record_inline uint64_t ts_record_begin_bytes(const struct ts_trace_context *trace)
{
	return sizeof(struct ts_event_begin) + TS_ALIGN8(trace->tenant_bytes);
}

/* These bytes at `begin`, which is the ring's head. */
record_inline void ts_record_build_begin(struct ts_event_begin *begin,
					 const struct ts_context *context,
					 const struct ts_trace_context *trace,
					 const struct ts_frame *frame, uint64_t ticks,
					 const struct ts_id *parent, uint32_t flags)
{
	begin->event.type = TS_EVENT_BEGIN;
	begin->event.flags = (uint16_t)flags;
	begin->ticks = ticks;
	begin->thunk = frame->hook->index;
	begin->tid = context->tid;
	begin->tenant_bytes = trace->tenant_bytes;
	begin->reserved = 0;
	*(struct ts_id *)begin->trace_id = frame->trace_id;
	*(struct ts_id *)begin->span_id = frame->span_id;
	*(struct ts_id *)begin->parent_id = *parent;
	if (__builtin_expect(trace->tenant_bytes, 0)) {
		begin->event.flags |= TS_BEGIN_TENANT;
		for (uint32_t i = 0; i < trace->tenant_bytes; i++)
			((char *)(begin + 1))[i] = trace->tenant[i];
	}
}

/* The call becomes part of the log: last of all, for a begin without a frame would never end. */
record_inline void ts_record_commit_begin(struct ts_ring *ring, uint32_t flags, uint64_t bytes)
{
	ts_ring_count_begun(ring, (flags & TS_BEGIN_TRACE) + (flags / TS_BEGIN_SPAN & 1));
	__asm__ volatile("" ::: "memory");
	ts_ring_commit(ring, bytes);
}

#endif
