/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_RINGFILE_H
#define TS_RINGFILE_H

/* The file of a ring, for whoever reads it: its one consumer, and those who only look. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ts_abi_ring;

#define TS_RINGFILE_NAME 32

/* The file's name in its spool. */
void ts_ringfile_name(uint32_t index, char ret[TS_RINGFILE_NAME]);

/* Is it a ring of our version, with room for events? Says nothing of head and tail. */
bool ts_ringfile_is_sound(const struct ts_abi_ring *header);

/*
 * Reads the `bytes` bytes behind the byte count `from`, of a ring of `ring_bytes`, across the end of the data to its
 * start [L1]. How many there were (fewer: the file was cut), or a negative errno.
 */
ssize_t ts_ringfile_read(const char *spool, uint32_t index, uint64_t ring_bytes, uint64_t from,
			 void *data, size_t bytes);

#endif
