/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REST_H
#define TS_REST_H

/*
 * The pages of rings that nobody needs, back to the system: on tmpfs they are memory, which counts as the
 * program's. Only those of a ring without an owner, for a thread that records must never find a page missing
 * (abi.h, enum ts_ring_state). The header stays.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../../preload/abi.h"

#define TS_REST_AFTER_NS 2000000000LL

struct ts_rest {          /* zeroed: nothing seen yet */
	int64_t since_ns; /* empty and without an owner; 0: not so */
	uint64_t head;
	bool refused; /* the file system cannot */
};

/* Has it been empty and without an owner for so long? */
bool ts_rest_is_due(struct ts_rest *rest, const struct ts_abi_ring *ring);

/* Gives them back, unless a thread is quicker; `name` is the ring's file in the folder `spool`. The caller holds
 * the consumer lock. */
void ts_rest_begin(struct ts_rest *rest, struct ts_abi_ring *ring, const char *spool,
		   const char *name);

#endif
