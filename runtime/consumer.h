/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONSUMER_H
#define TS_CONSUMER_H

/*
 * One spool's way to its store: read, assemble, write, commit; a batch at a time. While the store is away, rows go
 * to the spool's backlog (backlog.h) instead, and from there to the store before any newer ones. For the flusher inside a
 * traced program, for recovery and for the collector alike. Whoever has one holds the spool's consumer_lock.
 */

#include <stdbool.h>
#include <stddef.h>

#include "backlog/backlog.h"
#include "error.h"
#include "outlet.h"
#include "log/reader.h"

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
 * One batch. 1: there is more; 0: nothing more now (what could not be stored lies in the backlog); TS_AWAY, or
 * another negative errno: what was read is kept, nothing is lost, the next step goes on from there. `insist` as
 * for ts_outlets_write; once is enough, for what fails then is not tried again at once.
 */
int ts_consumer_step(struct ts_consumer *consumer, bool insist, struct ts_error *err);

/*
 * The same for a program that has ended: when its events are all read, its open calls end, interrupted. 0: all
 * that it left is stored, or lies in its backlog, which needs the spool no more.
 */
int ts_consumer_finish_step(struct ts_consumer *consumer, bool insist, struct ts_error *err);

/* Rows that it has stored, and what it found damaged. */
struct ts_consumed {
	size_t traces;
	size_t spans;
	struct ts_damage damage;
};

/* Of its backlog; nothing where there was never any. */
struct ts_backlog_counts ts_consumer_backlog(const struct ts_consumer *consumer);

/* The folder where rows stay that cannot be stored now. */
const char *ts_consumer_place(const struct ts_consumer *consumer);

/* Its settings' folder of backlogs; empty: there is none. */
const char *ts_consumer_state(const struct ts_consumer *consumer);

struct ts_consumed ts_consumer_consumed(const struct ts_consumer *consumer);

#endif
