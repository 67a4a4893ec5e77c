// SPDX-License-Identifier: Apache-2.0
#include "profiler.h"

#include <dlfcn.h>
#include <string.h>

#include "../elf/walk.h"

/* Their files' names begin so. tcmalloc itself is none of them: it has a profiler. */
static const char *const silent[] = {
	"libjemalloc.", "libtcmalloc_minimal.", "libmimalloc.", "libasan.", "libtsan.",
	"liblsan.",     "libclang_rt.",
};

static uintptr_t bound; /* what the dynamic linker bound our slot to */

void ts_profiler_init(void)
{
	bound = (uintptr_t)dlopen;
}

static bool is_silent(const struct ts_object *object)
{
	const char *slash = strrchr(object->path, '/');
	const char *name = slash ? slash + 1 : object->path;

	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		if (strncmp(name, silent[i], strlen(silent[i])) == 0)
			return true;
	return !*name || ts_object_is_libc(object); /* the program has no name here */
}

static void look(struct ts_walk *walk, void *context)
{
	bool *ret = context;

	for (size_t i = 0; i < walk->scope.n; i++) {
		const struct ts_object *object = &walk->scope.objects[i];

		if (ts_object_definition(object, "malloc", NULL)) {
			*ret = !is_silent(object);
			return;
		}
	}
}

bool ts_profiler_may_be_here(void)
{
	bool found = (uintptr_t)dlopen != bound;

	if (!found)
		ts_walk(look, &found);
	return found;
}
