/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_GATE_LINE_H
#define TS_COMMAND_GATE_LINE_H

/* A line of a file of gates: its words, and what is wrong with them. */

#include "file.h"

#define TS_GATE_MOST_FAULTS 20 /* that are told of one file */
#define TS_GATE_QUOTED      40 /* bytes of the file that a sentence repeats */

/* A stretch of a line, without spaces around it. */
struct ts_gate_word {
	const char *at;
	size_t n;
};

struct ts_gate_reader {
	struct ts_gate_file *file;
	const char *line; /* where it begins */
	unsigned number;
	bool no_memory;
	/* of the section */
	bool has_pipeline, has_action;
	bool skips; /* a section that is none: its lines say nothing of their own */
};

bool ts_gate_is_space(char c);
struct ts_gate_word ts_gate_trim(struct ts_gate_word word);
bool ts_gate_is(struct ts_gate_word word, const char *name);

/* Which of n names; n: none of them. */
size_t ts_gate_find(struct ts_gate_word word, const char *const *names, size_t n);

/* The next word of a requirement: relations are words of their own, spaces or not. Empty at the end. */
struct ts_gate_word ts_gate_next(struct ts_gate_word *rest);

/* A copy that lives as long as the file; "" where memory ran out. */
const char *ts_gate_copy(struct ts_gate_reader *reader, struct ts_gate_word word);

/* Grows an array by one element, zeroed; NULL where memory ran out. */
void *ts_gate_push(struct ts_gate_reader *reader, void *array_of_pointer, size_t *n, size_t size);

/* A fault of the line, at that place in it. */
void ts_gate_fault_at(struct ts_gate_reader *reader, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What the file says, cut where it is long, in quotes; or " (did you mean 'pipeline'?)", or nothing. */
struct ts_gate_quote {
	char text[TS_GATE_QUOTED + 24];
};

struct ts_gate_quote ts_gate_quote(struct ts_gate_word word);
struct ts_gate_quote ts_gate_hint(struct ts_gate_word word, const char *const *names, size_t n);

#endif
