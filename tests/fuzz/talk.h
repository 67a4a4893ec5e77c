/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALK_H
#define TALK_H

/*
 * Messages of connections, made of any bytes, but with sizes that are right, and numbers that mostly follow on each other, as chance
 * would hardly have them. Two bytes say what a message is (enum talk_flags) and how many bytes it takes of what follows.
 */

#include <string.h>

#include "preload/abi.h"

enum talk_flags {
	TALK_RECEIVED = 1,
	TALK_LAST = 2,
	TALK_SKIPS = 4, /* a message before it, and bytes */
	TALK_INSIDE = 8,
	TALK_LISTED = 16,
	TALK_AGAIN = 32, /* its number was there before */
	TALK_CONNECTIONS = 64 | 128,
};

#define MOST_OF_MESSAGE (sizeof(struct ts_event_message) + 256 + 8)

static struct {
	uint32_t sequence;
	uint64_t offset[2];
} talk_of[4];

/* What is to be written at `out`; how many bytes. */
static uint32_t make_message(const uint8_t **data, size_t *bytes, uint8_t *out)
{
	uint8_t flags = (*data)[0], n = (*data)[1], which = flags >> 6;
	bool received = flags & TALK_RECEIVED;
	struct ts_event_message message = {
		.event = {.type = TS_EVENT_MESSAGE},
		.ticks = 1000u * talk_of[which].sequence,
		.connection = which + 1u,
		.tenant_bytes = flags & TALK_INSIDE ? 3 : 0,
	};

	*data += 2;
	*bytes -= 2;
	n = n < *bytes ? n : (uint8_t)*bytes;
	talk_of[which].sequence += flags & TALK_SKIPS ? 1 : 0;
	talk_of[which].offset[received] += flags & TALK_SKIPS ? n : 0;
	talk_of[which].sequence -= flags & TALK_AGAIN && talk_of[which].sequence ? 1 : 0;
	message.event.flags = (received ? TS_MESSAGE_RECEIVED : 0) |
			      (flags & TALK_LAST ? TS_MESSAGE_LAST : 0) |
			      (flags & TALK_INSIDE ? TS_MESSAGE_INSIDE | TS_MESSAGE_PARENT : 0) |
			      (flags & TALK_LISTED ? TS_MESSAGE_LISTED : 0);
	message.ending = 1 + n % 4;
	message.sequence = talk_of[which].sequence++;
	message.offset = talk_of[which].offset[received];
	message.text_bytes = n;
	message.event.bytes = (uint32_t)(sizeof(message) + TS_ALIGN8(message.tenant_bytes) +
					 TS_ALIGN8((uint32_t)n));
	talk_of[which].offset[received] += n;
	memset(out, 0, message.event.bytes);
	memcpy(out, &message, sizeof(message));
	memcpy(out + sizeof(message), "a\xff", message.tenant_bytes);
	memcpy(out + sizeof(message) + TS_ALIGN8(message.tenant_bytes), *data, n);
	*data += n;
	*bytes -= n;
	return message.event.bytes;
}

/* All of them, as far as they fit into `room` bytes; answers how many they take. */
static uint32_t make_talk(const uint8_t *data, size_t bytes, uint8_t *out, size_t room)
{
	uint32_t n = 0;

	while (bytes >= 2 && room - n >= MOST_OF_MESSAGE)
		n += make_message(&data, &bytes, out + n);
	return n;
}

#endif
