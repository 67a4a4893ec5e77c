/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_MOVER_H
#define FUZZ_MOVER_H

/*
 * The fuzzer of preload/entry/:
 *   mover.c            the loop, the report
 *   mover_state.S      runs code with every register given, and keeps what it leaves
 *   mover_pool.S       real instructions, of which functions are made
 *   mover_generated.c  functions made of them: run as they are, and moved
 *   mover_files.c      the functions of this machine's libraries and programs: read again
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- chance: one seed, one run ---------------------------------------------------------------- */

uint64_t chance(void);
void chance_begin(uint64_t seed);
void chance_fill(void *bytes, size_t n);

/* A number in [0, n). */
static inline size_t pick(size_t n)
{
	return (size_t)(chance() % n);
}

static inline bool one_in(size_t n)
{
	return pick(n) == 0;
}

/* --- what came of it -------------------------------------------------------------------------- */

/* What is being looked at, for a finding; async-signal-safe to read. */
struct subject {
	uint64_t seed; /* of this one case */
	char name[256];
	const uint8_t *code;
	size_t bytes;
	uintptr_t address;
	uintptr_t at;
};
extern struct subject subject;

/* Prints what was found and about whom, and ends the fuzzer with 1. */
_Noreturn void finding(const char *what);

/* Counts functions that were moved (NULL), and refusals by reason. */
struct counts;
void count(struct counts *counts, const char *why);
extern struct counts generated_counts, file_counts;

/* --- the two halves --------------------------------------------------------------------------- */

void generated_begin(void);
void generated_case(void);

/* Looks at functions of one file for about so long; false: there is none to look at. */
void files_begin(void);
bool files_case(double seconds);

double now(void);

#endif
