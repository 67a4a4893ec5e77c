/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_STACK_H
#define TS_STACK_H

/* Call stacks of failures: events -> lines such as "trainer_run+0x1c (libagents.so)". */

#include <stddef.h>

#include "../../preload/abi.h"
#include "../log/dictionary.h"
#include "../pool.h"

struct ts_stacks; /* remembers what places are called */

/* Without `load`, or where the module `symbolize` cannot be had, no function is known. 0 or -ENOMEM. */
int ts_stacks_new(struct ts_stacks **ret, ts_module_symbol_fn *load);
void ts_stacks_free(struct ts_stacks *stacks); /* NULL is fine */

/*
 * The lines of `event`, innermost first, in `pool`; `thunk`, which may be NULL, names the function that
 * failed. What threw an exception, of the C++ runtime, is left out. 0 or -ENOMEM.
 */
int ts_stacks_lines(struct ts_stacks *stacks, const struct ts_dictionary *dictionary,
		    const struct ts_event_stack *event, const struct ts_thunk *thunk,
		    struct ts_pool *pool, const char *const **ret, size_t *ret_n);

#endif
