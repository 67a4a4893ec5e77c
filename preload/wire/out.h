/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_OUT_H
#define TS_HEADS_OUT_H

/*
 * On its way to be recorded. A head is written between _begin and _keep or _drop; until then nothing of it is put. What is small
 * is put together with what follows it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "../system/slice.h"
#include "../wire.h"

#define TS_HEADS_OUT_BYTES 16384 /* of what is recorded of one head the most */

struct ts_heads_out {
	ts_wire_put_fn *put; /* of the call under way */
	void *user;
	size_t n;
	size_t mark; /* where the head begins that is being written */
	bool writing;
	char bytes[TS_HEADS_OUT_BYTES];
};

/* All that is here goes out, but for a head that is being written. */
void ts_heads_out_flush(struct ts_heads_out *out);

/* Bytes that may be recorded, and are not held back. */
void ts_heads_out_pass(struct ts_heads_out *out, const char *bytes, size_t n);

/* Adds to what is here. False: there is no room. */
bool ts_heads_out_add(struct ts_heads_out *out, const char *bytes, size_t n);
bool ts_heads_out_slice(struct ts_heads_out *out, struct ts_slice slice);
bool ts_heads_out_text(struct ts_heads_out *out, const char *text);

void ts_heads_out_begin(struct ts_heads_out *out);
void ts_heads_out_keep(struct ts_heads_out *out);
void ts_heads_out_drop(struct ts_heads_out *out);

#endif
