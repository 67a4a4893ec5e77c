// SPDX-License-Identifier: Apache-2.0
#include "heap.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((size_t)256 << 10)
#define LARGE       ((size_t)32 << 10) /* from here on a mapping each */
#define N_SIZES     40                 /* four a power of two */

struct piece {
	_Alignas(16) size_t room; /* bytes behind it */
	struct piece *next;       /* of the free ones of its size */
};

struct chunk {
	_Alignas(16) struct chunk *next;
};

/* SQLite calls all of this under its lock of memory statistics, which it keeps by default. */
static struct {
	struct chunk *chunks; /* the newest first */
	size_t used;          /* of the newest */
	struct piece *free[N_SIZES];
	size_t n_live; /* pieces in chunks that SQLite has */
} heap;

static struct piece *piece_of(void *memory)
{
	return (struct piece *)memory - 1;
}

/* The size that so many bytes take: 16, 32, 48, 64, 80, 96, 112, 128, 160, ... */
static size_t room_for(size_t bytes, unsigned *ret_size)
{
	size_t last = bytes ? bytes - 1 : 0;
	unsigned top = last < 64 ? 5 : 63 - (unsigned)__builtin_clzl(last);
	unsigned step = last < 64 ? 4 : top - 2;

	*ret_size = (top - 5) * 4 + (unsigned)(last >> step & 3);
	return ((last >> step) + 1) << step;
}

static void *map(size_t bytes)
{
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

static void *take(struct piece *piece, size_t room)
{
	if (!piece)
		return NULL;
	piece->room = room;
	return piece + 1;
}

static struct piece *cut(size_t room)
{
	size_t bytes = sizeof(struct piece) + room;
	struct chunk *chunk = heap.chunks;

	if (!chunk || CHUNK_BYTES - heap.used < bytes) {
		chunk = map(CHUNK_BYTES);
		if (!chunk)
			return NULL;
		chunk->next = heap.chunks;
		heap.chunks = chunk;
		heap.used = sizeof(*chunk);
	}
	heap.used += bytes;
	return (struct piece *)((char *)chunk + heap.used - bytes);
}

static void *allocate(int bytes)
{
	struct piece *piece;
	unsigned size;
	size_t room;

	if ((size_t)bytes > LARGE)
		return take(map(sizeof(*piece) + (size_t)bytes), (size_t)bytes);
	room = room_for((size_t)bytes, &size);
	piece = heap.free[size];
	if (piece)
		heap.free[size] = piece->next;
	else
		piece = cut(room);
	heap.n_live += piece != NULL;
	return take(piece, room);
}

static void give_all_back(void)
{
	struct chunk *next;

	for (struct chunk *chunk = heap.chunks; chunk; chunk = next) {
		next = chunk->next;
		munmap(chunk, CHUNK_BYTES);
	}
	memset(&heap, 0, sizeof(heap));
}

static void give(void *memory)
{
	struct piece *piece = piece_of(memory);
	unsigned size;

	if (piece->room > LARGE) {
		munmap(piece, sizeof(*piece) + piece->room);
		return;
	}
	room_for(piece->room, &size);
	piece->next = heap.free[size];
	heap.free[size] = piece;
	if (--heap.n_live == 0)
		give_all_back();
}

static int size_of(void *memory)
{
	return memory ? (int)piece_of(memory)->room : 0;
}

static int round_up(int bytes)
{
	unsigned size;

	return (size_t)bytes > LARGE ? bytes : (int)room_for((size_t)bytes, &size);
}

static void *move(void *memory, int bytes)
{
	struct piece *piece = piece_of(memory);
	size_t before = piece->room, wanted = (size_t)bytes;
	void *moved;

	if (before > LARGE && wanted > LARGE) {
		piece = mremap(piece, sizeof(*piece) + before, sizeof(*piece) + wanted,
			       MREMAP_MAYMOVE);
		return piece == MAP_FAILED ? NULL : take(piece, wanted);
	}
	moved = allocate(bytes);
	if (moved) {
		memcpy(moved, memory, before < wanted ? before : wanted);
		give(memory);
	}
	return moved;
}

static int start(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void end(void *unused)
{
	(void)unused;
}

void ts_sqlite_heap_begin(void)
{
	static const sqlite3_mem_methods methods = {.xMalloc = allocate,
						    .xFree = give,
						    .xRealloc = move,
						    .xSize = size_of,
						    .xRoundup = round_up,
						    .xInit = start,
						    .xShutdown = end};

	sqlite3_config(SQLITE_CONFIG_MALLOC, &methods); /* refused while SQLite is in use */
}
