/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REMEMBER_H
#define TS_REMEMBER_H

/*
 * Keeping the segment `open` up to date [L5]: before places in the rings are given back, the calls of which one half
 * was seen stand in it, the marks of exec, and what connections can be read again from; what has become of them since is
 * told behind them.
 */

#include <stdint.h>

#include "../bytes.h"
#include "calls.h"
#include "../error.h"
#include "marks.h"

struct ts_connections;

/* What there is to be remembered. */
struct ts_remembered {
	struct ts_calls *calls;
	struct ts_marks *marks;
	struct ts_connections *connections;
};

struct ts_memory {            /* zeroed: a spool without the segment */
	struct ts_bytes told; /* events for it: what became of what stands in it */
	uint64_t bytes;       /* of the segment */
};

/* A call of which the begin stands in it is stored: its bare end, at `ticks`. 0 or -ENOMEM: nothing was added. */
int ts_memory_close(struct ts_memory *memory, const struct ts_event_begin *begin, uint64_t ticks);

/* A mark that stands in it is taken back. 0 or -ENOMEM. */
int ts_memory_take_back(struct ts_memory *memory, const struct ts_event_exec *event);

/*
 * Writes to the segment of `spool` what was told and what it does not remember yet; all of them are in it then. 0, or a
 * negative errno: as it was.
 */
int ts_memory_write(struct ts_memory *memory, const char *spool,
		    const struct ts_remembered *remembered, struct ts_error *err);

void ts_memory_release(struct ts_memory *memory); /* writes nothing */

#endif
