// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../log/clock.h"

static void name_signal(uint32_t number, char ret[TS_ENDED_BYTES])
{
	const char *name = sigabbrev_np((int)number);

	if (name)
		snprintf(ret, TS_ENDED_BYTES, "SIG%s", name);
	else
		snprintf(ret, TS_ENDED_BYTES, "signal %u", number);
}

/* What its parent saw counts for more than what it meant to do itself. */
static void put_outcome(const struct ts_run_facts *facts, char ret[TS_ENDED_BYTES])
{
	const struct ts_abi_process *page = facts->page;

	if (facts->exec_ticks)
		strcpy(ret, "exec");
	else if (page->signal)
		name_signal(page->signal, ret);
	else if (__atomic_load_n(&page->stop, __ATOMIC_RELAXED))
		strcpy(ret, "exited");
	else
		strcpy(ret, "interrupted");
}

uint64_t ts_run_seen(const struct ts_abi_process *page, uint64_t last_ticks)
{
	uint64_t seen = __atomic_load_n(&page->seen_ticks, __ATOMIC_RELAXED);

	return seen > last_ticks ? seen : last_ticks;
}

void ts_run_interrupted(const struct ts_abi_process *page, char ret[TS_ENDED_BYTES])
{
	char name[TS_ENDED_BYTES];

	strcpy(ret, "interrupted");
	if (!page->signal)
		return;
	name_signal(page->signal, name);
	snprintf(ret, TS_ENDED_BYTES, "interrupted by %.24s", name);
}

void ts_run_fill(const struct ts_run_facts *facts, struct ts_run_row *ret)
{
	const struct ts_abi_process *page = facts->page;
	struct ts_run *run = &ret->run;
	uint64_t seen = ts_run_seen(page, facts->last_ticks);

	*run = (struct ts_run){
		.tenant_id = facts->settings->tenant,
		.program = facts->settings->program,
		.host = facts->settings->host,
		.pid = page->pid,
		.started_us = ts_clock_us(facts->clock, page->clocks[0].ticks),
	};
	memcpy(&run->run_id, page->run_id, sizeof(run->run_id));
	run->created_us = run->started_us;
	run->seen_us = ts_clock_us(facts->clock, seen);
	if (run->seen_us < run->started_us)
		run->seen_us = run->started_us;
	if (facts->ended) {
		run->ended_us = run->seen_us;
		put_outcome(facts, ret->outcome);
		run->outcome = ret->outcome;
	}
}

bool ts_run_changed(const struct ts_run *run, const struct ts_run *told)
{
	return run->begun != told->begun || run->stored != told->stored ||
	       run->open != told->open || run->dropped != told->dropped ||
	       !run->outcome != !told->outcome;
}
