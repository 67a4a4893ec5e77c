/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_EXCHANGES_H
#define TS_EXCHANGES_H

/*
 * Messages of a program's connections -> the calls of LLM APIs that are under way: read as the next consumer would read them, but
 * nothing comes of it.
 */

#include "../assemble/connections.h"
#include "../pool.h"
#include "inside.h"

struct ts_exchanges { /* zeroed: none */
	struct ts_inside_exchange *all;
	size_t n, room;
	struct ts_pool pool; /* their strings */
	struct ts_fill fill;
	struct ts_connections *connections; /* while they are read */
};

/* What it is given outlives it; the dictionary is not updated meanwhile. 0 or -ENOMEM. */
int ts_exchanges_begin(struct ts_exchanges *exchanges, const struct ts_dictionary *dictionary,
		       const struct ts_abi_process *page);

/* First what `open` has: a message or what was told. 0 or -ENOMEM. */
int ts_exchanges_load(struct ts_exchanges *exchanges, const struct ts_event *event);

/* Then what rings have, unless it passed after the moment `ticks`; it stays valid until the end. 0 or -ENOMEM. */
int ts_exchanges_take(struct ts_exchanges *exchanges, const struct ts_event_message *message,
		      uint64_t ticks);

/* That was all. 0, `all` being there; or -ENOMEM. */
int ts_exchanges_end(struct ts_exchanges *exchanges);

void ts_exchanges_release(struct ts_exchanges *exchanges);

#endif
