// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../module.h"

int ts_shim_find(char ret[PATH_MAX], struct ts_error *err)
{
	static const char *const places[] = {"", "/../lib"};
	char home[PATH_MAX];
	char path[PATH_MAX + 32];
	char real[PATH_MAX];

	if (ts_module_home(home) < 0)
		return ts_error_set(err, -ENOENT, "/proc/self/exe cannot be read");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s/libtraceshim.so", home, places[i]);
		if (!realpath(path, real))
			continue;
		if (strpbrk(real, " :"))
			return ts_error_set(
				err, -EINVAL,
				"%s cannot be preloaded: a space or a colon in its path ends a"
				" name in LD_PRELOAD",
				real);
		strcpy(ret, real);
		return 0;
	}
	return ts_error_set(err, -ENOENT, "libtraceshim.so is neither in %s nor in %s/../lib", home,
			    home);
}

static bool holds(const char *list, const char *entry)
{
	size_t bytes = strlen(entry);

	for (list += strspn(list, ": "); *list; list += strspn(list, ": ")) {
		size_t n = strcspn(list, ": ");

		if (n == bytes && !memcmp(list, entry, n))
			return true;
		list += n;
	}
	return false;
}

int ts_shim_preload(const char *shim)
{
	const char *before = getenv("LD_PRELOAD");
	char *list;
	int result;

	if (!before || !*before)
		return setenv("LD_PRELOAD", shim, 1) < 0 ? -ENOMEM : 0;
	if (holds(before, shim))
		return 0;
	if (asprintf(&list, "%s:%s", before, shim) < 0)
		return -ENOMEM;
	result = setenv("LD_PRELOAD", list, 1) < 0 ? -ENOMEM : 0;
	free(list);
	return result;
}
