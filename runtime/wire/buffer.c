// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

int ts_buffer_reserve(struct ts_buffer *buffer, size_t room)
{
	size_t more;
	char *grown;

	if (room <= buffer->room)
		return 0;
	more = room - buffer->room;
	grown = buffer->memory->most - buffer->memory->used < more ? NULL
								   : realloc(buffer->data, room);
	if (!grown)
		return -ENOMEM;
	buffer->memory->used += more;
	buffer->data = grown;
	buffer->room = room;
	return 0;
}

/* Twice as much, or, where that is too much, just enough. */
static int grow(struct ts_buffer *buffer, size_t wanted)
{
	size_t room = buffer->room ? buffer->room : FIRST_ROOM;

	while (room < wanted)
		room *= 2;
	return ts_buffer_reserve(buffer, room) < 0 ? ts_buffer_reserve(buffer, wanted) : 0;
}

void ts_buffer_add(struct ts_buffer *buffer, const void *data, size_t bytes)
{
	if (!bytes || buffer->failed)
		return;
	if (buffer->room - buffer->bytes < bytes && grow(buffer, buffer->bytes + bytes) < 0) {
		buffer->failed = true;
		return;
	}
	memcpy(buffer->data + buffer->bytes, data, bytes);
	buffer->bytes += bytes;
}

void ts_buffer_text(struct ts_buffer *buffer, const char *text)
{
	ts_buffer_add(buffer, text, strlen(text));
}

void ts_buffer_reset(struct ts_buffer *buffer)
{
	buffer->bytes = 0;
	buffer->failed = false;
}

void ts_buffer_release(struct ts_buffer *buffer)
{
	free(buffer->data);
	if (buffer->memory)
		buffer->memory->used -= buffer->room;
	*buffer = (struct ts_buffer){.memory = buffer->memory};
}
