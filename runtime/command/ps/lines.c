// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <errno.h>
#include <stdlib.h>

static int fill_path(struct ts_psline *line)
{
	const struct ts_live_call *at;
	size_t i;

	for (at = line->call; at; at = at->parent)
		line->depth++;
	line->path = calloc(line->depth, sizeof(const struct ts_live_call *));
	if (!line->path)
		return -ENOMEM;
	for (at = line->call, i = line->depth; i; at = at->parent)
		line->path[--i] = at;
	line->whole = line->path[0]->is_trace;
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	const struct ts_live_call *x = ((const struct ts_psline *)a)->call;
	const struct ts_live_call *y = ((const struct ts_psline *)b)->call;

	if (x->goes_on != y->goes_on)
		return x->goes_on ? 1 : -1;
	return (x->inside_ns < y->inside_ns) - (x->inside_ns > y->inside_ns);
}

static int fill(struct ts_pslines *lines, const struct ts_live_program *program)
{
	lines->program = program;
	lines->longest_ns = -1;
	lines->lines = calloc(program->n_calls + 1, sizeof(*lines->lines));
	if (!lines->lines)
		return -ENOMEM;
	for (size_t i = 0; i < program->n_calls; i++) {
		struct ts_psline *line = &lines->lines[lines->n];

		if (!program->calls[i].innermost)
			continue;
		line->call = &program->calls[i];
		lines->n++;
		if (fill_path(line) < 0)
			return -ENOMEM;
	}
	qsort(lines->lines, lines->n, sizeof(*lines->lines), compare_lines);
	if (lines->n && !lines->lines[0].call->goes_on)
		lines->longest_ns = lines->lines[0].call->inside_ns;
	return 0;
}

static int compare_programs(const void *a, const void *b)
{
	const struct ts_pslines *x = a, *y = b;

	if (x->longest_ns != y->longest_ns)
		return x->longest_ns < y->longest_ns ? 1 : -1;
	return (x->program->pid > y->program->pid) - (x->program->pid < y->program->pid);
}

struct ts_pslines *ts_pslines_new(const struct ts_programs *programs)
{
	struct ts_pslines *all = calloc(programs->n + 1, sizeof(*all));

	for (size_t i = 0; all && i < programs->n; i++)
		if (fill(&all[i], &programs->all[i]) < 0) {
			ts_pslines_free(all, programs->n);
			return NULL;
		}
	if (all)
		qsort(all, programs->n, sizeof(*all), compare_programs);
	return all;
}

void ts_pslines_free(struct ts_pslines *lines, size_t n)
{
	for (size_t i = 0; lines && i < n; i++) {
		for (size_t j = 0; j < lines[i].n; j++)
			free(lines[i].lines[j].path);
		free(lines[i].lines);
	}
	free(lines);
}
