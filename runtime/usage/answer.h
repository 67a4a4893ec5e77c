/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_USAGE_ANSWER_H
#define TS_USAGE_ANSWER_H

/*
 * One object that may be an answer, or a piece of one: its members, gathered in one pass over its text, for it may be long
 * and is asked for many of them.
 */

#include <stdbool.h>

#include "../scan.h"

#define TS_ANSWER_MEMBERS 64 /* of more, the object is none of those that are known */

struct ts_answer {
	struct {
		struct ts_text key;
		struct ts_scanned value;
	} members[TS_ANSWER_MEMBERS];
	size_t n; /* zeroed: empty */
};

/* Adds what is left of an object in `scan`; of an object that is cut, head and tail one after the other. */
void ts_answer_add(struct ts_answer *answer, struct ts_scan scan);

/* What paths lead to (providers.h), from the answer, or from what the path `from` leads to where that is not "". */
bool ts_answer_find(const struct ts_answer *answer, const char *from, const char *paths,
		    struct ts_scanned *ret);

/* Does a condition hold? And one of a list of them? */
bool ts_answer_is(const struct ts_answer *answer, const char *condition);
bool ts_answer_is_any(const struct ts_answer *answer, const char *const *conditions);

#endif
