/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_READING_H
#define TS_READING_H

/* What is known of a response so far. A provider's reader adds what each of its JSON values says. */

#include <stdbool.h>
#include <stdint.h>

#include "../text.h"
#include "answer.h"
#include "buffer.h"

struct ts_reading {
	bool streamed; /* a stream of events */
	struct ts_answer answer;
	struct ts_buffer usage;
	struct ts_buffer model, id, tier; /* characters, escaped */
	struct ts_buffer error, error_type;
	bool ended;  /* the stream's end mark came */
	bool failed; /* an error came */

	uint64_t now; /* ticks of what is being read */
	uint64_t first_ticks, latest_ticks, longest_ticks;
	uint32_t pieces;
};

void ts_reading_init(struct ts_reading *reading, struct ts_memory *memory, size_t bound);
void ts_reading_release(struct ts_reading *reading);

/* A piece of content; as ts_answer_piece. In a stream it is counted. */
void ts_reading_content(struct ts_reading *reading, struct ts_part_key key, struct ts_text piece);

/* Nodes that are strings; others change nothing, nor do empty ones. The latest holds. */
void ts_reading_model(struct ts_reading *reading, struct ts_text node);
void ts_reading_id(struct ts_reading *reading, struct ts_text node);
void ts_reading_tier(struct ts_reading *reading, struct ts_text node);

/* A node that is an object with members, in place of what came before, or its members in place of those. */
void ts_reading_usage(struct ts_reading *reading, struct ts_text node);
void ts_reading_usage_more(struct ts_reading *reading, struct ts_text node);

/* If the members `keys` (NULL behind the last) of an object are there, they are its usage. */
void ts_reading_usage_of(struct ts_reading *reading, struct ts_text node, const char *const *keys);

/*
 * An error in any of the shapes in use: {"error": {"type" | "code" | "status", "message"}}, {"error": "..."},
 * {"message": "..."}. False: the node tells of none.
 */
bool ts_reading_error(struct ts_reading *reading, struct ts_text node);

/* The same in words. */
void ts_reading_fail(struct ts_reading *reading, const char *type, struct ts_text message);

#endif
