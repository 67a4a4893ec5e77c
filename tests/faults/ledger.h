/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_H
#define LEDGER_H

/*
 * The other account of what a program did, in a file that it shares with whoever kills it. A thread counts its own
 * calls from 1: `begun` is written by a call's body, `done` once the call has returned. So all calls up to `done` have
 * an end, and of those behind it the one up to `begun` has a begin. Read by ledger.py, too.
 */

#include <stdint.h>

#define LEDGER_THREADS 64
#define PART_TEXT_MOST 400

struct ledger_count {
	uint64_t begun;
	uint64_t done;
};

struct ledger_thread {
	struct ledger_count jobs;
	struct ledger_count parts;
	struct ledger_count stays;
	uint64_t reserved[2];
};

struct ledger {
	uint64_t base;    /* the calls of thread t have the numbers base + (t << 32) + 1, 2, ... */
	uint64_t running; /* threads that have begun */
	uint64_t pid;
	uint64_t reserved[5];
	struct ledger_thread threads[LEDGER_THREADS];
};

#endif
