/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_LIST_DROPPED_H
#define TS_COMMAND_LIST_DROPPED_H

/* Why calls of a process were dropped, in short. */

#include <stddef.h>

/* Of a run's dropped_by the reason that counts most, and of how many; "" where there is none. */
struct ts_dropped {
	char name[32];
	size_t n_reasons;
};

struct ts_dropped ts_dropped_reason(const char *dropped_by);

#endif
