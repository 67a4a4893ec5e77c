// SPDX-License-Identifier: Apache-2.0
/* Room in a ring. */

#include "ring.h"

#include "hot.h"

uint64_t ts_ring_look_again(struct ts_ring *ring)
{
	/* acquire: pairs with the reader's release; what it gave back, it has finished reading */
	ring->tail = __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
	if (unlikely(__atomic_load_n(&ring->released, __ATOMIC_RELAXED)))
		ring->reserved -= __atomic_exchange_n(&ring->released, 0, __ATOMIC_RELAXED);
	return ts_ring_room_known(ring);
}

bool ts_ring_is_half_full(struct ts_ring *ring)
{
	ring->tail = __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
	if (ring->head - ring->tail < ring->bytes / 2) {
		ring->wake_at = ring->tail + ring->bytes / 2;
		return false;
	}
	ring->wake_at = ring->head + ring->bytes / 8;
	return true;
}
