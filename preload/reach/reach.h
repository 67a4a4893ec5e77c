/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REACH_H
#define TS_REACH_H

/*
 * Functions that are to be reached by their entries: those that rules name and that calls reach without a
 * slot. All such functions of the program itself, what a library does not export, and what it exports
 * and calls directly as well. The C library and the dynamic linker are left alone: the shim stands on
 * them; so is what came with its own modules. [setup]; inside a walk: find for each object, patch once, finish.
 */

#include "../elf/walk.h"
#include "../hook/names.h"

/* 0, or -ENOMEM. */
int ts_reach_init(const struct ts_names *names);

/* Looks at what these objects export, then, where a rule needs it, at their files' symbols. */
void ts_reach_find(struct ts_walk *walk, const struct ts_object *const *objects, size_t n);

/* How many functions were found. */
size_t ts_reach_count(void);

/* Patches what was found, and keeps the reasons where that cannot be. */
void ts_reach_patch(struct ts_walk *walk);

/* Forgets what was found. */
void ts_reach_finish(void);

/* A function that could not be patched. */
struct ts_reach_refusal {
	const struct ts_rule *rule;
	const char *function;
	const char *object; /* its path */
	const char *why;    /* a fragment: "it is too short: 3 bytes" */
	struct ts_reach_refusal *next;
	struct ts_reach_refusal *same; /* of a name with the same hash; reach.c's own */
};

/* The last one first; NULL: none. */
const struct ts_reach_refusal *ts_reach_refusals(void);

#endif
