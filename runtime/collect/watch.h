/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_WATCH_H
#define TS_COLLECT_WATCH_H

/* The folders that appear in a spool folder's root. */

#include <stdbool.h>

#include "../error.h"

struct ts_watch;

/* 0, or a negative errno. */
int ts_watch_new(struct ts_watch **ret, const char *root, struct ts_error *err);
void ts_watch_free(struct ts_watch *watch); /* NULL is fine */

/* Readable when there are news. */
int ts_watch_fd(const struct ts_watch *watch);

/* Called with the name of each spool; one may be named more than once. */
typedef void ts_watch_fn(void *context, const char *name);

enum ts_watched {
	TS_WATCH_ALL,  /* these were all the news */
	TS_WATCH_SCAN, /* some got lost: scan */
	TS_WATCH_GONE, /* the root itself is no more */
};

enum ts_watched ts_watch_read(struct ts_watch *watch, ts_watch_fn *take, void *context);

/* All spools that are there. 0, or a negative errno. */
int ts_watch_scan(const struct ts_watch *watch, ts_watch_fn *take, void *context);

#endif
