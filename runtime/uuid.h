/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_UUID_H
#define TS_UUID_H

/* Reading, checking and printing ids (libuuid). */

#include "span.h"

#define TS_UUID_TEXT 37 /* with the NUL */

/* Lower case, with dashes. */
void ts_uuid_format(const struct ts_uuid *uuid, char ret[TS_UUID_TEXT]);

/*
 * The lowest and the highest id that begin with `prefix`: 1 to 32 hexadecimal digits, either case,
 * with or without the dashes in their places. 0 or -EINVAL.
 */
int ts_uuid_prefix_range(const char *prefix, struct ts_uuid *ret_low, struct ts_uuid *ret_high);

#endif
