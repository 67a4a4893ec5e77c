/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_EVENTSTREAM_H
#define TS_EVENTSTREAM_H

/*
 * The binary framing of AWS (application/vnd.amazon.eventstream), in pieces. A message, its numbers big-endian:
 *
 *   4 bytes of the message, 4 of its headers, CRC-32 of these 8; headers; payload; CRC-32 of all before it
 *
 * A header: 1 byte of its name, the name, 1 byte of type, the value; of strings (7), all that counts, 2 bytes of length before it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_EVENTSTREAM_PRELUDE 12

/* What the headers of a message said. Empty: nothing. */
struct ts_message_type {
	char message[32]; /* "event", "exception", "error" */
	char event[64];   /* ":event-type", ":exception-type", ":error-code" */
};

struct ts_eventstream_target {
	void (*data)(void *user, const char *data, size_t bytes); /* payload */
	/* All of it was passed; `sound`: its checksum is right. */
	void (*message)(void *user, const struct ts_message_type *type, bool sound);
	void *user;
};

struct ts_eventstream { /* zeroed: before the stream */
	unsigned char prelude[TS_EVENTSTREAM_PRELUDE];
	uint32_t at, bytes, headers; /* of the message */
	uint32_t crc, expected;
	bool lost; /* a prelude was not sound: where messages begin is not known any more */
	struct ts_message_type type;
	/* the header in the making */
	unsigned char part;
	uint32_t left;
	char name[32];
	uint32_t name_bytes, value_bytes;
	unsigned char value_type;
};

void ts_eventstream_add(struct ts_eventstream *stream, const struct ts_eventstream_target *target,
			const char *data, size_t bytes);

#endif
