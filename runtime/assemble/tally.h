/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TALLY_H
#define TS_TALLY_H

/*
 * What became of the rows that a process began: begun = stored + open + dropped. A begin makes one row, or,
 * where it is a trace and a span, two; a call that was not recorded would have made one.
 *
 * Nothing here is added up from batch to batch. The rings tell what was begun (begun) and what was read of it
 * (settled), the segment `open` what was told of calls on the wire, the table of calls what of that is open, the backlog what waits there; the rest is stored. So
 * whoever goes on after a kill gets the same numbers [L6].
 */

#include <stdbool.h>
#include <stdint.h>

#include "../../preload/abi.h"
#include "../span.h"

/* --- a ring ---------------------------------------------------------------------------------- */

struct ts_ring_tally {
	uint64_t read;    /* rows of the begins read, before the tail and since */
	uint64_t begun;   /* before the reader last looked at head; that much it may hope to read */
	uint64_t missing; /* of begun, what is not to be found up to head */
	bool damaged;
};

/* Begins, or begins again, where the tail is. */
void ts_ring_tally_open(struct ts_ring_tally *tally, const struct ts_abi_ring *ring);

/* Before head is looked at: what is begun then is committed but for the one call in the making. */
void ts_ring_tally_look(struct ts_ring_tally *tally, const struct ts_abi_ring *ring);

/* All up to head was read, or given up. */
void ts_ring_tally_at_head(struct ts_ring_tally *tally);

/* Moves tail and settled, by one instruction that no kill can fall into [L6]; as a release [L5]. */
void ts_ring_tally_settle(const struct ts_ring_tally *tally, struct ts_abi_ring *ring,
			  uint64_t tail);

/* --- a process ------------------------------------------------------------------------------- */

struct ts_tally {
	uint64_t begun; /* in the rings */
	uint64_t read;
	uint64_t unreadable; /* in damaged stretches */
	uint64_t cut_off;    /* counted by a thread that then did not live to commit them */
	uint64_t open;       /* of the calls of which only the begin was read */
	uint64_t lost[TS_LOST_COUNT];
};

/* Adds a ring. `ended`: its process has, and all that it left was read. */
void ts_tally_add_ring(struct ts_tally *tally, const struct ts_ring_tally *ring, bool ended);

/* Adds what was lost, by enum ts_lost. */
void ts_tally_add_lost(struct ts_tally *tally, const uint64_t *lost);

/*
 * Adds the rows of calls that were read off their connections, which no ring counts: of those that were told of, and those that
 * calls under way will have.
 */
void ts_tally_add_wire(struct ts_tally *tally, uint64_t told, uint64_t open);

/* What of the rows read went to the backlog and is not in the store. */
struct ts_backlog_counts {
	uint64_t waiting;
	uint64_t dropped;  /* over its budget, or in what was damaged */
	uint64_t rejected; /* the store will never take them */
};

#define TS_DROPPED_BY_BYTES 512

/* Fills in the counts of a run; `dropped_by` is where its text lies. */
void ts_tally_fill(const struct ts_tally *tally, const struct ts_backlog_counts *backlog,
		   struct ts_run *run, char dropped_by[TS_DROPPED_BY_BYTES]);

#endif
