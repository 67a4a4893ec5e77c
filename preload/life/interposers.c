// SPDX-License-Identifier: Apache-2.0
#include "interposers.h"

#include <dlfcn.h>
#include <string.h>

#include "../elf/walk.h"

/* Files' names that begin so. tcmalloc itself is none of them: it has a profiler. */
static const char *const harmless[] = {"libjemalloc.", "libtcmalloc_minimal.",
				       "libmimalloc.", "libasan.",
				       "libtsan.",     "liblsan.",
				       "libclang_rt.", NULL};

/* They replace what slots lead to when they are told to, which may be later. */
static const char *const replacing[] = {"_memray.", "libheaptrack_inject.", NULL};

/* What the flusher calls, and whoever minds descriptors stands before. */
static const char *const minded[] = {"malloc", "open",    "open64", "close",  "read",
				     "write",  "fstat",   "stat",   "mkdir",  "unlink",
				     "fcntl",  "fcntl64", "dup",    "socket", "connect"};

static uintptr_t bound; /* what the dynamic linker bound our slot to */

void ts_interposers_init(void)
{
	bound = (uintptr_t)dlopen;
}

static bool is_one_of(const char *const names[], const struct ts_object *object)
{
	const char *slash = strrchr(object->path, '/');
	const char *name = slash ? slash + 1 : object->path;

	while (*names && strncmp(name, *names, strlen(*names)) != 0)
		names++;
	return *names;
}

/* The program itself has no name here. */
static bool is_harmless(const struct ts_object *object)
{
	return !*object->path || is_one_of(harmless, object) || ts_object_is_libc(object) ||
	       ts_walk_is_ours(object);
}

static bool defines_any(const struct ts_object *object)
{
	for (size_t i = 0; i < sizeof(minded) / sizeof(*minded); i++)
		if (ts_object_definition(object, minded[i], NULL))
			return true;
	return false;
}

/* Names are looked up in this order, these no further than in the C library. */
static void look(struct ts_walk *walk, void *context)
{
	bool *ret = context, before = true;

	for (size_t i = 0; i < walk->scope.n && !*ret; i++) {
		const struct ts_object *object = &walk->scope.objects[i];

		*ret = is_one_of(replacing, object) ||
		       (before && !is_harmless(object) && defines_any(object));
		if (ts_object_is_libc(object) && defines_any(object))
			before = false;
	}
}

bool ts_interposers_may_be_here(void)
{
	bool found = (uintptr_t)dlopen != bound;

	if (!found)
		ts_walk(look, &found);
	return found;
}
