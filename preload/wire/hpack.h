/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_HPACK_H
#define TS_HEADS_HPACK_H

/* Blocks of headers of HTTP/2 (RFC 7541): read, and written so that none depends on another. */

#include "memory.h"
#include "out.h"

struct ts_heads_hpack;

typedef void ts_heads_field_fn(void *user, struct ts_slice name, struct ts_slice value);

/* `memory` is referred to. NULL: no memory. */
struct ts_heads_hpack *ts_heads_hpack_new(struct ts_heads_memory *memory);

/*
 * The next bytes of a block; with `last` it is over. 0; -EBADMSG: they are damaged, -ENOMEM; then no later block can be
 * read.
 */
int ts_heads_hpack_read(struct ts_heads_hpack *hpack, const char *bytes, size_t n, bool last,
			ts_heads_field_fn *field, void *user);

/* Adds a name; then its value, which has been added from `from` on, gets its length. False: there is no room. */
bool ts_heads_hpack_name(struct ts_heads_out *out, const char *name);
bool ts_heads_hpack_value(struct ts_heads_out *out, size_t from);

#endif
