// SPDX-License-Identifier: Apache-2.0
#include "paths.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name {
	uint32_t number;
	char text[];
};

struct ts_path {
	uint32_t up, name;
	uint32_t first; /* of those below it */
	uint32_t next;  /* beside it */
	int64_t weight;
};

/* Room for one more; a power of two is full. NULL: no memory. */
static void *grow(void *array, uint32_t n, size_t size)
{
	return n & (n - 1) ? array : reallocarray(array, n ? 2 * (size_t)n : 1, size);
}

/* --- names ----------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static struct name *make_name(const char *text)
{
	size_t n = strlen(text) + 1;
	struct name *name = malloc(sizeof(*name) + n);

	if (!name)
		return NULL;
	memcpy(name->text, text, n);
	for (char *c = name->text; *c; c++)
		*c = *c == ';' ? ',' : (unsigned char)*c < ' ' ? ' ' : *c;
	return name;
}

uint32_t ts_paths_name(struct ts_paths *paths, const char *text)
{
	struct name *name = make_name(text);
	struct name **found = name ? tsearch(name, &paths->names, compare_names) : NULL;
	const char **texts;

	if (!found || *found != name) {
		free(name);
		return found ? (*found)->number : TS_PATHS_NONE;
	}
	texts = paths->n_names < TS_PATHS_NONE - 1
			? grow(paths->texts, paths->n_names, sizeof(*texts))
			: NULL;
	if (!texts) {
		tdelete(name, &paths->names, compare_names);
		free(name);
		return TS_PATHS_NONE;
	}
	paths->texts = texts;
	name->number = paths->n_names++;
	texts[name->number] = name->text;
	return name->number;
}

/* --- paths ----------------------------------------------------------------------------------- */

uint32_t ts_paths_below(struct ts_paths *paths, uint32_t up, uint32_t name)
{
	uint32_t first = !paths->n_paths       ? TS_PATHS_NONE
			 : up == TS_PATHS_NONE ? paths->top
					       : paths->paths[up].first;
	struct ts_path *more;
	uint32_t at;

	for (at = first; at != TS_PATHS_NONE; at = paths->paths[at].next)
		if (paths->paths[at].name == name)
			return at;
	more = paths->n_paths < TS_PATHS_NONE - 1
		       ? grow(paths->paths, paths->n_paths, sizeof(*more))
		       : NULL;
	if (!more)
		return TS_PATHS_NONE;
	paths->paths = more;
	at = paths->n_paths++;
	more[at] = (struct ts_path){.up = up, .name = name, .first = TS_PATHS_NONE, .next = first};
	if (up == TS_PATHS_NONE)
		paths->top = at;
	else
		more[up].first = at;
	return at;
}

void ts_paths_add(struct ts_paths *paths, uint32_t path, int64_t weight)
{
	paths->paths[path].weight += weight;
}

/* From the first name on. */
static void write_path(const struct ts_paths *paths, uint32_t path, FILE *to)
{
	uint32_t *chain = NULL, n = 0, depth = 0;

	for (uint32_t at = path; at != TS_PATHS_NONE; at = paths->paths[at].up)
		depth++;
	chain = calloc(depth, sizeof(*chain));
	for (uint32_t at = path; chain && at != TS_PATHS_NONE; at = paths->paths[at].up)
		chain[n++] = at;
	while (n--)
		fprintf(to, "%s%s", paths->texts[paths->paths[chain[n]].name], n ? ";" : "");
	free(chain);
}

int ts_paths_each(const struct ts_paths *paths,
		  int (*each)(void *context, const char *path, int64_t weight), void *context)
{
	int result = 0;

	for (uint32_t i = 0; i < paths->n_paths && result == 0; i++) {
		char *text = NULL;
		size_t bytes;
		FILE *to = open_memstream(&text, &bytes);

		if (!to)
			return -ENOMEM;
		write_path(paths, i, to);
		result = fclose(to) ? -ENOMEM : each(context, text, paths->paths[i].weight);
		free(text);
	}
	return result;
}

void ts_paths_release(struct ts_paths *paths)
{
	tdestroy(paths->names, free);
	free(paths->texts);
	free(paths->paths);
	*paths = (struct ts_paths){.names = NULL};
}
