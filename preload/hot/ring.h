/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_RING_H
#define TS_HOT_RING_H

/*
 * The producer's half of the event log (../abi.h, [L1]..[L5]).
 *
 * The data is mapped with its first TS_RING_MIRROR bytes again behind its end, so a record that
 * wraps is written in one piece. A record is built past head, where no reader looks, and becomes
 * part of the log by one release store of head: dropping a half-built record is doing nothing.
 *
 * Room is reserved by counting: `reserved` bytes are spoken for by the ends of open calls. Only the
 * owner thread adds to it and takes from it; an end written elsewhere counts in `released`, which
 * the owner folds in when room gets short.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../abi.h"

#define TS_RING_MIRROR 65536 /* the longest record */

struct ts_ring {
	struct ts_abi_ring *shared;
	char *data;
	uint64_t bytes;
	uint64_t head;
	uint64_t tail; /* as last read: the true one is this or further */
	uint64_t reserved;
	uint64_t released; /* by other threads, atomic */
	uint64_t wake_at;  /* head from which the flusher is woken */
	uint32_t tid; /* its owner's, 0: free; who puts its own here by compare-and-swap owns it */
};

/* The room there is after a look at how far the reader and other threads have come. [hot] */
uint64_t ts_ring_look_again(struct ts_ring *ring);

static inline uint64_t ts_ring_room_known(const struct ts_ring *ring)
{
	uint64_t taken = ring->head - ring->tail + ring->reserved;

	return taken < ring->bytes ? ring->bytes - taken : 0;
}

/* Bytes that a new record may take, besides what is reserved; looks closer where less than `wanted`
 * is known. [hot] */
static inline uint64_t ts_ring_room(struct ts_ring *ring, uint64_t wanted)
{
	uint64_t room = ts_ring_room_known(ring);

	return __builtin_expect(room >= wanted, 1) ? room : ts_ring_look_again(ring);
}

/* Where the next record goes. [hot] */
static inline char *ts_ring_at_head(const struct ts_ring *ring)
{
	return ring->data + (ring->head & (ring->bytes - 1));
}

/* The record of `bytes` bytes that was built at head is now part of the log [L2]. [hot] */
static inline void ts_ring_commit(struct ts_ring *ring, uint64_t bytes)
{
	ring->head += bytes;
	/* release: pairs with the acquire in the reader; the record comes before it counts */
	__atomic_store_n(&ring->shared->head, ring->head, __ATOMIC_RELEASE);
}

/* Rows that the begin at head will make; before it is committed, so that a call is counted before it counts.
 * [hot] */
static inline void ts_ring_count_begun(struct ts_ring *ring, uint32_t rows)
{
	ring->shared->begun += rows;
}

/* One instruction, so that a handler's count in between is not lost. [hot] */
static inline void ts_ring_count_lost(struct ts_ring *ring, enum ts_lost why)
{
	__asm__ volatile("incq %0" : "+m"(ring->shared->lost[why]) : : "cc");
}

/* Is the ring half full? If not, answers when to ask again. [hot] */
bool ts_ring_is_half_full(struct ts_ring *ring);

/* As last read, is more than three quarters of it unread? Then the reader lags. [hot] */
static inline bool ts_ring_is_nearly_full(const struct ts_ring *ring)
{
	return ring->head - ring->tail > ring->bytes / 4 * 3;
}

/* True once for each half of the ring that fills: time to wake the flusher. [hot] */
static inline bool ts_ring_wants_reader(struct ts_ring *ring)
{
	return __builtin_expect(ring->head >= ring->wake_at, 0) && ts_ring_is_half_full(ring);
}

#endif
