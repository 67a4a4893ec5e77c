/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BYTES_H
#define TS_BYTES_H

/* Bytes that are added one after the other, in pages of their own: the program's heap does not grow by them. */

#include <stdbool.h>
#include <stddef.h>

struct ts_bytes { /* zeroed: empty */
	char *data;
	size_t bytes;
	size_t room;
	bool failed; /* memory ran out: what is there is not all */
};

/* A copy of `data` at the end. */
void ts_bytes_add(struct ts_bytes *to, const void *data, size_t bytes);

/* Room for so many at the end, not counted yet. 0 or -ENOMEM. */
int ts_bytes_reserve(struct ts_bytes *to, size_t bytes);

/* Gives all back; it is empty then. */
void ts_bytes_release(struct ts_bytes *bytes);

#endif
