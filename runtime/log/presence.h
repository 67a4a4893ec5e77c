/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PRESENCE_H
#define TS_PRESENCE_H

/*
 * The one collector of a spool folder: who holds the lock on <root>/collector, until it ends in whatever way.
 * That a collector is present makes nobody a consumer: consumer_lock alone does.
 */

#include <stdbool.h>

#include "../error.h"

#define TS_PRESENCE_FILE "collector"

/* Becomes the collector of `root`. A descriptor that is the lock; -EBUSY: another one is; or another errno. [own] */
int ts_presence_take(const char *root, struct ts_error *err);

/* Was the file removed? Then nobody can see us, and another may serve the folder that has taken the place. */
bool ts_presence_lost(int fd);

/* A program's flusher, looking. */
struct ts_presence {
	const char *root;
	bool keep; /* descriptors stay ours: hold the file open */
	int fd;    /* -1: it is not open */
};

/* Does a collector live? Takes nothing from it. */
bool ts_presence_look(struct ts_presence *presence);

#endif
