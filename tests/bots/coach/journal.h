/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_H
#define JOURNAL_H

/*
 * The journal: what was called for each message, by whom, with what and with what result. A turn is
 * one message being handled; threads that work for the same turn may write to it side by side.
 *
 * Formats are lists such as "user_id=l text=s": a name and the letter of what follows for it: d
 * int, u unsigned, l long, z size_t, f double, b bool, c char, s string, m bytes and their number.
 */

#include <stdio.h>

struct turn;

/* Where a thread works: inside which call of which turn; call 0: at its top. */
struct place {
	struct turn *turn;
	unsigned call;
};

struct turn *turn_new(long number);
void turn_free(struct turn *turn);

/* The last answer given, "" if there is none. */
const char *turn_answer(const struct turn *turn);

/* "claude_complete=1 memory_run=2": the calls below the first one, by name. From malloc. */
char *turn_counts(const struct turn *turn);

/*
 * A line a call, fields separated by tabs: message, call, caller's call, thread, function,
 * argument=value ..., result=value, and error="..." where it failed. Values are written as in JSON.
 */
void turn_write(const struct turn *turn, FILE *file);

struct place journal_place(void);
void journal_work_at(struct place place);

/* Both leave errno alone. The number that begin returns is for end; error 0: nothing went wrong. */
unsigned journal_begin(const char *function, const char *format, ...);
void journal_end(unsigned call, int error, const char *format, ...);
void journal_answer(const char *text);

#endif
