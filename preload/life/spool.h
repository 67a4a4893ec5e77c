/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PRELOAD_SPOOL_H
#define TS_PRELOAD_SPOOL_H

/*
 * This process's spool: its folder, the process page, the dictionary. Made at the first event,
 * perhaps in a signal handler: raw system calls, memory of its own.
 */

#include "../conf/conf.h"

/* Remembers what a spool is made from: strings live as long as the program. [setup] */
int ts_own_spool_init(const struct ts_conf *conf, struct ts_arena *arena);

/* The folder under which spools are made. */
const char *ts_own_spool_root(void);

/* Where this process's traces go, empty where that is not known; the tenant of those that name none. */
const char *ts_own_spool_store(void);
const char *ts_own_spool_tenant(void);

#define TS_NOT_OURS (-4096) /* no errno: somebody else may write there */

/* Makes root, 0700, where it is missing. 0, a negative errno, or TS_NOT_OURS. */
int ts_own_spool_make_root(void);

/* Makes the spool and publishes the thunks there are. 0, a negative errno, or TS_NOT_OURS. */
int ts_own_spool_create(void);

/* This process's folder; NULL before it is made. */
const char *ts_own_spool_folder(void);

/*
 * Appends thunks made, and objects seen, since the last call to the dictionary; nothing before the spool
 * is made. Must come before the first event that names one. 0, or a negative errno.
 */
int ts_own_spool_publish(void);

/* What ts_hot.missed counts stands in the process page. Not before the spool is made. */
void ts_own_spool_count_missed(void);

/* Removes the folder: everything in it has been stored. */
void ts_own_spool_remove(void);

/* In a child: the spool is the parent's. */
void ts_own_spool_forget(void);

#endif
