// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#include <time.h>

#include "../../preload/abi.h"
#include "../moment.h"

#define NS_PER_SECOND 1000000000
#define MIN_SPAN_NS   1000000 /* two triples closer than this say little about a rate */
#define MIN_RATE      10000000ULL
#define MAX_RATE      100000000000ULL

static __int128 to_ns(const struct ts_clock *clock, __int128 ticks)
{
	return ticks * NS_PER_SECOND / clock->ticks_per_second;
}

/* Ticks per second between two triples; 0 if they do not tell. */
static uint64_t rate(const struct ts_abi_clock *first, const struct ts_abi_clock *last)
{
	__int128 ns = (__int128)last->monotonic_ns - first->monotonic_ns;
	unsigned __int128 per_second;

	if (ns < MIN_SPAN_NS || last->ticks <= first->ticks)
		return 0;
	per_second = (unsigned __int128)(last->ticks - first->ticks) * NS_PER_SECOND /
		     (unsigned __int128)ns;
	return per_second < MIN_RATE || per_second > MAX_RATE ? 0 : (uint64_t)per_second;
}

static int64_t monotonic_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * (int64_t)NS_PER_SECOND + time.tv_nsec;
}

static struct ts_abi_clock now(void)
{
	struct ts_abi_clock triple = {.monotonic_ns = monotonic_ns()};

#ifdef __x86_64__
	triple.ticks = __builtin_ia32_rdtsc();
#endif
	return triple;
}

static uint64_t find_rate(const struct ts_abi_process *page, const struct ts_abi_clock *first,
			  uint32_t n_clocks)
{
	uint64_t found = __atomic_load_n(&page->ticks_per_second, __ATOMIC_RELAXED);
	struct ts_abi_clock triple;

	if (found)
		return found;
	if (page->clock_source != TS_CLOCK_TSC || !n_clocks)
		return NS_PER_SECOND;
	found = rate(first, &page->clocks[n_clocks - 1]);
	if (found)
		return found;
	triple = now();
	found = rate(first, &triple);
	return found ? found : NS_PER_SECOND;
}

void ts_clock_init(struct ts_clock *clock, const struct ts_abi_process *page)
{
	uint32_t n_clocks = __atomic_load_n(&page->n_clocks, __ATOMIC_ACQUIRE);
	struct ts_abi_clock first = {0};

	if (n_clocks > TS_ABI_CLOCKS)
		n_clocks = TS_ABI_CLOCKS;
	if (n_clocks)
		first = page->clocks[0];
	clock->ticks = first.ticks;
	clock->wall_ns = first.wall_ns;
	clock->ticks_per_second = find_rate(page, &first, n_clocks);
}

uint64_t ts_clock_now(const struct ts_abi_process *page)
{
	return page->clock_source == TS_CLOCK_TSC ? now().ticks : (uint64_t)monotonic_ns();
}

int64_t ts_clock_us(const struct ts_clock *clock, uint64_t ticks)
{
	__int128 ns = clock->wall_ns + to_ns(clock, (__int128)ticks - clock->ticks);

	if (ns < 0)
		return 0;
	return ns / 1000 > TS_MOMENT_LAST_US ? TS_MOMENT_LAST_US : (int64_t)(ns / 1000);
}

int64_t ts_clock_duration_ns(const struct ts_clock *clock, uint64_t begin, uint64_t end)
{
	__int128 ns;

	if (end <= begin)
		return 0;
	ns = to_ns(clock, (__int128)end - begin);
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}
