/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ASSEMBLE_H
#define TS_ASSEMBLE_H

/*
 * Events -> traces and spans. An assembler drives a reader, remembers the calls that are open, and
 * makes a row of every begin that has met its end, in whatever order the two were read:
 *
 *     ts_assembler_new(&assembler, reader, &err);
 *     do {
 *             more = ts_assembler_pass(assembler, &batch, &err);
 *             while (more >= 0 && rows in batch && store->write(handle, &batch, &err) < 0)
 *                     wait, or give up;
 *             ts_assembler_commit(assembler, &err);
 *     } while (more > 0);
 *
 * The rule of the batch: it is stored and then committed, also when it has no rows; or it is kept
 * and written again, as it is; or the assembler is freed. In that case nothing is lost: no tail has
 * moved, and the next reader of the spool gets the same events and makes the same rows of them,
 * which the store knows by their ids. There is no next pass before the commit (-EBUSY).
 *
 * What the rings no longer hold after a commit lies in the spool's segment `open`: begins of calls
 * that are still open, ends that have not met their begin, messages of exchanges under way. A new assembler reads it first.
 */

#include <stdbool.h>
#include <stddef.h>

#include "../log/dictionary.h"
#include "../error.h"
#include "run.h"
#include "../span.h"

struct ts_assembler;
struct ts_reader;

/*
 * Reads the dictionary and the segment `open`; so the caller holds the consumer lock. `reader` must
 * outlive the assembler. 0, or a negative errno; damage in either file is no failure: what lies
 * before it counts.
 */
int ts_assembler_new(struct ts_assembler **ret, struct ts_reader *reader, struct ts_error *err);
void ts_assembler_free(struct ts_assembler *assembler); /* NULL is fine; commits nothing */

/* Gives it modules: without, call stacks are told by addresses. 0 or -ENOMEM. */
int ts_assembler_load(struct ts_assembler *assembler, ts_module_symbol_fn *modules);

/* Those of the spool; they live as long as the assembler. */
const struct ts_settings *ts_assembler_settings(const struct ts_assembler *assembler);

/* What is wrong with the price file of its settings, so that the prices built in serve; "" where nothing is. */
const char *ts_assembler_price_fault(const struct ts_assembler *assembler);

/*
 * One ts_reader_pass; *ret is what was completed by it, valid until the commit. Answers as
 * ts_reader_pass does: 1, there is more to read; 0; or a negative errno: there is no batch, nothing
 * is to be committed, the next pass tries again.
 */
int ts_assembler_pass(struct ts_assembler *assembler, struct ts_batch *ret, struct ts_error *err);

/*
 * The batch is stored: writes to `open` what must be remembered, moves the tails, ends the batch.
 * 0, or a negative errno: no tail has moved, the batch still stands; call again.
 */
int ts_assembler_commit(struct ts_assembler *assembler, struct ts_error *err);

/*
 * For a program that has ended, after all passes: completes open calls as failed, "interrupted", at
 * the last moment the program is known to have lived. *ret is a batch like that of a pass, with the same rule.
 * 1: there are more, call again after the commit; 0: these were the last; or a negative errno.
 */
int ts_assembler_interrupt(struct ts_assembler *assembler, struct ts_batch *ret,
			   struct ts_error *err);

/*
 * The row of the process, as it is to be once the batch that stands is stored and committed; its strings live
 * as long as *ret and the batch. `ended`: the process has; `all_read`: the last pass answered 0. False:
 * there is nothing to tell, or it cannot be told yet.
 */
bool ts_assembler_run(struct ts_assembler *assembler, bool ended, bool all_read,
		      const struct ts_backlog_counts *backlog, struct ts_run_row *ret);

/* Calls that are open now. */
size_t ts_assembler_n_open(const struct ts_assembler *assembler);

#endif
