/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PATHS_H
#define TS_PATHS_H

/* Paths of names, "a;b;c", each once, and what each weighs. Zeroed: none. */

#include <stddef.h>
#include <stdint.h>

#define TS_PATHS_NONE UINT32_MAX

struct ts_path;

struct ts_paths {
	void *names; /* a tree, by text */
	const char **texts;
	uint32_t n_names;
	struct ts_path *paths;
	uint32_t n_paths;
	uint32_t top; /* the last path of one name; behind it the others */
};

/* The number of a name; what cannot stand in a path is replaced. TS_PATHS_NONE: no memory. */
uint32_t ts_paths_name(struct ts_paths *paths, const char *name);

/* The path of that name below `up` (TS_PATHS_NONE: at the top). TS_PATHS_NONE: no memory. */
uint32_t ts_paths_below(struct ts_paths *paths, uint32_t up, uint32_t name);

void ts_paths_add(struct ts_paths *paths, uint32_t path, int64_t weight);

/* Calls `each` for all of them, in the order they were first met. 0, -ENOMEM, or what it answered that was not 0. */
int ts_paths_each(const struct ts_paths *paths,
		  int (*each)(void *context, const char *path, int64_t weight), void *context);

void ts_paths_release(struct ts_paths *paths);

#endif
