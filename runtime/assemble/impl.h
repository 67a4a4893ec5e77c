/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ASSEMBLE_IMPL_H
#define TS_ASSEMBLE_IMPL_H

/* What assemble.c, which makes rows of events, and process.c, which tells of the process, share. */

#include "assemble.h"
#include "batch.h"
#include "calls.h"
#include "connections.h"
#include "fill.h"
#include "marks.h"
#include "recent.h"
#include "remember.h"

struct ts_assembler {
	struct ts_reader *reader;
	struct ts_dictionary *dictionary;
	struct ts_redact *redact;
	struct ts_fill fill;
	struct ts_calls calls;
	struct ts_connections *connections;
	struct ts_rows rows;
	bool batch_stands;

	struct ts_recent recent;

	struct ts_memory memory;
	struct ts_marks marks;
	uint64_t lost[TS_LOST_COUNT];
	bool lost_asked; /* for this batch */
	bool lost_told;  /* by a row of this batch */
	uint64_t last_ticks;
	struct ts_error price_fault; /* what is wrong with the price file; or empty */
};

/* Reads what the dictionary has got. 0; -EBADMSG: it goes no further; or another negative errno. */
int ts_assembler_update(struct ts_assembler *assembler, struct ts_error *err);

#endif
