// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <stdbool.h>
#include <string.h>

/* Before each piece; the next one begins behind it. */
struct piece {
	_Alignas(16) size_t bytes; /* behind this; a multiple of 16 */
	bool used;
};

_Static_assert(sizeof(struct piece) == 16, "keeps pieces aligned");

static struct piece *first(const struct ts_heads_memory *memory)
{
	return (struct piece *)(void *)memory->room;
}

/* NULL: it was the last. */
static struct piece *next(const struct ts_heads_memory *memory, const struct piece *piece)
{
	char *end = (char *)(piece + 1) + piece->bytes;

	return end < memory->room + memory->bytes ? (struct piece *)(void *)end : NULL;
}

void ts_heads_memory_init(struct ts_heads_memory *memory, void *room, size_t bytes)
{
	*memory = (struct ts_heads_memory){room, bytes & ~(size_t)15};
	*first(memory) = (struct piece){.bytes = memory->bytes - sizeof(struct piece)};
}

/* Free pieces that follow it become part of it. */
static void join(const struct ts_heads_memory *memory, struct piece *piece)
{
	const struct piece *behind = next(memory, piece);

	for (; behind && !behind->used; behind = next(memory, piece))
		piece->bytes += sizeof(*behind) + behind->bytes;
}

static void *use(struct piece *piece, size_t bytes)
{
	if (piece->bytes > bytes) {
		struct piece *rest = (struct piece *)(void *)((char *)(piece + 1) + bytes);

		*rest = (struct piece){.bytes = piece->bytes - bytes - sizeof(*rest)};
		piece->bytes = bytes;
	}
	piece->used = true;
	return piece + 1;
}

void *ts_heads_alloc(struct ts_heads_memory *memory, size_t bytes)
{
	size_t wanted = (bytes + 15) & ~(size_t)15;

	if (bytes > memory->bytes)
		return NULL;
	for (struct piece *piece = first(memory); piece; piece = next(memory, piece)) {
		if (piece->used)
			continue;
		join(memory, piece);
		if (piece->bytes >= wanted)
			return use(piece, wanted);
	}
	return NULL;
}

void *ts_heads_realloc(struct ts_heads_memory *memory, void *old, size_t bytes)
{
	void *moved = ts_heads_alloc(memory, bytes);
	size_t old_bytes;

	if (!old || !moved)
		return moved;
	old_bytes = ((struct piece *)old)[-1].bytes;
	memcpy(moved, old, old_bytes < bytes ? old_bytes : bytes);
	ts_heads_free(old);
	return moved;
}

void ts_heads_free(void *piece)
{
	if (piece)
		((struct piece *)piece)[-1].used = false;
}
