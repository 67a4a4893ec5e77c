/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_UNWINDERS_H
#define TS_UNWINDERS_H

/* Which unwinders are in the process, for the cleanup of variant b (hot/unwind.h). [setup] */

#include <stdbool.h>

#include "../elf/elf.h"

/* Does this object export one? */
bool ts_unwinders_is_one(const struct ts_object *object);

/* Has the dynamic linker relocated all that came with it? True, too, where that cannot be told (glibc before 2.35). */
bool ts_unwinders_is_open(const struct ts_object *object);

/*
 * Notes it; only once the object is relocated, for its code is run. False: another thread is still opening it, or a
 * module, and it is to be noted later.
 */
bool ts_unwinders_note(const struct ts_object *object);

/*
 * Is it a library of its own that came with another, and may go with that at any moment? Until it was held it is not to be
 * noted: an exception may pass before anybody has seen that it went, and would be given functions that are no more.
 */
bool ts_unwinders_may_go(const struct ts_object *object);

/* Holds what may go, outside every walk. True: it stays from now on, and another walk can note it. */
bool ts_unwinders_hold(void);

/* Forgets those that are not among the objects loaded now, and finds out what tells which of these are open. */
void ts_unwinders_keep(const struct ts_object *objects, size_t n);

/* Is there one that the return pads can use? */
bool ts_unwinders_any(void);

#endif
