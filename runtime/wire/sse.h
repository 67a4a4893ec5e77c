/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SSE_H
#define TS_SSE_H

/*
 * A stream of server-sent events (WHATWG HTML 9.2), in pieces. Of an event's data nothing is kept: it is passed on as it comes,
 * its lines joined by line feeds. An event that the end of the stream cuts off is passed on, too, for servers leave its last
 * empty line away; and a line that begins with '{' is no field but an error as bare JSON, which some put into a stream.
 */

#include <stdbool.h>
#include <stddef.h>

#define TS_SSE_NAME 64 /* of an event's name; longer ones are cut */

struct ts_sse_target {
	void (*data)(void *user, const char *data, size_t bytes);
	void (*event)(void *user,
		      const char *name); /* all its data was passed; "" without a name */
	void *user;
};

struct ts_sse { /* zeroed: before the stream */
	unsigned char state;
	unsigned char bom; /* bytes of one that were seen */
	bool skip_lf;      /* behind a carriage return */
	bool has_data;
	char field[8];
	unsigned char field_bytes; /* 8: too long to be one that counts */
	char name[TS_SSE_NAME];
	size_t name_bytes;
};

/* Bytes that were taken: all, unless a line of bare JSON begins; then those before it. */
size_t ts_sse_add(struct ts_sse *sse, const struct ts_sse_target *target, const char *data,
		  size_t bytes);

/*
 * Bytes were not seen: the rest of the line is passed over. True if they may belong to the data of an event, of which some was
 * passed on.
 */
bool ts_sse_miss(struct ts_sse *sse);

void ts_sse_end(struct ts_sse *sse, const struct ts_sse_target *target);

#endif
