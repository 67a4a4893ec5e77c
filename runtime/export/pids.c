// SPDX-License-Identifier: Apache-2.0
#include "pids.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define NOBODYS 4194305 /* and what lies above: more than PID_MAX_LIMIT */

struct process {
	struct ts_pid public; /* first */
	char text[];
};

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_processes(const void *a, const void *b)
{
	const struct ts_pid *x = a, *y = b;
	int order = compare_numbers(x->pid, y->pid);

	order = order ? order : strcmp(x->host, y->host);
	return order ? order : strcmp(x->program, y->program);
}

static int compare_shown(const void *a, const void *b)
{
	return compare_numbers(((const struct ts_pid *)a)->shown,
			       ((const struct ts_pid *)b)->shown);
}

static struct process *copy(const struct ts_pid *key)
{
	size_t host = strlen(key->host) + 1, program = strlen(key->program) + 1;
	struct process *process = malloc(sizeof(*process) + host + program);

	if (!process)
		return NULL;
	process->public = *key;
	process->public.host = memcpy(process->text, key->host, host);
	process->public.program = memcpy(process->text + host, key->program, program);
	return process;
}

static bool choose_number(struct ts_pids *pids, struct ts_pid *process)
{
	bool is_pid = process->pid > 0 && process->pid < NOBODYS;
	void **found;

	process->shown = is_pid ? process->pid : NOBODYS + pids->extra++;
	found = tsearch(process, &pids->shown, compare_shown);
	if (found && *found != process) {
		process->shown = NOBODYS + pids->extra++;
		found = tsearch(process, &pids->shown, compare_shown);
	}
	return found;
}

const struct ts_pid *ts_pids_find(struct ts_pids *pids, const struct ts_trace *trace, bool *ret_new)
{
	const struct ts_pid key = {
		.host = trace->host ? trace->host : "",
		.program = trace->program ? trace->program : "",
		.pid = trace->pid,
	};
	struct process **found = tfind(&key, &pids->processes, compare_processes), *process;

	*ret_new = !found;
	if (found)
		return &(*found)->public;
	process = copy(&key);
	if (process && choose_number(pids, &process->public)) {
		if (tsearch(process, &pids->processes, compare_processes))
			return &process->public;
		tdelete(process, &pids->shown, compare_shown);
	}
	free(process);
	return NULL;
}

static void keep(void *node)
{
	(void)node;
}

void ts_pids_release(struct ts_pids *pids)
{
	/* the same processes stand in both */
	tdestroy(pids->shown, keep);
	tdestroy(pids->processes, free);
	*pids = (struct ts_pids){.processes = NULL};
}
