/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PS_LINES_H
#define TS_COMMAND_PS_LINES_H

/* What each thread of a program is inside of: one line for each innermost call. */

#include "../../live/programs.h"

struct ts_psline {
	const struct ts_live_call *call;
	const struct ts_live_call **path; /* from the outermost call that is known to `call` */
	size_t depth;
	bool whole; /* the path begins with the trace's own call */
};

struct ts_pslines {
	const struct ts_live_program *program;
	struct ts_psline *lines; /* what waits for other threads last, else the longest first */
	size_t n;
	int64_t longest_ns; /* of those that wait for nobody; -1: there is none */
};

/* One for each program, what is longest inside of something first. NULL where memory ran out. */
struct ts_pslines *ts_pslines_new(const struct ts_programs *programs);
void ts_pslines_free(struct ts_pslines *lines, size_t n);

#endif
