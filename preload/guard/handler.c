// SPDX-License-Identifier: Apache-2.0
/* Is this a signal handler? */

#include "handler.h"

#include <signal.h>

#include "../system/sys.h"
#include "guard.h"

/* As the kernel has it. */
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* By where the call is, for the slow path has a stack of its own. */
static bool is_on_alternate_stack(uintptr_t slot)
{
	stack_t alternate = {.ss_flags = SS_DISABLE};

	ts_syscall(SYS_sigaltstack, 0, (long)&alternate, 0, 0, 0, 0);
	return !(alternate.ss_flags & SS_DISABLE) &&
	       slot - (uintptr_t)alternate.ss_sp < alternate.ss_size;
}

static bool has_handler(int signal)
{
	struct kernel_action action;

	if (ts_syscall(SYS_rt_sigaction, signal, 0, (long)&action, sizeof(uint64_t), 0, 0) < 0)
		return false;
	action.handler = ts_guard_program_handler(signal, action.handler);
	return action.handler != (uintptr_t)SIG_DFL && action.handler != (uintptr_t)SIG_IGN;
}

bool ts_may_be_in_handler(uint64_t blocked, uintptr_t slot)
{
	if (is_on_alternate_stack(slot))
		return true;
	for (int signal = 1; signal <= 64; signal++)
		if (blocked >> (signal - 1) & 1 && has_handler(signal))
			return true;
	return false;
}
