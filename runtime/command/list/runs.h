/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_LIST_RUNS_H
#define TS_COMMAND_LIST_RUNS_H

/* `traceshim list --runs`: processes, and what became of the calls they began. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ts_query;

struct ts_runs_options {
	int64_t since_us; /* that lived then or later */
	size_t limit;
	bool json;
	int64_t now_us;
};

/* Prints them; answers the exit status. */
int ts_runs_list(struct ts_query *query, const struct ts_runs_options *options);

#endif
