/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CLONE_H
#define TS_CLONE_H

/* What a function was called before the compiler cloned it. [setup] */

#include <stdbool.h>

#include "../system/arena.h"

/*
 * The name that `name` had in the source, of `arena` or `name` itself; *ret_changed: its parameters are
 * others than there. NULL: it is only a piece of a function, or there is no memory.
 */
const char *ts_clone_original(const char *name, struct ts_arena *arena, bool *ret_changed);

#endif
