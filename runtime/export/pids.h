/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PIDS_H
#define TS_PIDS_H

/* Processes by program, host and pid, each with a number that no other one has: the pid, where that is free. */

#include <stdbool.h>
#include <stdint.h>

#include "../span.h"

struct ts_pid {
	const char *host; /* or "" */
	const char *program;
	int64_t pid;
	int64_t shown; /* its number */
};

struct ts_pids {         /* zeroed: none */
	void *processes; /* a tree */
	void *shown;     /* a tree of the numbers that are taken */
	int64_t extra;   /* numbers given that are nobody's pid */
};

/* The process of the trace; *ret_new: it has not been met before. Lives as long as the pids. NULL: no memory. */
const struct ts_pid *ts_pids_find(struct ts_pids *pids, const struct ts_trace *trace,
				  bool *ret_new);

void ts_pids_release(struct ts_pids *pids);

#endif
