/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_READER_H
#define TS_READER_H

/*
 * The consumer's half of the event log that preload/abi.h describes: one spool, read pass by pass.
 *
 * The process page and the first page of each ring stay mapped; everything else is read with pread
 * on descriptors that are opened and closed within a call, for the host program may close any
 * descriptor at any time, and a file that somebody cut must be a short read and not a signal.
 *
 *     ts_reader_pass(reader, take, context, &err);   every whole event in [tail, head)
 *     ... store what came of them ...
 *     ts_reader_commit(reader);                      give the rings' places back
 *
 * Most callers use struct ts_assembler instead, which drives a reader. A reader belongs to one
 * thread. That thread holds process->consumer_lock from its first pass to its last commit [L3]; the
 * reader itself does not take it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../../preload/abi.h"
#include "../error.h"

struct ts_reader;
struct ts_tally;

/* Bytes of events that one pass reads at most. */
#define TS_READER_PASS_BYTES (1 << 20)

/*
 * Opens the spool folder `spool` (an absolute path; copied). `page` is its mapped process page,
 * which must outlive the reader, or NULL: then the reader maps one of its own. Touches no ring yet.
 * 0; -ENOENT: no such spool; -EBADMSG: it is not a spool of our version; or another negative errno.
 */
int ts_reader_new(struct ts_reader **ret, const char *spool, struct ts_abi_process *page,
		  struct ts_error *err);
void ts_reader_free(struct ts_reader *reader); /* NULL is fine; commits nothing */

/* The spool's folder, and its page; both live as long as the reader. */
const char *ts_reader_spool(const struct ts_reader *reader);
struct ts_abi_process *ts_reader_process(const struct ts_reader *reader);

/*
 * Called for each event, in order within a ring. `event` is whole: its type is known, its size fits
 * its type, its tenant and values lie within it, each value's size fits its type. It stays valid
 * until the next pass. `thread_name` is that of the ring's owner, NULL if unknown, valid during the
 * call. A negative answer ends the pass before this event: it will come again.
 */
typedef int ts_reader_fn(void *context, const struct ts_event *event, const char *thread_name);

/*
 * One pass over all rings, which reads on where the last pass ended, committed or not. Rings take
 * turns when there is more than TS_READER_PASS_BYTES. 1: there is more than was read; 0: all that
 * was there when the pass began has been read; a negative errno: the callback's, or nothing could
 * be read (no memory, no descriptor left, path out of reach). A pass that fails after some events
 * were delivered answers 1, and the next one tells why. A damaged ring is left at the damage,
 * counted, and does not stop the others.
 */
int ts_reader_pass(struct ts_reader *reader, ts_reader_fn *take, void *context,
		   struct ts_error *err);

/*
 * Everything delivered so far is safe: moves the tails [L5, L6]. Damaged rings are given back up to the
 * head that was seen. Without a commit, a later reader of the spool gets the same events again.
 */
void ts_reader_commit(struct ts_reader *reader);

/* Gives the pages of rings back that no thread has and that have been empty for a while (rest.h). */
void ts_reader_rest(struct ts_reader *reader);

/* Spans lost since what was last told, by enum ts_lost, over rings and process; true if any. */
bool ts_reader_lost(struct ts_reader *reader, uint64_t ret[TS_LOST_COUNT]);

/*
 * What was begun and what of it was read, over all rings, and all that was ever lost. `ended`: the process
 * has, and the last pass answered 0. False: there is a ring that no pass came to yet, so it cannot be told.
 */
bool ts_reader_tally(const struct ts_reader *reader, bool ended, struct ts_tally *ret);

/* What ts_reader_lost last answered now stands in a stored row; survives in the spool. */
void ts_reader_lost_told(struct ts_reader *reader);

/* What this reader found damaged. */
struct ts_damage {
	uint64_t rings;  /* that cannot be read at all */
	uint64_t faults; /* places where reading a ring stopped */
	uint64_t bytes;  /* skipped */
};

/* Counted since the reader began. */
struct ts_damage ts_reader_damage(const struct ts_reader *reader);

#endif
