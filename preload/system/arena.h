/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ARENA_H
#define TS_ARENA_H

/*
 * Memory of the shim's own, from mmap: what setup builds lives as long as the program, and the
 * program's malloc is left alone. [setup]; a caller that shares an arena between threads locks.
 */

#include <stdbool.h>
#include <stddef.h>

struct ts_arena_chunk;

struct ts_arena {
	struct ts_arena_chunk *chunk; /* the newest; zero-initialised is empty */
	size_t used;
	bool failed; /* there was no memory, once */
};

/* `bytes` zeroed bytes, 16-aligned; NULL when there is no memory. */
void *ts_arena_alloc(struct ts_arena *arena, size_t bytes);

/* A NUL-terminated copy; NULL when there is no memory. */
char *ts_arena_strndup(struct ts_arena *arena, const char *text, size_t bytes);

/* Gives everything back. */
void ts_arena_release(struct ts_arena *arena);

#endif
