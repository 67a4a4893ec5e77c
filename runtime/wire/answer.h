/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ANSWER_H
#define TS_ANSWER_H

/*
 * The pieces of an answer, put together. As JSON:
 *
 *   [{"role": "assistant", "parts": [PART, ...], "finish_reason": "stop"}, ...]
 *
 * one for each choice the model made, where PART is, in the order in which they began,
 *
 *   {"type": "text", "content": "..."}
 *   {"type": "reasoning", "content": "..."}
 *   {"type": "tool_call", "id": "...", "name": "...", "arguments": ...}
 *
 * `arguments` are the JSON value that the pieces make, or, if they make none, a string. Texts that are too long are
 * {"head": ..., "tail": ..., "truncated": N}. An id, a name or a finish reason that nobody told is left out.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../text.h"
#include "cut.h"

enum ts_part_kind { TS_PART_TEXT, TS_PART_REASONING, TS_PART_TOOL };

/* Which part of an answer a piece belongs to. */
struct ts_part_key {
	uint32_t choice;
	uint32_t number; /* of the part among those of its kind, or of all: what the API counts */
	enum ts_part_kind kind;
};

struct ts_part;
struct ts_choice;

struct ts_answer {
	struct ts_memory *memory;
	size_t bound; /* of one text; of later ones less */
	struct ts_part *parts;
	struct ts_choice *choices;
	uint32_t n_parts, n_choices;
	uint32_t tool_calls;
};

void ts_answer_init(struct ts_answer *answer, struct ts_memory *memory, size_t bound);

/*
 * A piece of a text, or of arguments: a node that is a string, or a string that was cut. Others are nothing, save that a
 * tool's arguments may be any value. True if there was something in it.
 */
bool ts_answer_piece(struct ts_answer *answer, struct ts_part_key key, struct ts_text piece);

/* There is such a tool call; nodes, of which those that are no strings are ignored. */
void ts_answer_tool(struct ts_answer *answer, struct ts_part_key key, struct ts_text id,
		    struct ts_text name);

/* How a choice ended; a node. */
void ts_answer_finish(struct ts_answer *answer, uint32_t choice, struct ts_text reason);

/* Whether any choice has said how it ended. */
bool ts_answer_finished(const struct ts_answer *answer);

/* Whether there are choices, and all have. */
bool ts_answer_all_finished(const struct ts_answer *answer);

bool ts_answer_is_empty(const struct ts_answer *answer);

void ts_answer_print(const struct ts_answer *answer, struct ts_buffer *to);

void ts_answer_release(struct ts_answer *answer);

#endif
