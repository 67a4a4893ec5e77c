// SPDX-License-Identifier: Apache-2.0
#include "pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((size_t)1 << 16)
#define ALIGN16(n)  (((n) + 15) & ~(size_t)15)

struct ts_pool_chunk {
	struct ts_pool_chunk *next;
	size_t bytes; /* of data */
	_Alignas(16) char data[];
};

#define COMMON_BYTES (CHUNK_BYTES - sizeof(struct ts_pool_chunk))

/*
 * Pages of our own: a batch takes megabytes for a moment, and malloc, in the traced program, would
 * keep them for as long as the program lives.
 */
static int add_chunk(struct ts_pool *pool, size_t bytes)
{
	struct ts_pool_chunk *chunk;

	if (bytes < COMMON_BYTES)
		bytes = COMMON_BYTES;
	chunk = mmap(NULL, sizeof(*chunk) + bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk == MAP_FAILED)
		return 0;
	chunk->next = pool->chunks;
	chunk->bytes = bytes;
	pool->chunks = chunk;
	pool->used = 0;
	return 1;
}

static void free_chunk(struct ts_pool_chunk *chunk)
{
	munmap(chunk, sizeof(*chunk) + chunk->bytes);
}

void *ts_pool_alloc(struct ts_pool *pool, size_t bytes)
{
	void *memory;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = ALIGN16(bytes);
	if ((!pool->chunks || pool->chunks->bytes - pool->used < bytes) && !add_chunk(pool, bytes))
		return NULL;
	memory = pool->chunks->data + pool->used;
	pool->used += bytes;
	return memory;
}

void ts_pool_trim(struct ts_pool *pool, void *memory, size_t bytes)
{
	pool->used = (size_t)((char *)memory - pool->chunks->data) + ALIGN16(bytes);
}

char *ts_pool_strndup(struct ts_pool *pool, const char *text, size_t bytes)
{
	char *copy = ts_pool_alloc(pool, bytes + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, bytes);
	copy[bytes] = 0;
	return copy;
}

char *ts_pool_printf(struct ts_pool *pool, const char *format, ...)
{
	va_list args;
	char *text;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (bytes < 0)
		return NULL;
	text = ts_pool_alloc(pool, (size_t)bytes + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)bytes + 1, format, args);
	va_end(args);
	return text;
}

void ts_pool_reset(struct ts_pool *pool)
{
	struct ts_pool_chunk *keep = NULL;

	while (pool->chunks) {
		struct ts_pool_chunk *chunk = pool->chunks;

		pool->chunks = chunk->next;
		if (!keep && chunk->bytes == COMMON_BYTES)
			keep = chunk;
		else
			free_chunk(chunk);
	}
	if (keep)
		keep->next = NULL;
	pool->chunks = keep;
	pool->used = 0;
}

void ts_pool_release(struct ts_pool *pool)
{
	ts_pool_reset(pool);
	if (pool->chunks)
		free_chunk(pool->chunks);
	pool->chunks = NULL;
}
