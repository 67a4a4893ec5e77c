/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POOL_H
#define TS_POOL_H

/* Memory that is given back all at once: the rows of a batch, the pieces of one JSON value. */

#include <stddef.h>

struct ts_pool_chunk;

struct ts_pool {
	struct ts_pool_chunk *chunks; /* newest first; a zeroed pool is empty */
	size_t used;                  /* of the newest */
};

/* `bytes` bytes, 16-aligned, not zeroed; NULL when there is no memory. */
void *ts_pool_alloc(struct ts_pool *pool, size_t bytes);

/* Gives back what lies behind the first `bytes` bytes of the latest allocation, `memory`. */
void ts_pool_trim(struct ts_pool *pool, void *memory, size_t bytes);

/* NUL-terminated copies; NULL when there is no memory. */
char *ts_pool_strndup(struct ts_pool *pool, const char *text, size_t bytes);
char *ts_pool_printf(struct ts_pool *pool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Ends all allocations; keeps one chunk of common size for the next ones. */
void ts_pool_reset(struct ts_pool *pool);

/* Ends all allocations and gives everything back; the pool is empty then. */
void ts_pool_release(struct ts_pool *pool);

#endif
