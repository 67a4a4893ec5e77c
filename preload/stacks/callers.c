// SPDX-License-Identifier: Apache-2.0
/*
 * What hot/failure.c calls on a thread of the program, on a stack of its own: signals wait meanwhile, so
 * that no handler needs what this thread has locked, libunwind's locks among it.
 */

#include "callers.h"

#include <errno.h>

#include "../hook/definition.h"
#include "../hot/call.h"
#include "../hot/guarded.h"
#include "../life/module.h"
#include "../life/spool.h"
#include "../stack.h"
#include "../system/log.h"
#include "../system/signals.h"
#include "../system/sys.h"
#include "objects.h"

#define HOLD_TRIES 10000
#define LOCK_TRIES 1000

/* The shim's own first and last byte; the linker knows. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static ts_stack_walk_fn *walk_stack;
static uint32_t walking; /* threads that walk now */
static uint32_t held;    /* forks that wait or are under way */
static uint32_t locked;  /* the objects' table */
static bool tried;

static bool lock(void)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE))
			return true;
		ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	return false;
}

/* Places become (object, offset). Without the lock, in a busy moment, there is no stack. */
static void keep(const struct ts_call_stack *walk, struct ts_failure *failure)
{
	if (!lock())
		return;
	for (uint32_t i = 0; i < walk->n; i++) {
		const struct ts_call_site *site = &walk->sites[i];
		int index = site->high ? ts_objects_index(site) : -1;

		failure->frames[i] = (struct ts_stack_frame){
			.offset = index < 0 ? site->address : site->address - site->base,
			.object = index < 0 ? TS_NO_OBJECT : (uint32_t)index,
		};
	}
	__atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
	if (ts_own_spool_publish() == 0)
		failure->n_frames = walk->n;
}

static void walk_and_keep(const struct ts_registers *registers, struct ts_failure *failure)
{
	const struct ts_stack *stack = &ts_context.stack;
	bool own = registers->rsp >= stack->low && registers->rsp < stack->high;
	struct ts_call_stack walk = {
		.registers = registers,
		.stack_high = own ? stack->high : 0,
		.read = ts_guarded_copy,
		.is_pad = ts_is_return_pad,
		.skip_low = (uintptr_t)__ehdr_start,
		.skip_high = (uintptr_t)_end,
	};

	walk_stack(&walk);
	keep(&walk, failure);
}

/* A thread counts itself first, and looks for a fork then: one of the two sees the other. */
static uintptr_t walk(const void *registers, void *failure)
{
	uint64_t before = ts_signals_block();
	int error_number = errno;

	__atomic_fetch_add(&walking, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&held, __ATOMIC_SEQ_CST))
		walk_and_keep(registers, failure);
	__atomic_fetch_sub(&walking, 1, __ATOMIC_SEQ_CST);
	errno = error_number;
	ts_signals_restore(before);
	return 0;
}

static bool is_wanted(void)
{
	for (size_t i = 0; i < ts_definition_count(); i++)
		if (ts_thunks[i].hook->flags & TS_HOOK_STACK)
			return true;
	return false;
}

void ts_callers_open(void)
{
	char why[256] = "";
	ts_stack_fn *stack;

	if (tried || !is_wanted())
		return;
	tried = true;
	stack = (ts_stack_fn *)ts_module_symbol("stack", TS_STACK_SYMBOL, why, sizeof(why));
	walk_stack = stack ? stack() : NULL;
	ts_module_rest();
	if (walk_stack)
		__atomic_store_n(&ts_hot.walk, walk, __ATOMIC_RELEASE);
	else
		ts_log(TS_LOG_INFO, "failures have no call stacks: %s", why);
}

bool ts_callers_hold(void)
{
	__atomic_fetch_add(&held, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < HOLD_TRIES; i++) {
		if (!__atomic_load_n(&walking, __ATOMIC_SEQ_CST))
			return true;
		ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	return false;
}

void ts_callers_go_on(void)
{
	__atomic_fetch_sub(&held, 1, __ATOMIC_SEQ_CST);
}

void ts_callers_go_on_in_child(bool was_held)
{
	if (!was_held)
		ts_hot.walk = NULL;
	walking = locked = held = 0; /* other threads' */
}
