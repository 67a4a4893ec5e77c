/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_TARGET_H
#define TS_HEADS_TARGET_H

/* What a request asks for. Keys and signatures may stand in its query; of that a few parameters pass. */

#include "out.h"

/* To a proxy a target is a whole URL: its host and port, as sent (empty: it names none), and the rest. False: it is no such. */
bool ts_heads_target_split(struct ts_slice target, struct ts_slice *ret_host,
			   struct ts_slice *ret_path);

/* Adds the path, and of its query what may be recorded. False: it is no path, or there is no room. */
bool ts_heads_target_add(struct ts_heads_out *out, struct ts_slice path);

#endif
