/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_GUARD_H
#define TS_GUARD_H

/*
 * The handler that makes plain reads in hot/ safe (hot/guarded.h), and how it hides from the program:
 * for SIGSEGV and SIGBUS the kernel has ours, with the program's mask and flags as far as they concern
 * where and how a handler runs, and the program is told what it set itself. A fault that is not ours is
 * the program's handler's, called as the kernel would have called it.
 *
 * SIG_IGN stays the kernel's, so that an exec'd program inherits it; reads are checked ones then.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

typedef int ts_sigaction_fn(int, const struct sigaction *, struct sigaction *);

/*
 * A rule follows pointers: from now on the handler stands in the kernel. `real` is the C library's
 * sigaction, or that of who stands in for it. Does nothing the second time. [setup]
 */
void ts_guard_start(ts_sigaction_fn *real);

/* Does the guard stand in for what sigaction(signal, ...) would do? */
bool ts_guard_has(int signal);

/*
 * sigaction(2) as the program sees it. Where `guest`, in a child that shares our memory and has
 * dispositions of its own (vfork), what it sets is the kernel's and nobody else's. 0, or -1 and errno.
 */
int ts_guard_sigaction(int signal, const struct sigaction *action, struct sigaction *ret_old,
		       bool guest);

/* Of a handler that the kernel named: what the program set. */
uintptr_t ts_guard_program_handler(int signal, uintptr_t handler);

/* Has the program put another handler in ours' place without asking, or ours back? [own] */
void ts_guard_look(void);

#endif
