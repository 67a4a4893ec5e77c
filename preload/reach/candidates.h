/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CANDIDATES_H
#define TS_CANDIDATES_H

/* Functions that may have to be reached by their entries, and what their objects say of them. [setup] */

#include "../conf/conf.h"
#include "../elf/walk.h"
#include "../system/arena.h"

struct ts_candidate {
	const struct ts_object *object;
	const struct ts_rule *rule;
	const char *name;
	uintptr_t address;
	size_t bytes;
	size_t readable; /* from address to the next symbol */
	bool exported;   /* by a library: slots lead to it, too */
	uint8_t jump;    /* the first byte behind address to which far code jumps; 0: none */
	const char *why; /* it may not be patched, or NULL */
};

struct ts_candidates {
	struct ts_candidate *all;
	size_t n, room;
};

/* Left out where there is no memory. */
void ts_candidates_add(struct ts_candidates *candidates, const struct ts_candidate *candidate);

/*
 * Puts them in order of address, leaves out what a library exports and does not refer to itself, and fills
 * in `readable` and `jump`. Inside a walk; `scratch` need not outlive it.
 */
void ts_candidates_narrow(struct ts_candidates *candidates, struct ts_walk *walk,
			  struct ts_arena *scratch);

#endif
