// SPDX-License-Identifier: Apache-2.0
// sources: preload/hot/ring.c
/*
 * Two threads on one ring, for ThreadSanitizer: the producer's half as it is, and a consumer that
 * reads in place. The runtime's reader would hide what is looked for here: it reads through the
 * file, which ThreadSanitizer takes for other memory. For the same reason nothing wraps into a
 * mirror: all records are of one size that divides the ring's.
 *
 * The threads wait by yielding, for a lock would order what only head and tail may order.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "preload/hot/ring.h"

#define BYTES   4096
#define RECORD  64
#define WORDS   (RECORD / 8)
#define RECORDS 200000

static _Alignas(64) uint64_t data[BYTES / 8];
static struct ts_abi_ring shared = {.bytes = BYTES};
static struct ts_ring ring = {.shared = &shared, .data = (char *)data, .bytes = BYTES};

/* A record for each odd number reserves an end's room, which the other thread releases. */
static void *produce(void *unused)
{
	for (uint64_t i = 0; i < RECORDS; i++) {
		uint64_t wanted = RECORD + (i % 2 ? TS_EVENT_END_BYTES : 0);
		uint64_t *record;

		while (ts_ring_room(&ring, wanted) < wanted)
			sched_yield();
		record = (uint64_t *)ts_ring_at_head(&ring);
		for (int j = 0; j < WORDS; j++)
			record[j] = i * WORDS + (uint64_t)j;
		ring.reserved += wanted - RECORD;
		ts_ring_commit(&ring, RECORD);
		if (ts_ring_wants_reader(&ring))
			ts_ring_count_lost(&ring, TS_LOST_NO_RING);
	}
	return unused;
}

/* The number of records that were not what the producer wrote. */
static uint64_t consume(void)
{
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < RECORDS; i++) {
		const uint64_t *record = &data[i * WORDS % (BYTES / 8)];
		bool right = true;

		/* acquire: pairs with the release in ts_ring_commit */
		while (__atomic_load_n(&shared.head, __ATOMIC_ACQUIRE) <= i * RECORD)
			sched_yield();
		for (int j = 0; j < WORDS; j++)
			right &= record[j] == i * WORDS + (uint64_t)j;
		wrong += !right;
		if (i % 2)
			__atomic_fetch_add(&ring.released, TS_EVENT_END_BYTES, __ATOMIC_RELAXED);
		/* release: what was read before this may be overwritten */
		__atomic_store_n(&shared.tail, (i + 1) * RECORD, __ATOMIC_RELEASE);
	}
	return wrong;
}

int main(void)
{
	pthread_t producer;
	uint64_t wrong;

	if (pthread_create(&producer, NULL, produce, NULL))
		return 2;
	wrong = consume();
	pthread_join(producer, NULL);
	if (ts_ring_room(&ring, BYTES + 1) != BYTES) {
		fprintf(stderr, "a ring that was read to its end is not empty\n");
		return 1;
	}
	if (wrong)
		fprintf(stderr, "%lu of %d records were not what was written\n",
			(unsigned long)wrong, RECORDS);
	return wrong != 0;
}
