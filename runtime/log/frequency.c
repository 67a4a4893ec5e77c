// SPDX-License-Identifier: Apache-2.0
/* The process's clocks, read side by side as closely as can be. */
#include <stdbool.h>
#include <time.h>

#include "../../preload/abi.h"
#include "frequency.h"

#define NS_A_SECOND   1000000000LL
#define TRIES         16
#define FIRST_WAIT_NS (60 * NS_A_SECOND)
/* What a CPU's counter may run at; outside it, the clocks were read wrongly or set meanwhile. */
#define LOWEST_RATE  1000000ULL
#define HIGHEST_RATE 100000000000ULL

/* The page of a process that is gone, or hostile, may hold any number: the difference wraps. */
static int64_t since_ns(int64_t now, int64_t then)
{
	return (int64_t)((uint64_t)now - (uint64_t)then);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_A_SECOND + now.tv_nsec;
}

static uint64_t now_ticks(uint32_t source)
{
	return source == TS_CLOCK_TSC ? __builtin_ia32_rdtsc() : (uint64_t)now_ns(CLOCK_MONOTONIC);
}

/* The best of several: the one that was interrupted least. */
static struct ts_abi_clock take_triple(uint32_t source)
{
	struct ts_abi_clock best = {0};
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = now_ticks(source);
		int64_t monotonic = now_ns(CLOCK_MONOTONIC);
		uint64_t after = now_ticks(source);

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best.ticks = before + shortest / 2;
		best.monotonic_ns = monotonic;
		best.wall_ns = now_ns(CLOCK_REALTIME);
	}
	return best;
}

void ts_frequency_measure(struct ts_abi_process *process)
{
	const struct ts_abi_clock *first = &process->clocks[0];
	struct ts_abi_clock now;
	uint64_t rate = NS_A_SECOND, unknown = 0;
	int64_t base_ns;

	if (__atomic_load_n(&process->ticks_per_second, __ATOMIC_ACQUIRE))
		return;
	if (process->clock_source == TS_CLOCK_TSC) {
		now = take_triple(process->clock_source);
		base_ns = since_ns(now.monotonic_ns, first->monotonic_ns);
		if (base_ns <= 0 || now.ticks <= first->ticks)
			return;
		rate = (uint64_t)((unsigned __int128)(now.ticks - first->ticks) * NS_A_SECOND /
				  (uint64_t)base_ns);
		if (rate < LOWEST_RATE || rate > HIGHEST_RATE)
			return;
	}
	/* the first to know it says it for all readers */
	__atomic_compare_exchange_n(&process->ticks_per_second, &unknown, rate, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void ts_frequency_seen(struct ts_abi_process *process)
{
	__atomic_store_n(&process->seen_ticks, now_ticks(process->clock_source), __ATOMIC_RELAXED);
}

int64_t ts_frequency_base_ns(const struct ts_abi_process *process)
{
	return since_ns(now_ns(CLOCK_MONOTONIC), process->clocks[0].monotonic_ns);
}

void ts_frequency_note(struct ts_abi_process *process)
{
	uint32_t n = process->n_clocks;

	if (n == 0 || n >= TS_ABI_CLOCKS ||
	    ts_frequency_base_ns(process) < FIRST_WAIT_NS << (n - 1))
		return;
	process->clocks[n] = take_triple(process->clock_source);
	/* release: pairs with the acquire of whoever reads clocks[0..n) */
	__atomic_store_n(&process->n_clocks, n + 1, __ATOMIC_RELEASE);
}
