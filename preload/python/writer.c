// SPDX-License-Identifier: Apache-2.0
/* Values of the event log, one after another in a buffer. */

#include "front.h"

#include <stdlib.h>
#include <string.h>

#define CONTAINER \
	(2 * sizeof(struct ts_value) + 8) /* itself, and a last member that counts the rest */

/* Buffers that nobody uses; the GIL orders who takes one. */
struct buffer {
	struct buffer *next;
};

static struct buffer *spare;
static __thread bool busy;

bool ts_capture_start(struct ts_writer *ret)
{
	size_t bytes = ts_shim->conf->capture_bytes + 4096;
	struct buffer *buffer = spare;

	if (busy)
		return false;
	if (buffer)
		spare = buffer->next;
	else
		buffer = malloc(bytes);
	if (!buffer)
		return false;
	busy = true;
	*ret = (struct ts_writer){.start = (char *)buffer,
				  .at = (char *)buffer,
				  .end = (char *)buffer + (bytes & ~7UL)};
	return true;
}

void ts_capture_done(struct ts_writer *writer)
{
	struct buffer *buffer = (struct buffer *)writer->start;

	buffer->next = spare;
	spare = buffer;
	busy = false;
}

bool ts_capture_runs(void)
{
	return busy;
}

size_t ts_capture_room(const struct ts_writer *writer)
{
	size_t bytes = (size_t)(writer->end - writer->at);

	return bytes > sizeof(struct ts_value) ? bytes - sizeof(struct ts_value) : 0;
}

/* A value of `bytes` bytes, which fit, and are written by the caller. */
static char *add(struct ts_writer *writer, enum ts_value_type type, uint16_t param, size_t bytes)
{
	struct ts_value *value = (struct ts_value *)writer->at;

	*value = (struct ts_value){.type = (uint8_t)type, .param = param, .bytes = (uint32_t)bytes};
	writer->at += sizeof(*value) + TS_ALIGN8(bytes);
	if (bytes % 8)
		memset(writer->at - 8, 0, 8);
	return (char *)(value + 1);
}

bool ts_capture_number(struct ts_writer *writer, enum ts_value_type type, uint64_t bits,
		       uint16_t param)
{
	bool counts = type != TS_VALUE_NULL && type != TS_VALUE_REDACTED;
	char *at;

	if (ts_capture_room(writer) < 8)
		return false;
	at = add(writer, type, param, counts ? 8 : 0);
	if (counts)
		memcpy(at, &bits, 8);
	return true;
}

bool ts_capture_cut(struct ts_writer *writer, const char *head, size_t head_bytes, const char *tail,
		    size_t tail_bytes, size_t full, uint16_t param)
{
	size_t most = ts_capture_room(writer) & ~7UL;
	struct ts_value_cut cut = {.full_bytes = full};
	char *at;

	if (most < sizeof(cut) + 16)
		return false;
	most -= sizeof(cut);
	cut.head_bytes = (uint32_t)(head_bytes < most / 4 * 3 ? head_bytes : most / 4 * 3);
	cut.tail_bytes = (uint32_t)(tail_bytes < most / 4 ? tail_bytes : most / 4);
	at = add(writer, TS_VALUE_CUT, param, sizeof(cut) + cut.head_bytes + cut.tail_bytes);
	memcpy(at, &cut, sizeof(cut));
	memcpy(at + sizeof(cut), head, cut.head_bytes);
	memcpy(at + sizeof(cut) + cut.head_bytes, tail + tail_bytes - cut.tail_bytes,
	       cut.tail_bytes);
	return true;
}

bool ts_capture_text(struct ts_writer *writer, const char *text, size_t bytes, uint16_t param)
{
	if (TS_ALIGN8(bytes) > ts_capture_room(writer))
		return ts_capture_cut(writer, text, bytes, text, bytes, bytes, param);
	memcpy(add(writer, TS_VALUE_STRING, param, bytes), text, bytes);
	return true;
}

bool ts_capture_opaque(struct ts_writer *writer, const char *name, uint16_t param)
{
	size_t bytes = strlen(name);

	if (TS_ALIGN8(bytes) > ts_capture_room(writer))
		return false;
	memcpy(add(writer, TS_VALUE_OPAQUE, param, bytes), name, bytes);
	return true;
}

struct ts_value *ts_capture_open(struct ts_writer *writer, enum ts_value_type type, uint16_t param)
{
	struct ts_value *container = (struct ts_value *)writer->at;

	if (ts_capture_room(writer) < 2 * CONTAINER)
		return NULL;
	add(writer, type, param, 0);
	writer->end -= CONTAINER; /* kept for the count */
	return container;
}

void ts_capture_close(struct ts_writer *writer, struct ts_value *container, uint64_t n_omitted)
{
	writer->end += CONTAINER;
	if (n_omitted)
		ts_capture_number(writer, TS_VALUE_OMITTED, n_omitted, 0);
	container->bytes = (uint32_t)(writer->at - (char *)(container + 1));
}
