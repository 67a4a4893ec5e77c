/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_MEMORY_H
#define TS_HEADS_MEMORY_H

/*
 * Memory of one connection, within pages of its own: the program's malloc, which it may be in the middle of, is left alone,
 * no connection takes more than its pages hold, and to forget one is to unmap them. First fit: what is there at a time are some
 * hundred pieces.
 */

#include <stddef.h>

struct ts_heads_memory {
	char *room; /* 16-aligned */
	size_t bytes;
};

void ts_heads_memory_init(struct ts_heads_memory *memory, void *room, size_t bytes);

/* 16-aligned; NULL: there is no room. */
void *ts_heads_alloc(struct ts_heads_memory *memory, size_t bytes);

/* As realloc: NULL, and all is as it was. `piece` may be NULL. */
void *ts_heads_realloc(struct ts_heads_memory *memory, void *piece, size_t bytes);

/* NULL is fine. */
void ts_heads_free(void *piece);

#endif
