// SPDX-License-Identifier: Apache-2.0
#include "rest.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include "../backoff.h"
#include "../file.h"

static bool is_empty(const struct ts_abi_ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == ring->tail;
}

bool ts_rest_is_due(struct ts_rest *rest, const struct ts_abi_ring *ring)
{
	uint32_t state = __atomic_load_n(&ring->state, __ATOMIC_ACQUIRE);
	int64_t now;

	/* a ring in which nothing was ever written may have pages all the same: its maker touched them */
	if (rest->refused || (state != TS_RING_FREE && state != TS_RING_RESTING) ||
	    !is_empty(ring)) {
		rest->since_ns = 0;
		return false;
	}
	now = ts_backoff_now_ns();
	if (!rest->since_ns || rest->head != ring->head) {
		rest->since_ns = now;
		rest->head = ring->head;
	}
	return now - rest->since_ns >= TS_REST_AFTER_NS;
}

static int punch(const char *spool, const char *name, uint64_t bytes)
{
	int fd = ts_file_open(spool, name, O_WRONLY);
	int result;

	if (fd < 0)
		return fd;
	result = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, TS_ABI_PAGE,
			   (off_t)bytes);
	close(fd);
	return result;
}

void ts_rest_begin(struct ts_rest *rest, struct ts_abi_ring *ring, const char *spool,
		   const char *name)
{
	uint32_t state = TS_RING_FREE;

	rest->since_ns = 0;
	/* one that is RESTING already was left so by a consumer that was killed: we are the only one now */
	if (!__atomic_compare_exchange_n(&ring->state, &state, TS_RING_RESTING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) &&
	    state != TS_RING_RESTING)
		return;
	/* from here on no thread takes it, so it stays as empty as it is */
	state = TS_RING_FREE;
	if (is_empty(ring)) {
		rest->refused = punch(spool, name, ring->bytes) < 0;
		/* where it failed half-way pages are missing all the same */
		state = TS_RING_RESTED;
	}
	__atomic_store_n(&ring->state, state, __ATOMIC_RELEASE);
}
