/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_STACKS_H
#define TS_STACKS_H

/*
 * Stacks other than the threads' own: coroutines', and alternate ones for signals. Their bounds come from
 * whoever made them (makecontext, boost's make_fcontext), from sigaltstack, or from the page below that
 * nobody may touch. What has none of these is taken for unknown: calls on it become spans of their
 * thread's innermost call and nobody's parents. [setup]
 *
 * Once a coroutine has been seen, any thread may be inside a trace without knowing: from then on all
 * calls ask, also those outside.
 */

#include <stdbool.h>
#include <stdint.h>

/* The stack that `slot` lies on, for ts_stack_of from now on. In the slow path, signals blocked. */
void ts_stacks_find(uintptr_t slot);

/* A coroutine is made whose stack is [low, high). Any thread. */
void ts_stacks_made(uintptr_t low, uintptr_t high);

/* Is it a function that makes coroutines? */
bool ts_stacks_watches(const char *name);

/*
 * What a slot that is bound to such a function at `address` shall hold instead, so that we see them being
 * made; `address` where it cannot be watched.
 */
uintptr_t ts_stacks_watch(const char *name, uintptr_t address);

#endif
