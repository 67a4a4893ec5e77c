/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_WIRERUN_H
#define TS_WIRERUN_H

/*
 * What became of a process's connections, as the attributes of its row say it where symbols.conf has a [wire]:
 *
 *   {"wire": {"connections": 3, "recorded": 1, "not_http": 0, "other_host": 2, "unreadable": 0, "no_room": 0, "lost_bytes": 0,
 *             "bypassed": 0, "libraries": [{"path": "/lib/libssl.so.3", "library": "OpenSSL", "unseen": null}]}}
 */

#include "../../preload/abi.h"
#include "../log/dictionary.h"

struct ts_pool;

/* Keys of its counts. */
extern const char *const ts_wirerun_names[TS_WIRE_COUNT];

/* The text lies in `pool`, what it was made with goes to `scratch`; NULL: no memory. */
const char *ts_wirerun_attributes(const struct ts_abi_process *page,
				  const struct ts_dictionary *dictionary, struct ts_pool *scratch,
				  struct ts_pool *pool);

#endif
