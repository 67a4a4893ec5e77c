/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_OBJECTS_H
#define TS_OBJECTS_H

/* The objects that call stacks name, numbered as they are first seen. Callers have locked (callers.c). */

#include <stddef.h>
#include <stdint.h>

struct ts_call_site;

struct ts_seen_object {
	uintptr_t base, low, high;
	const char *name;     /* the dynamic linker's, copied */
	const char *path;     /* absolute */
	const char *build_id; /* in hexadecimal; empty: none */
};

/* The number of the object that a site lies in; -1: there is no room for more, or no memory. */
int ts_objects_index(const struct ts_call_site *site);

size_t ts_objects_count(void);
const struct ts_seen_object *ts_objects_get(size_t index);

#endif
