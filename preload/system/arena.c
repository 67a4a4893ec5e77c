// SPDX-License-Identifier: Apache-2.0
/* A bump allocator on chunks of mmap. */

#include "arena.h"

#include <string.h>
#include <sys/mman.h>

#include "sys.h"

#define CHUNK_BYTES  (64 * 1024)
#define HEADER_BYTES 16

struct ts_arena_chunk {
	struct ts_arena_chunk *older;
	size_t bytes; /* of the mapping, this header included */
};

static int add_chunk(struct ts_arena *arena, size_t bytes)
{
	size_t wanted = (bytes + HEADER_BYTES + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
	struct ts_arena_chunk *chunk;

	chunk = ts_sys_mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	if (ts_sys_failed(chunk)) {
		arena->failed = true;
		return -1;
	}
	chunk->older = arena->chunk;
	chunk->bytes = wanted;
	arena->chunk = chunk;
	arena->used = HEADER_BYTES;
	return 0;
}

void *ts_arena_alloc(struct ts_arena *arena, size_t bytes)
{
	size_t wanted = (bytes + 15) & ~(size_t)15;
	char *result;

	if (wanted < bytes)
		return NULL;
	if (!arena->chunk || arena->chunk->bytes - arena->used < wanted)
		if (add_chunk(arena, wanted) < 0)
			return NULL;
	result = (char *)arena->chunk + arena->used;
	arena->used += wanted;
	return result;
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
		struct ts_arena_chunk *older = arena->chunk->older;

		ts_sys_munmap(arena->chunk, arena->chunk->bytes);
		arena->chunk = older;
	}
	arena->used = 0;
}
