/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HPACK_H
#define TS_HPACK_H

/* Header blocks of HTTP/2 (RFC 7541), of one direction of a connection. */

#include <stdbool.h>

#include "../text.h"

struct ts_hpack;

typedef void ts_hpack_field_fn(void *user, struct ts_text name, struct ts_text value);

/* NULL: no memory. */
struct ts_hpack *ts_hpack_new(void);

/* The next bytes of a block. False: they are damaged, and no later block can be read. */
bool ts_hpack_add(struct ts_hpack *hpack, const char *data, size_t bytes, ts_hpack_field_fn *field,
		  void *user);

/* The block is over. */
bool ts_hpack_end(struct ts_hpack *hpack, ts_hpack_field_fn *field, void *user);

/* NULL is fine. */
void ts_hpack_free(struct ts_hpack *hpack);

#endif
