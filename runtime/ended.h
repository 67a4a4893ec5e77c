/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ENDED_H
#define TS_ENDED_H

/* Programs that have ended, and what they recorded last waits: in their spool, or in its backlog. [own] */

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

struct ts_ended { /* zeroed: none */
	struct ts_uuid *runs;
	size_t n;
};

/*
 * Those of the spool folder `root` and of the backlogs in `state` (NULL: of none); a folder that is not there has none.
 * 0, or a negative errno.
 */
int ts_ended_find(struct ts_ended *ret, const char *root, const char *state);
bool ts_ended_has(const struct ts_ended *ended, const struct ts_uuid *run);
void ts_ended_release(struct ts_ended *ended);

#endif
