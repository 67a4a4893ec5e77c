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
};

/* Bytes that a new record may take, besides what is reserved. [hot] */
uint64_t ts_ring_room(struct ts_ring *ring, uint64_t wanted);

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

static inline void ts_ring_count_lost(struct ts_ring *ring, enum ts_lost why)
{
	__atomic_store_n(&ring->shared->lost[why], ring->shared->lost[why] + 1, __ATOMIC_RELAXED);
}

/* True once for each half of the ring that fills: time to wake the flusher. [hot] */
bool ts_ring_wants_reader(struct ts_ring *ring);

#endif
