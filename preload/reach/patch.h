/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PATCH_H
#define TS_PATCH_H

/*
 * Function entries that lead to a thunk's pad. [setup]; inside a walk.
 *
 *     function:  jmp stub                     5 bytes of the program's code
 *
 *     stub:      cmpl $0, %fs:inside          outside every trace, for a rule that starts none:
 *                jne  1f
 *     moved:     the function's first instructions
 *                jmp  function + taken
 *     1:         push %r11
 *                mov  $thunk, %r11
 *                jmp  *thunk->pad             and the pad calls `moved`
 *
 * Stubs lie in pages of their own within reach of the function, executable and never writable: they and
 * the function are written through /proc/self/mem, which needs no page to be opened. A thread that is
 * just about to run the bytes that are replaced would be lost, so there must be no other thread of the
 * program; its handlers wait.
 */

#include <stdbool.h>

#include "../entry.h"
#include "../system/maps.h"

/* Moves code, once the module `entry` is open. */
void ts_patch_use(ts_entry_move_fn *move);
bool ts_patch_can_move(void);

/* Is this the program's one thread, the flusher aside, in memory that no other process shares? */
bool ts_patch_is_alone(void);

/* Why nothing may be patched now, or NULL. */
const char *ts_patch_refusal(void);

/* What is to be written; made before there is a thunk. */
struct ts_patch {
	uintptr_t function;
	uintptr_t stub; /* the place of it */
	struct ts_entry_moved moved;
};

/*
 * NULL, or why the function cannot be patched. What is written must not be read as the program's code: all
 * functions that lie near each other are prepared before the first of them is patched.
 */
const char *ts_patch_prepare(const struct ts_entry_function *function, const struct ts_maps *maps,
			     struct ts_patch *ret);

/*
 * Leads the function's calls to thunk `index`, which is by entry; `starts_trace`: also those outside every
 * trace. NULL, or why it could not be.
 */
const char *ts_patch_apply(const struct ts_patch *patch, size_t index, bool starts_trace);

/* Leads also the calls outside every trace to thunk `index`, whose entry was patched. */
void ts_patch_open(size_t index);

/* Does a jump to one of our stubs stand at this address? */
bool ts_patch_stands_at(uintptr_t function);

/* ... or somewhere in [low, high)? */
bool ts_patch_stands_in(uintptr_t low, uintptr_t high);

#endif
