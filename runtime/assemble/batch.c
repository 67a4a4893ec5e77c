// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_ROOM 64

/* Pages of their own, as the pool's: malloc, in the traced program, would keep what the largest batch took. */
static int reserve(void **rows, size_t *room, size_t n, size_t row_bytes)
{
	size_t wanted = *room ? *room * 2 : FIRST_ROOM;
	void *grown;

	if (n < *room)
		return 0;
	grown = *room ? mremap(*rows, *room * row_bytes, wanted * row_bytes, MREMAP_MAYMOVE)
		      : mmap(NULL, wanted * row_bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (grown == MAP_FAILED)
		return -ENOMEM;
	*rows = grown;
	*room = wanted;
	return 0;
}

int ts_rows_reserve(struct ts_rows *rows)
{
	if (reserve((void **)&rows->traces, &rows->traces_room, rows->n_traces,
		    sizeof(*rows->traces)) < 0)
		return -ENOMEM;
	return reserve((void **)&rows->spans, &rows->spans_room, rows->n_spans,
		       sizeof(*rows->spans));
}

struct ts_batch ts_rows_batch(const struct ts_rows *rows)
{
	return (struct ts_batch){
		.traces = rows->traces,
		.n_traces = rows->n_traces,
		.spans = rows->spans,
		.n_spans = rows->n_spans,
	};
}

void ts_rows_reset(struct ts_rows *rows)
{
	ts_pool_reset(&rows->pool);
	rows->n_traces = rows->n_spans = 0;
	if (rows->traces_room > FIRST_ROOM || rows->spans_room > FIRST_ROOM)
		ts_rows_release(rows);
}

void ts_rows_release(struct ts_rows *rows)
{
	ts_pool_release(&rows->pool);
	if (rows->traces_room)
		munmap(rows->traces, rows->traces_room * sizeof(*rows->traces));
	if (rows->spans_room)
		munmap(rows->spans, rows->spans_room * sizeof(*rows->spans));
	memset(rows, 0, sizeof(*rows));
}
