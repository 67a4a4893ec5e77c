/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_UNWINDERS_H
#define TS_UNWINDERS_H

/* Which unwinders are in the process, for the cleanup of variant b (hot/unwind.h). [setup] */

#include <stdbool.h>

#include "elf.h"

/* Does this object export one? */
bool ts_unwinders_is_one(const struct ts_object *object);

/*
 * Notes it; only once the object is relocated, for its code is run. False: another thread is still opening it, and it is to
 * be noted later.
 */
bool ts_unwinders_note(const struct ts_object *object);

/* Forgets those that are not among the objects loaded now, and finds out what tells which of these are open. */
void ts_unwinders_keep(const struct ts_object *objects, size_t n);

/* Is there one that the return pads can use? */
bool ts_unwinders_any(void);

#endif
