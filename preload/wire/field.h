/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_FIELD_H
#define TS_HEADS_FIELD_H

/* Which headers of a request are recorded, besides its host. */

#include "../system/slice.h"

/* The name to record it under; NULL: it is left out. */
const char *ts_heads_field(struct ts_slice name, struct ts_slice value);

/* `wanted` is in lower case. */
bool ts_heads_field_is(struct ts_slice name, const char *wanted);

#endif
