/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BACKLOG_H
#define TS_BACKLOG_H

/*
 * The rows of one spool whose store is away, on disk: <state>/backlog/<spool's name>/. One consumer at a time has
 * it: it holds a flock on the folder while there is one.
 *
 *     NNNNNNNN.rows   a segment: rows in the order they came, oldest segment first. Begins with a header that
 *                     says what whoever finds it must know: the store, the spool, the columns of the rows
 *     lost            what was dropped: how many rows, of which traces
 *
 * Files of records (record.h). Nothing else has to agree with them: what waits and what was dropped is what they
 * say. A segment is written once and never again; a consumer that starts begins another.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../../preload/abi.h"
#include "../error.h"
#include "../span.h"
#include "../assemble/tally.h"

struct ts_backlog;
struct ts_gate;
struct ts_outlets;
struct ts_recovered;
struct ts_settings;

/*
 * Of the spool folder `spool`. The settings and the outlets outlive it. 0 or -ENOMEM: a folder that cannot be had
 * is tried again with the next row. What an earlier consumer of the spool left is taken up.
 */
int ts_backlog_new(struct ts_backlog **ret, const char *spool, const struct ts_settings *settings,
		   struct ts_outlets *outlets);
void ts_backlog_free(struct ts_backlog *backlog); /* NULL is fine; what waits stays */

/* Its folder; NULL where the settings name none, or no budget: rows are never taken. */
const char *ts_backlog_folder(const struct ts_backlog *backlog);

/*
 * Takes the rows of a batch: they are on disk when it answers 0. Over the budget whole traces are dropped, oldest
 * first. A batch that comes again, for its reader was killed, is taken once. A run replaces the one before; it
 * counts as stored what waits, for it is written when all of that is. A negative errno with a sentence: nothing
 * was taken.
 */
int ts_backlog_add(struct ts_backlog *backlog, const struct ts_batch *batch, struct ts_error *err);

/*
 * Brings the oldest rows to their store. 1: some, there are more; 0: nothing waits (any more); or a negative
 * errno, TS_AWAY and so on: they wait on. `insist` as for ts_outlets_write.
 */
int ts_backlog_step(struct ts_backlog *backlog, bool insist, struct ts_error *err);

/*
 * A batch straight to the store, but for rows of traces that were dropped, which are, too; rows that it refuses for good are
 * set apart. As ts_delivery_write.
 */
int ts_backlog_bypass(struct ts_backlog *backlog, const struct ts_batch *batch, bool insist,
		      struct ts_error *err);

/* Rows that were brought to the store by its steps, or past it. */
struct ts_backlog_delivered {
	uint64_t traces;
	uint64_t spans;
};

struct ts_backlog_delivered ts_backlog_delivered(const struct ts_backlog *backlog);

bool ts_backlog_waits(const struct ts_backlog *backlog);
struct ts_backlog_counts ts_backlog_count(const struct ts_backlog *backlog);

/*
 * Delivers the backlogs in the state folder `state` whose spools are gone, and removes them; those of spools that
 * are there are their consumers'. Adds to *ret. 0, or a negative errno with a sentence. A fork may come in between
 * any two batches through `gate`.
 */
int ts_backlog_recover(const char *state, ts_module_symbol_fn *load, const struct ts_gate *gate,
		       struct ts_recovered *ret, struct ts_error *err);

/* The same, by outlets that are there. */
int ts_backlog_recover_by(const char *state, struct ts_outlets *outlets, const struct ts_gate *gate,
			  struct ts_recovered *ret, struct ts_error *err);

/*
 * Each run whose last row waits in a backlog of the folder `state`, of a spool that is gone, as far as they can be
 * read. Takes nothing from who delivers them.
 */
void ts_backlog_each_ended(const char *state,
			   void (*take)(void *context, const struct ts_uuid *run), void *context);

/* $XDG_STATE_HOME/traceshim, else ~/.local/state/traceshim. From malloc; NULL where no home is known. */
char *ts_backlog_state(void);

#endif
