/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PRELOAD_STACK_H
#define TS_PRELOAD_STACK_H

/* What the shim asks of the module `stack`: who called, as the unwind data in memory tells it. */

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "hot/failure.h"

/* A place in the program: the address that a call returns to, or where a signal interrupted. */
struct ts_call_site {
	uintptr_t address;
	/* The object it lies in; all 0 where it lies in none. */
	uintptr_t base;
	uintptr_t low;
	uintptr_t high;
	const char *name; /* the dynamic linker's; empty: the executable */
};

struct ts_call_stack {
	const struct ts_registers *registers;
	/* Part of the stack that can certainly be read: from registers->rsp up to here; 0: unknown. */
	uintptr_t stack_high;
	/* Reads what may not be there. */
	bool (*read)(void *to, const void *from, uint64_t bytes);
	/* Is this a return pad: rbx leads to the caller's rbx and return address, rsp is the caller's? */
	bool (*is_pad)(const void *address);
	/* Places in [skip_low, skip_high) are passed over. */
	uintptr_t skip_low;
	uintptr_t skip_high;
	uintptr_t pages[16]; /* the module's own: that were read already */
	uint32_t n;
	struct ts_call_site sites[TS_MAX_STACK]; /* innermost first */
};

/*
 * Fills sites. With signals blocked: libunwind's memory pools have locks, held for a few instructions.
 */
typedef void ts_stack_walk_fn(struct ts_call_stack *walk);

/* Exported by the module; called once, where locks may be taken. NULL: it cannot walk here. */
#define TS_STACK_SYMBOL "ts_stack"
typedef ts_stack_walk_fn *ts_stack_fn(void);

#endif
