/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SIGNALS_H
#define TS_SIGNALS_H

/* This thread's signal mask, as the kernel has it: bit n - 1 is signal n. Raw system calls. */

#include <signal.h>
#include <stdint.h>

#include "sys.h"

/*
 * Blocks what can be blocked, glibc's cancellation (32) too: a thread that is left half-way would keep what it has locked. But
 * not glibc's setuid in all threads (33), which waits for each of them, and what a fault of this thread raises. Answers
 * the mask that was.
 */
static inline uint64_t ts_signals_block(void)
{
	const uint64_t faults = 1ULL << (SIGSEGV - 1) | 1ULL << (SIGBUS - 1) |
				1ULL << (SIGILL - 1) | 1ULL << (SIGFPE - 1) | 1ULL << (SIGTRAP - 1);
	uint64_t all = ~(1ULL << 32 | faults), before = 0;

	ts_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof(all), 0, 0);
	return before;
}

static inline void ts_signals_restore(uint64_t before)
{
	ts_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof(before), 0, 0);
}

#endif
