// SPDX-License-Identifier: Apache-2.0
/* The clock. */

#include "ticks.h"

#include <cpuid.h>
#include <errno.h>
#include <link.h>
#include <sys/auxv.h>

#include "../elf/elf.h"
#include "../elf/iterate.h"
#include "../hot/clock.h"

static struct ts_abi_clock first;
static uint32_t source;

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The same instant on all clocks: of several tries the one in which least time went by. */
static struct ts_abi_clock instant(void)
{
	struct ts_abi_clock best = {0};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t before = ts_clock_ticks();
		int64_t monotonic = nanoseconds(CLOCK_MONOTONIC);
		uint64_t after = ts_clock_ticks();

		if (after - before >= least)
			continue;
		least = after - before;
		best.ticks = before + (after - before) / 2;
		best.monotonic_ns = monotonic;
		best.wall_ns = nanoseconds(CLOCK_REALTIME);
	}
	return best;
}

/*
 * CPUID 8000_0007, EDX bit 8: the TSC runs at one rate in every state (AMD APM vol. 2, 13.2.4).
 * Every x86-64 CPU has that leaf.
 */
static bool tsc_is_invariant(void)
{
	unsigned int a, b, c, d;

	__cpuid(0x80000007, a, b, c, d);
	return d & 1u << 8;
}

/* The vDSO's own code uses general registers alone: the kernel is built without the others. */
static int find_vdso(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct ts_object object;
	const ElfW(Sym) * symbol;

	(void)bytes, (void)context;
	if (ts_object_read(info, &object) < 0 ||
	    !ts_object_holds(&object, getauxval(AT_SYSINFO_EHDR)))
		return 0;
	symbol = ts_object_definition(&object, "__vdso_clock_gettime", NULL);
	if (symbol)
		ts_clock.vdso =
			(int (*)(clockid_t, struct timespec *))(object.base + symbol->st_value);
	return 1;
}

/* `ns` took `ticks`: what the hot path computes with follows. */
static void set_rate(uint64_t ns, uint64_t ticks)
{
	uint64_t per_ms = (uint64_t)((unsigned __int128)ticks * 1000000 / ns);

	ts_clock.ns_per_tick_q32 = (uint64_t)(((unsigned __int128)ns << 32) / ticks);
	ts_clock.ticks_per_ms = per_ms;
	ts_clock.fraction_q32 = per_ms ? (4096ULL << 32) / per_ms : 0;
}

int ts_ticks_init(void)
{
	source = tsc_is_invariant() ? TS_CLOCK_TSC : TS_CLOCK_MONOTONIC;
	if (source == TS_CLOCK_MONOTONIC) {
		ts_iterate_phdr(find_vdso, NULL);
		if (!ts_clock.vdso)
			return -ENOSYS;
	}
	first = instant();
	ts_clock.first_ticks = first.ticks;
	ts_clock.first_wall_ns = first.wall_ns;
	set_rate(1, 1);
	return 0;
}

void ts_ticks_describe(struct ts_abi_process *process)
{
	struct ts_abi_clock now = instant();

	process->clock_source = source;
	process->clocks[0] = first;
	process->clocks[1] = now;
	process->n_clocks = 2;
	if (source == TS_CLOCK_MONOTONIC)
		process->ticks_per_second = 1000000000;
	else if (now.ticks > first.ticks && now.monotonic_ns > first.monotonic_ns)
		set_rate((uint64_t)(now.monotonic_ns - first.monotonic_ns),
			 now.ticks - first.ticks);
}

void ts_ticks_refine(const struct ts_abi_process *process)
{
	uint64_t frequency = __atomic_load_n(&process->ticks_per_second, __ATOMIC_ACQUIRE);

	if (frequency)
		set_rate(1000000000, frequency);
}
