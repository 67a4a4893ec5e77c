/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SPOOL_H
#define BENCH_SPOOL_H

/* A traced program's view of its own spool: how full its first ring is, what was lost. */

#include <stdbool.h>
#include <stdint.h>

struct bench_spool {
	int process; /* descriptors; read, not mapped, so that looking adds no resident memory */
	int ring;
};

/* Finds the spool of this process under $TRACESHIM_SPOOL. False: it is not traced, or not yet. */
bool bench_spool_open(struct bench_spool *ret);

/* Bytes written to the ring in all, and bytes that are free. */
uint64_t bench_spool_head(const struct bench_spool *spool);
uint64_t bench_spool_room(const struct bench_spool *spool);

/* Waits until `bytes` are free (UINT64_MAX: all read). Ends the program if nobody reads. */
void bench_spool_wait(const struct bench_spool *spool, uint64_t bytes);

/* Spans that were not recorded: their calls were cheaper, so figures with any are wrong. */
uint64_t bench_spool_lost(const struct bench_spool *spool);

#endif
