/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_RUN_H
#define TS_RUN_H

/* The row of a process: who it is, how long it lived, how it ended; what it began is told by tally.h. */

#include <stdbool.h>
#include <stdint.h>

#include "../../preload/abi.h"
#include "../log/dictionary.h"
#include "../span.h"
#include "tally.h"

struct ts_clock;

#define TS_ENDED_BYTES 48

struct ts_run_row {
	struct ts_run run;
	/* where its strings lie, but for those of the settings; so it cannot be copied */
	char outcome[TS_ENDED_BYTES];
	char dropped_by[TS_DROPPED_BY_BYTES];
	uint64_t told; /* what `told` of the process page is once it is stored */
};

struct ts_run_facts {
	const struct ts_settings *settings;
	const struct ts_abi_process *page;
	const struct ts_clock *clock;
	uint64_t last_ticks; /* of its last event */
	uint64_t exec_ticks; /* it became another program; 0: it did not */
	bool ended;
};

/* All but the counts, which stay zero. */
void ts_run_fill(const struct ts_run_facts *facts, struct ts_run_row *ret);

/* The last moment the process is known to have lived, as ticks; `last_ticks` as above. */
uint64_t ts_run_seen(const struct ts_abi_process *page, uint64_t last_ticks);

/* What a call that it never ended is told to be: "interrupted", "interrupted by SIGKILL". */
void ts_run_interrupted(const struct ts_abi_process *page, char ret[TS_ENDED_BYTES]);

/* Is there anything to tell that the row `told` does not? That time went by is nothing. */
bool ts_run_changed(const struct ts_run *run, const struct ts_run *told);

#endif
