/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SHOW_SEEN_H
#define TS_COMMAND_SHOW_SEEN_H

/* What the tables' `attributes` say that people should see. */

#include <stdbool.h>
#include <stddef.h>

#define TS_ENDED_BY_EXEC "the process became another program"
#define TS_SEEN_CALLS    97 /* 64 lines of a language's own, and what native code has */

struct ts_seen {
	char thread_name[64];           /* "" if unknown */
	char dropped[256];              /* "12 ring_full, 3 too_deep", or "" */
	bool exec;                      /* the process became another program */
	char stack[TS_SEEN_CALLS][512]; /* of what failed, innermost first */
	size_t n_stack;
};

/* From the column's JSON; NULL, or what cannot be read, says nothing. */
void ts_seen_read(const char *attributes, struct ts_seen *ret);

#endif
