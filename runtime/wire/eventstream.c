// SPDX-License-Identifier: Apache-2.0
#include "eventstream.h"

#include <string.h>
#include <zlib.h>

#define CRC_BYTES 4
#define STRING    7

enum { NAME_BYTES, NAME, TYPE, LENGTH_HIGH, LENGTH_LOW, VALUE, UNKNOWN };

static uint32_t number_at(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static uint32_t crc_of(uint32_t crc, const void *data, size_t bytes)
{
	return (uint32_t)crc32_z(crc, data, bytes);
}

/* --- headers --------------------------------------------------------------------------- */

static bool is_named(const struct ts_eventstream *stream, const char *name)
{
	return stream->name_bytes == strlen(name) &&
	       !memcmp(stream->name, name, stream->name_bytes);
}

/* Where the value of the current header goes; NULL: it does not count. */
static char *value_room(struct ts_eventstream *stream, size_t *ret_room)
{
	if (stream->value_type == STRING && is_named(stream, ":message-type")) {
		*ret_room = sizeof(stream->type.message);
		return stream->type.message;
	}
	if (stream->value_type == STRING &&
	    (is_named(stream, ":event-type") || is_named(stream, ":exception-type") ||
	     is_named(stream, ":error-code"))) {
		*ret_room = sizeof(stream->type.event);
		return stream->type.event;
	}
	return NULL;
}

static void add_to_value(struct ts_eventstream *stream, char c)
{
	size_t room = 0;
	char *value = value_room(stream, &room);

	if (value && stream->value_bytes + 1 < room) {
		value[stream->value_bytes++] = c;
		value[stream->value_bytes] = 0;
	}
}

/* Bytes of a value of this type; 0: none, or it has a length of its own. */
static unsigned fixed_bytes(unsigned char type)
{
	static const unsigned char bytes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};

	return type < sizeof(bytes) ? bytes[type] : 0;
}

static void begin_value(struct ts_eventstream *stream, unsigned char type)
{
	stream->value_type = type;
	stream->value_bytes = 0;
	stream->left = fixed_bytes(type);
	if (type == 6 || type == STRING)
		stream->part = LENGTH_HIGH;
	else
		stream->part = type > 9 ? UNKNOWN : stream->left ? VALUE : NAME_BYTES;
}

static void header_byte(struct ts_eventstream *stream, unsigned char c)
{
	switch (stream->part) {
	case NAME_BYTES:
		stream->left = c;
		stream->name_bytes = 0;
		stream->part = c ? NAME : TYPE;
		break;
	case NAME:
		if (stream->name_bytes < sizeof(stream->name))
			stream->name[stream->name_bytes++] = (char)c;
		if (!--stream->left)
			stream->part = TYPE;
		break;
	case TYPE:
		begin_value(stream, c);
		break;
	case LENGTH_HIGH:
		stream->left = (uint32_t)c << 8;
		stream->part = LENGTH_LOW;
		break;
	case LENGTH_LOW:
		stream->left |= c;
		stream->part = stream->left ? VALUE : NAME_BYTES;
		break;
	case VALUE:
		add_to_value(stream, (char)c);
		if (!--stream->left)
			stream->part = NAME_BYTES;
		break;
	}
}

/* --- messages -------------------------------------------------------------------------- */

/* The prelude is there. */
static void begin_message(struct ts_eventstream *stream)
{
	stream->bytes = number_at(stream->prelude);
	stream->headers = number_at(stream->prelude + 4);
	stream->crc = crc_of(0, stream->prelude, TS_EVENTSTREAM_PRELUDE);
	stream->expected = 0;
	stream->part = NAME_BYTES;
	stream->type = (struct ts_message_type){0};
	stream->lost = number_at(stream->prelude + 8) != crc_of(0, stream->prelude, 8) ||
		       stream->bytes < TS_EVENTSTREAM_PRELUDE + CRC_BYTES ||
		       stream->headers > stream->bytes - TS_EVENTSTREAM_PRELUDE - CRC_BYTES;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Takes bytes of one part of the message; how many. */
static size_t take(struct ts_eventstream *stream, const struct ts_eventstream_target *target,
		   const char *data, size_t bytes)
{
	uint32_t payload = TS_EVENTSTREAM_PRELUDE + stream->headers,
		 end = stream->bytes - CRC_BYTES;

	if (stream->at < TS_EVENTSTREAM_PRELUDE) {
		stream->prelude[stream->at] = (unsigned char)*data;
		if (stream->at == TS_EVENTSTREAM_PRELUDE - 1)
			begin_message(stream);
		return 1;
	}
	if (stream->at < payload) {
		bytes = least(bytes, payload - stream->at);
		for (size_t i = 0; i < bytes; i++)
			header_byte(stream, (unsigned char)data[i]);
	} else if (stream->at < end) {
		bytes = least(bytes, end - stream->at);
		target->data(target->user, data, bytes);
	} else {
		stream->expected = stream->expected << 8 | (unsigned char)*data;
		return 1;
	}
	stream->crc = crc_of(stream->crc, data, bytes);
	return bytes;
}

void ts_eventstream_add(struct ts_eventstream *stream, const struct ts_eventstream_target *target,
			const char *data, size_t bytes)
{
	while (bytes && !stream->lost) {
		size_t n = take(stream, target, data, bytes);

		data += n;
		bytes -= n;
		stream->at += (uint32_t)n;
		if (stream->at < TS_EVENTSTREAM_PRELUDE || stream->at < stream->bytes ||
		    stream->lost)
			continue;
		target->message(target->user, &stream->type, stream->crc == stream->expected);
		stream->at = 0;
	}
}
