/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONSUMER_H
#define TS_CONSUMER_H

/*
 * One spool's way to its store: read, assemble, write, commit; a batch at a time. For the flusher inside a
 * traced program, for recovery and for the collector alike. Whoever has one holds the spool's consumer_lock.
 */

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "outlet.h"
#include "reader.h"

struct ts_consumer;

/*
 * Of the spool folder `spool`; `page` is its process page, mapped by the caller. The outlets' modules tell
 * call stacks, too. All outlive the consumer. 0, or a negative errno: try again later; -ENOENT, -EBADMSG as
 * ts_reader_new.
 */
int ts_consumer_new(struct ts_consumer **ret, const char *spool, struct ts_abi_process *page,
		    struct ts_outlets *outlets, ts_module_symbol_fn *modules, struct ts_error *err);
void ts_consumer_free(struct ts_consumer *consumer); /* NULL is fine; commits nothing */

/*
 * One batch. 1: there is more; 0: nothing more now; TS_AWAY, or another negative errno: what was read is kept,
 * nothing is lost, the next step goes on from there. `insist` as for ts_outlets_write.
 */
int ts_consumer_step(struct ts_consumer *consumer, bool insist, struct ts_error *err);

/*
 * The same for a program that has ended: when its events are all read, its open calls end, interrupted. 0: all
 * that it left is stored.
 */
int ts_consumer_finish_step(struct ts_consumer *consumer, bool insist, struct ts_error *err);

/* Rows that it has stored, and what it found damaged. */
struct ts_consumed {
	size_t traces;
	size_t spans;
	struct ts_damage damage;
};

struct ts_consumed ts_consumer_consumed(const struct ts_consumer *consumer);

#endif
