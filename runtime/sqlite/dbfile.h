/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DBFILE_H
#define TS_DBFILE_H

/*
 * The file of a store that is a file, for its user alone: its folders, itself, and the lock beside
 * it. Failures answer a negative errno with a sentence that names the path.
 */

#include "../error.h"
#include "../gate.h"

/* "cannot VERB PATH: MEANING" in err; answers -error. */
int ts_dbfile_fail(const char *verb, const char *path, int error, struct ts_error *err);

/* The path in SCHEME:PATH, in place: an absolute one. NULL with a sentence for any other URL. */
const char *ts_dbfile_path(const char *url, const char *scheme, struct ts_error *err);

/* Makes the folders that lead to `path`, mode 0700. 0 also where all are there. */
int ts_dbfile_make_folders(const char *path, struct ts_error *err);

/* Makes the file, empty, mode 0600 whatever the umask. 0 also where it is there. */
int ts_dbfile_make(const char *path, struct ts_error *err);

/*
 * Takes the lock, PATH.lock; waits for up to a second, with the gate open. Where it is missing it is made, if there is no
 * file at PATH yet, or one that begins with the text `ours`: beside another program's we make none. A descriptor that
 * holds it, for ts_dbfile_unlock; -EAGAIN: others hold it; -EEXIST: the file is another's.
 */
int ts_dbfile_lock(const char *path, const char *ours, const struct ts_gate *gate,
		   struct ts_error *err);
void ts_dbfile_unlock(int fd);

#endif
