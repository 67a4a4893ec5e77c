// SPDX-License-Identifier: Apache-2.0
#include "module.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int ts_module_home(char ret[PATH_MAX])
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return -errno;
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	strcpy(ret, path);
	return 0;
}

const void *ts_module_symbol(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	static const char *const places[] = {"modules", "../lib/traceshim"};
	char home[PATH_MAX];
	char path[2 * PATH_MAX];
	const void *found;
	void *handle;

	if (ts_module_home(home) < 0) {
		snprintf(why, why_bytes, "/proc/self/exe cannot be read");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s.so", home, places[i], module);
		if (access(path, F_OK) < 0)
			continue;
		handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		found = handle ? dlsym(handle, symbol) : NULL;
		if (!found)
			snprintf(why, why_bytes, "%s", dlerror());
		return found;
	}
	snprintf(why, why_bytes, "no module %s in %s/modules or %s/../lib/traceshim", module, home,
		 home);
	return NULL;
}
