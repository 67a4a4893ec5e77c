/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FOLDER_H
#define TS_FOLDER_H

/* Folders below the state folder, and files in them: ours alone, no links followed. */

#include <stdbool.h>
#include <stdint.h>

struct ts_bytes;

/*
 * Opens <state>/<sub>[/<name>] (NULL: the former), made where it is missing and `make`. A descriptor; -ENOENT;
 * -EPERM: others may write there; or another negative errno.
 */
int ts_folder_open(const char *state, const char *sub, const char *name, bool make);

/* Opens, or makes, a regular file of ours in a folder. A descriptor, or a negative errno. */
int ts_folder_file(int folder, const char *name, int flags);

/* Adds what a file holds from `offset` on to `ret`. 0, or a negative errno. */
int ts_folder_read(int folder, const char *name, uint64_t offset, struct ts_bytes *ret);

#endif
