/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BUFFER_H
#define TS_BUFFER_H

/* Bytes that grow, within what a connection may hold. */

#include <stdbool.h>
#include <stddef.h>

/* What a connection holds in all its buffers. */
struct ts_memory {
	size_t used;
	size_t most;
};

struct ts_buffer {
	struct ts_memory *memory;
	char *data;
	size_t bytes;
	size_t room;
	bool failed; /* something is missing at the end: no memory, or no more of it for this connection */
};

/* A copy of `data` at the end. */
void ts_buffer_add(struct ts_buffer *buffer, const void *data, size_t bytes);

/* A string at the end, without its NUL. */
void ts_buffer_text(struct ts_buffer *buffer, const char *text);

/* Room for so many in all. 0 or -ENOMEM. */
int ts_buffer_reserve(struct ts_buffer *buffer, size_t room);

/* Empties it; the memory stays. */
void ts_buffer_reset(struct ts_buffer *buffer);

/* Gives the memory back; it is empty then, and may be used again. */
void ts_buffer_release(struct ts_buffer *buffer);

#endif
