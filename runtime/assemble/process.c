// SPDX-License-Identifier: Apache-2.0
/* The row of the process: what an assembler knows of it. */
#include "impl.h"
#include "../log/reader.h"
#include "run.h"
#include "tally.h"
#include "wirerun.h"

/* What the calls on the wire add to what the rings tell. */
static void add_wire(const struct ts_assembler *assembler, struct ts_tally *tally)
{
	struct ts_wire_rows rows = ts_connections_rows(assembler->connections);

	ts_tally_add_wire(tally, rows.told, rows.open);
	tally->open += assembler->calls.open_rows;
}

/* What the process page is to say when the row is stored: what the program's own counts come to, if nothing is under way. */
static uint64_t told_of(const struct ts_assembler *assembler, const struct ts_run *run)
{
	const struct ts_abi_process *page = ts_reader_process(assembler->reader);
	struct ts_wire_rows rows = ts_connections_rows(assembler->connections);

	if (!run->outcome)
		return 0;
	if (ts_connections_are_busy(assembler->connections))
		return UINT64_MAX;
	return (uint64_t)run->begun - rows.told +
	       __atomic_load_n(&page->wire[TS_WIRE_RECORDED], __ATOMIC_RELAXED);
}

bool ts_assembler_run(struct ts_assembler *assembler, bool ended, bool all_read,
		      const struct ts_backlog_counts *backlog, struct ts_run_row *ret)
{
	const struct ts_abi_process *page = ts_reader_process(assembler->reader);
	const struct ts_run_facts facts = {
		.settings = assembler->fill.settings,
		.page = page,
		.clock = &assembler->fill.clock,
		.last_ticks = assembler->last_ticks,
		.exec_ticks = ts_marks_last(&assembler->marks),
		.ended = ended,
	};
	struct ts_tally tally;

	if (!ts_reader_tally(assembler->reader, ended && all_read, &tally))
		return false;
	add_wire(assembler, &tally);
	ts_run_fill(&facts, ret);
	ts_tally_fill(&tally, backlog, &ret->run, ret->dropped_by);
	ret->told = told_of(assembler, &ret->run);
	if (facts.settings->wire) {
		ts_assembler_update(assembler, NULL);
		ret->run.attributes =
			ts_wirerun_attributes(page, assembler->dictionary,
					      &assembler->fill.json.scratch, &assembler->rows.pool);
	}
	return ret->run.begun > 0 || page->wire[TS_WIRE_SEEN];
}
