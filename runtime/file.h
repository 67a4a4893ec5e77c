/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FILE_H
#define TS_FILE_H

/*
 * The files of a spool folder. Nothing is held open between calls of the runtime, for the host program
 * may close any descriptor at any time, save where its descriptors are not ours (held.h).
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens folder/name, a regular file and no link. A descriptor, or a negative errno. */
int ts_file_open(const char *folder, const char *name, int flags);

/* Maps the first `bytes` of a file, shared and to be written. 0; -EBADMSG: it is shorter; or another negative
 * errno. */
int ts_file_map(const char *folder, const char *name, size_t bytes, void **ret);

/* The same to be read alone; nothing of it can be changed through the map. */
int ts_file_view(const char *folder, const char *name, size_t bytes, const void **ret);

/* The file's size, or a negative errno. */
int64_t ts_file_bytes(int fd);

/* Reads until `bytes` or the end of the file. The number of bytes read, or a negative errno. */
ssize_t ts_file_read(int fd, void *data, size_t bytes, uint64_t offset);

/* Writes all of it. 0, or a negative errno. */
int ts_file_write(int fd, const void *data, size_t bytes, uint64_t offset);

#endif
