// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACES 3

/* Fills up to PLACES paths; $TRACESHIM_CONF excludes all others. */
static size_t places(char ret[PLACES][PATH_MAX])
{
	const char *told = getenv("TRACESHIM_CONF");
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	size_t n = 0;

	if (told && *told) {
		snprintf(ret[0], PATH_MAX, "%s", told);
		return 1;
	}
	strcpy(ret[n++], "./symbols.conf");
	/* A relative path is to be ignored there. */
	if (config && *config == '/')
		snprintf(ret[n++], PATH_MAX, "%s/traceshim/symbols.conf", config);
	else if (home && *home)
		snprintf(ret[n++], PATH_MAX, "%s/.config/traceshim/symbols.conf", home);
	strcpy(ret[n++], "/etc/traceshim/symbols.conf");
	return n;
}

int ts_config_find(char ret[PATH_MAX])
{
	char paths[PLACES][PATH_MAX];
	size_t n = places(paths);

	for (size_t i = 0; i < n; i++)
		if (!access(paths[i], F_OK)) {
			strcpy(ret, paths[i]);
			return 0;
		}
	return -ENOENT;
}

void ts_config_places(char *ret, size_t bytes)
{
	char paths[PLACES][PATH_MAX];
	size_t n = places(paths);
	size_t used = 0;

	for (size_t i = 0; i < n && used < bytes; i++) {
		const char *between = !i ? "" : i + 1 < n ? ", " : " and ";

		used += (size_t)snprintf(ret + used, bytes - used, "%s%s", between, paths[i]);
	}
}
