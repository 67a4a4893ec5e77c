// SPDX-License-Identifier: Apache-2.0
/* An arena in which every piece is a piece of the heap, so that AddressSanitizer sees where each one ends. */

#include <stdlib.h>
#include <string.h>

#include "preload/system/arena.h"

struct ts_arena_chunk {
	struct ts_arena_chunk *next;
	_Alignas(16) char room[];
};

void *ts_arena_alloc(struct ts_arena *arena, size_t bytes)
{
	struct ts_arena_chunk *chunk = malloc(sizeof(*chunk) + bytes);

	if (!chunk)
		return NULL;
	memset(chunk->room, 0, bytes);
	chunk->next = arena->chunk;
	arena->chunk = chunk;
	return chunk->room;
}

char *ts_arena_strndup(struct ts_arena *arena, const char *text, size_t bytes)
{
	char *copy = ts_arena_alloc(arena, bytes + 1);

	if (copy)
		memcpy(copy, text, bytes);
	return copy;
}

void ts_arena_release(struct ts_arena *arena)
{
	while (arena->chunk) {
		struct ts_arena_chunk *next = arena->chunk->next;

		free(arena->chunk);
		arena->chunk = next;
	}
	arena->used = 0;
}
