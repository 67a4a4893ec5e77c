// SPDX-License-Identifier: Apache-2.0
#include "interposers.h"

#include <dlfcn.h>
#include <string.h>

#include "../elf/walk.h"

/* Files' names that begin so. tcmalloc itself is none of them: it has a profiler. */
static const char *const harmless[] = {
	"libjemalloc.", "libtcmalloc_minimal.", "libmimalloc.", "libasan.", "libtsan.",
	"liblsan.",     "libclang_rt.",
};

/* What the flusher calls, and whoever minds descriptors stands before. */
static const char *const minded[] = {"malloc", "open",    "open64", "close",  "read",
				     "write",  "fstat",   "stat",   "mkdir",  "unlink",
				     "fcntl",  "fcntl64", "dup",    "socket", "connect"};

static uintptr_t bound; /* what the dynamic linker bound our slot to */

void ts_interposers_init(void)
{
	bound = (uintptr_t)dlopen;
}

/* The program itself has no name here. */
static bool is_harmless(const struct ts_object *object)
{
	const char *slash = strrchr(object->path, '/');
	const char *name = slash ? slash + 1 : object->path;

	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		if (strncmp(name, harmless[i], strlen(harmless[i])) == 0)
			return true;
	return !*name || ts_object_is_libc(object) || ts_walk_is_ours(object);
}

static bool defines_any(const struct ts_object *object)
{
	for (size_t i = 0; i < sizeof(minded) / sizeof(*minded); i++)
		if (ts_object_definition(object, minded[i], NULL))
			return true;
	return false;
}

/* Up to the C library itself, in the order in which names are looked up. */
static void look(struct ts_walk *walk, void *context)
{
	bool *ret = context;

	for (size_t i = 0; i < walk->scope.n && !*ret; i++) {
		const struct ts_object *object = &walk->scope.objects[i];

		if (!is_harmless(object))
			*ret = defines_any(object);
		else if (ts_object_is_libc(object) && defines_any(object))
			break;
	}
}

bool ts_interposers_may_be_here(void)
{
	bool found = (uintptr_t)dlopen != bound;

	if (!found)
		ts_walk(look, &found);
	return found;
}
