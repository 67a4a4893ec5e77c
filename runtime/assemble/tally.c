// SPDX-License-Identifier: Apache-2.0
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROWS_IN_THE_MAKING 2 /* of one call, at most */

/* --- a ring ---------------------------------------------------------------------------------- */

/* No begin is shorter, none makes more rows: what a damaged count cannot be. */
static uint64_t most_rows(uint64_t bytes)
{
	return bytes / (sizeof(struct ts_event_begin) / 2) + ROWS_IN_THE_MAKING;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void ts_ring_tally_open(struct ts_ring_tally *tally, const struct ts_abi_ring *ring)
{
	*tally = (struct ts_ring_tally){.read = least(ring->settled, most_rows(ring->tail))};
	tally->begun = tally->read;
}

void ts_ring_tally_look(struct ts_ring_tally *tally, const struct ts_abi_ring *ring)
{
	/* acquire: head is loaded after it, and so holds what was counted before */
	uint64_t begun = __atomic_load_n(&ring->begun, __ATOMIC_ACQUIRE);

	begun = least(begun, most_rows(__atomic_load_n(&ring->head, __ATOMIC_RELAXED)));
	if (begun > tally->begun)
		tally->begun = begun;
}

void ts_ring_tally_at_head(struct ts_ring_tally *tally)
{
	tally->missing = tally->begun > tally->read ? tally->begun - tally->read : 0;
}

void ts_ring_tally_settle(const struct ts_ring_tally *tally, struct ts_abi_ring *ring,
			  uint64_t tail)
{
	typedef long long pair __attribute__((vector_size(16)));
	pair both = {(long long)tail, (long long)tally->read};

	/* memory: the producer may overwrite what was read before this */
	__asm__ volatile("movaps %1, (%0)" : : "r"(&ring->tail), "x"(both) : "memory");
}

/* --- a process ------------------------------------------------------------------------------- */

static void add(uint64_t *sum, uint64_t more)
{
	if (__builtin_add_overflow(*sum, more, sum) || *sum > INT64_MAX)
		*sum = INT64_MAX;
}

void ts_tally_add_ring(struct ts_tally *tally, const struct ts_ring_tally *ring, bool ended)
{
	uint64_t missing = ring->missing;

	add(&tally->begun, ring->begun > ring->read ? ring->begun : ring->read);
	add(&tally->read, ring->read);
	/* the damage may have been seen by a reader before this one */
	if (missing > ROWS_IN_THE_MAKING || ring->damaged)
		add(&tally->unreadable, missing);
	else if (ended)
		add(&tally->cut_off, missing);
}

void ts_tally_add_lost(struct ts_tally *tally, const uint64_t *lost)
{
	for (int i = 0; i < TS_LOST_COUNT; i++)
		add(&tally->lost[i], __atomic_load_n(&lost[i], __ATOMIC_RELAXED));
}

void ts_tally_add_wire(struct ts_tally *tally, uint64_t told, uint64_t open)
{
	add(&tally->begun, told);
	add(&tally->begun, open);
	add(&tally->read, told);
	add(&tally->read, open);
	add(&tally->open, open);
}

struct reason {
	const char *name;
	uint64_t rows;
};

/* Biggest first, so that a reader sees what matters. */
static void put_reasons(struct reason *reasons, size_t n, char text[TS_DROPPED_BY_BYTES])
{
	size_t at = 0;

	for (;;) {
		struct reason *most = &reasons[0];

		for (size_t i = 1; i < n; i++)
			most = reasons[i].rows > most->rows ? &reasons[i] : most;
		if (!most->rows)
			break;
		at += (size_t)snprintf(text + at, TS_DROPPED_BY_BYTES - at, "%s\"%s\": %" PRIu64,
				       at ? ", " : "{", most->name, most->rows);
		most->rows = 0;
	}
	snprintf(text + at, TS_DROPPED_BY_BYTES - at, "}");
}

void ts_tally_fill(const struct ts_tally *tally, const struct ts_backlog_counts *backlog,
		   struct ts_run *run, char dropped_by[TS_DROPPED_BY_BYTES])
{
	/* the first five never came to a begin; an end or a look-up that was lost is no row */
	struct reason reasons[] = {
		{"ring_full", tally->lost[TS_LOST_RING_FULL]},
		{"no_ring", tally->lost[TS_LOST_NO_RING]},
		{"too_deep", tally->lost[TS_LOST_TOO_DEEP]},
		{"reentered", tally->lost[TS_LOST_REENTERED]},
		{"abandoned", tally->lost[TS_LOST_ABANDONED]},
		{"unreadable", tally->unreadable},
		{"cut_off", tally->cut_off},
		{"budget", backlog->dropped},
		{"rejected", backlog->rejected},
	};
	const size_t n = sizeof(reasons) / sizeof(reasons[0]), n_unbegun = 5;
	uint64_t begun = tally->begun, dropped = 0, away = tally->open;
	uint64_t stored;

	for (size_t i = 0; i < n; i++) {
		add(&dropped, reasons[i].rows);
		if (i < n_unbegun)
			add(&begun, reasons[i].rows);
	}
	dropped = least(dropped, begun);
	add(&away, backlog->waiting);
	add(&away, backlog->dropped);
	add(&away, backlog->rejected);
	/* A begin that stands in `open` and is yet to be read again counts as open, and not as read. */
	stored = tally->read > away ? least(tally->read - away, begun - dropped) : 0;
	run->begun = (int64_t)begun;
	run->dropped = (int64_t)dropped;
	run->stored = (int64_t)stored;
	run->open = (int64_t)(begun - dropped - stored);
	run->dropped_by = NULL;
	if (dropped) {
		put_reasons(reasons, n, dropped_by);
		run->dropped_by = dropped_by;
	}
}
