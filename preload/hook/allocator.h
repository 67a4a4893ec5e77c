/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ALLOCATOR_H
#define TS_ALLOCATOR_H

/*
 * CPython allocates the entry of an audit hook with the allocator there is when the hook is added, and frees it with the one
 * there is at its end. Where the first is plain and the second looks for mistakes (python -X dev, PYTHONMALLOC),
 * it takes the entry for one. So the allocator is put right at the last event of all.
 */

#include "../elf/elf.h"

#define TS_ALLOCATOR_EVENT "cpython._PySys_ClearAuditHooks"

/* The object is an interpreter's. [setup] */
void ts_allocator_find(const struct ts_object *object);

/* A hook is about to be added, with data of its own to know its entry by. [setup] */
void ts_allocator_before_hook(void *data);

/* The entries of hooks are about to be freed. */
void ts_allocator_before_clear(void);

#endif
