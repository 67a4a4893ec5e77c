// SPDX-License-Identifier: Apache-2.0
/* Room in a ring. */

#include "ring.h"

#include "hot.h"

static uint64_t room_known(const struct ts_ring *ring)
{
	uint64_t taken = ring->head - ring->tail + ring->reserved;

	return taken < ring->bytes ? ring->bytes - taken : 0;
}

uint64_t ts_ring_room(struct ts_ring *ring, uint64_t wanted)
{
	uint64_t room = room_known(ring);

	if (likely(room >= wanted))
		return room;
	/* acquire: pairs with the reader's release; what it gave back, it has finished reading */
	ring->tail = __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
	ring->reserved -= __atomic_exchange_n(&ring->released, 0, __ATOMIC_RELAXED);
	return room_known(ring);
}

bool ts_ring_wants_reader(struct ts_ring *ring)
{
	if (likely(ring->head < ring->wake_at))
		return false;
	ring->tail = __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
	if (ring->head - ring->tail < ring->bytes / 2) {
		ring->wake_at = ring->tail + ring->bytes / 2;
		return false;
	}
	ring->wake_at = ring->head + ring->bytes / 8;
	return true;
}
