// SPDX-License-Identifier: Apache-2.0
/* The handler of faults, and the program's, which it hides. */

#include "guard.h"

#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include "../hot/guarded.h"
#include "../system/signals.h"
#include "../system/sys.h"

#define SA_RESTORER 0x04000000 /* the kernel's, set by the C library */

/* In the word that holds a handler: the next fault puts the default in its place (SA_RESETHAND). */
#define ONCE (1ULL << 63)

/* Flags that the kernel is not told as the program set them. */
#define ALTERED (SA_SIGINFO | SA_RESETHAND | SA_ONSTACK | SA_NODEFER | SA_RESTORER)

/* What the program set for a signal. Handlers read `handler` at any moment; setters hold the lock. */
struct hidden {
	int signal;
	int flags;        /* of ALTERED */
	uint64_t handler; /* SIG_DFL, or a function; ONCE */
};

static struct hidden hidden[] = {{.signal = SIGSEGV}, {.signal = SIGBUS}};
static ts_sigaction_fn *real_sigaction; /* NULL: the guard is not at work */

/*
 * Pid of the process whose thread changes dispositions; 0: none. A child forked meanwhile finds another
 * process's. All signals wait while it is held, for a handler may ask for it; so no memory of the program
 * is touched meanwhile.
 */
static uint32_t lock;

/* guard_x86_64.S */
extern const char ts_guard_entry[];
uintptr_t ts_guard_fault(int signal, const siginfo_t *info, ucontext_t *context);

static struct hidden *hidden_of(int signal)
{
	return signal == SIGSEGV ? &hidden[0] : signal == SIGBUS ? &hidden[1] : NULL;
}

static bool is_ours(const struct sigaction *action)
{
	return (uintptr_t)action->sa_sigaction == (uintptr_t)ts_guard_entry;
}

/* --- when a signal comes ---------------------------------------------------------------------- */

/* A fault, which comes again when the instruction is run again, and not a message about something. */
static bool is_fault(int signal, const siginfo_t *info)
{
	return info->si_code > 0 && !(signal == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

/*
 * The default is the kernel's business: a fault comes again on return from the handler, with all that a
 * core file tells; what was sent is sent again, and waits until the handler has returned.
 */
static void leave_to_kernel(int signal, const siginfo_t *info)
{
	struct {
		uintptr_t handler;
		uint64_t rest[3];
	} by_default = {(uintptr_t)SIG_DFL, {0}};

	ts_syscall(SYS_rt_sigaction, signal, (long)&by_default, 0, sizeof(uint64_t), 0, 0);
	if (!is_fault(signal, info))
		ts_syscall(SYS_rt_tgsigqueueinfo, ts_sys_getpid(), ts_sys_gettid(), signal,
			   (long)info, 0, 0);
}

/* The program's handler. As with the kernel's own, only one of two threads gets one that is for once. */
static uint64_t take_handler(struct hidden *of)
{
	uint64_t handler = __atomic_load_n(&of->handler, __ATOMIC_ACQUIRE);

	while (handler & ONCE &&
	       !__atomic_compare_exchange_n(&of->handler, &handler, (uintptr_t)SIG_DFL, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	return handler & ~ONCE;
}

/* A read of ours led nowhere: its function answers so. */
static void give_up(greg_t *registers)
{
	uintptr_t at = (uintptr_t)registers[REG_RIP];

	if (at >= (uintptr_t)ts_guarded_vectors_start && at < (uintptr_t)ts_guarded_vectors_end) {
		registers[REG_RIP] = (greg_t)ts_guarded_give_up;
		return;
	}
	registers[REG_RAX] = (greg_t)TS_UNREADABLE;
	registers[REG_RIP] = *(const greg_t *)registers[REG_RSP];
	registers[REG_RSP] += 8;
}

/*
 * What the handler does: the address of the program's, to be jumped to, or 0: return. No libc, no
 * thread-local storage (a fault may come from code that has changed fs), no errno.
 */
__attribute__((used)) uintptr_t ts_guard_fault(int signal, const siginfo_t *info,
					       ucontext_t *context)
{
	greg_t *registers = context->uc_mcontext.gregs;
	uintptr_t at = (uintptr_t)registers[REG_RIP];
	uint64_t handler;

	if (at >= (uintptr_t)ts_guarded_start && at < (uintptr_t)ts_guarded_end &&
	    is_fault(signal, info)) {
		give_up(registers);
		return 0;
	}
	handler = take_handler(hidden_of(signal));
	if (handler == (uintptr_t)SIG_DFL) {
		leave_to_kernel(signal, info);
		return 0;
	}
	/* it runs with signals blocked, and may change the mask on its way out: each thread looks anew */
	__atomic_fetch_add(&ts_guarded_epoch, 2, __ATOMIC_RELAXED);
	return handler;
}

/* --- when the program sets one ---------------------------------------------------------------- */

static uint64_t lock_hidden(void)
{
	uint64_t all = ~(3ULL << 31), before = 0; /* but for glibc's own two */
	uint32_t self = (uint32_t)ts_sys_getpid();
	uint32_t holder = __atomic_load_n(&lock, __ATOMIC_RELAXED);
	unsigned int turn = 0;

	ts_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof(all), 0, 0);
	while (holder == self || !__atomic_compare_exchange_n(&lock, &holder, self, false,
							      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		ts_sys_give_way(turn++);
		holder = __atomic_load_n(&lock, __ATOMIC_RELAXED);
	}
	return before;
}

static void unlock_hidden(uint64_t before)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	ts_signals_restore(before);
}

/* Under the lock: makes the epoch odd or even. */
static void set_epoch(bool caught)
{
	uint32_t epoch = __atomic_load_n(&ts_guarded_epoch, __ATOMIC_RELAXED);

	if (caught == (epoch & 1))
		__atomic_fetch_add(&ts_guarded_epoch, 1, __ATOMIC_SEQ_CST);
}

/* What the kernel has -> what the program shall see. */
static void show(const struct hidden *of, struct sigaction *action)
{
	if (!is_ours(action))
		return;
	action->sa_handler = (__sighandler_t)(of->handler & ~ONCE);
	action->sa_flags = (action->sa_flags & ~ALTERED) | of->flags;
	if (!(of->flags & SA_RESTORER))
		action->sa_restorer = NULL;
}

/*
 * The flags for the kernel. The program's handler runs where it would have run, with the mask that it would
 * have had. Without one, ours runs on the alternate stack if there is any, for the fault may be a stack
 * that has overflowed, and without a second one inside.
 */
static int kernel_flags(const struct sigaction *action)
{
	int flags = (action->sa_flags & ~ALTERED) | SA_SIGINFO;

	return action->sa_handler == SIG_DFL
		       ? flags | SA_ONSTACK
		       : flags | (action->sa_flags & (SA_ONSTACK | SA_NODEFER));
}

/* Under the lock. 0, or -1 and errno. */
static int hide(struct hidden *of, const struct sigaction *action, int flags)
{
	struct sigaction ours = *action;
	struct hidden before = *of;
	int result;

	ours.sa_sigaction = (void (*)(int, siginfo_t *, void *))(uintptr_t)ts_guard_entry;
	ours.sa_flags = kernel_flags(action);
	of->flags = flags;
	/* release: a handler that finds it finds the rest, and before the kernel may call us for it */
	__atomic_store_n(&of->handler,
			 (uintptr_t)action->sa_sigaction |
				 (action->sa_flags & SA_RESETHAND ? ONCE : 0),
			 __ATOMIC_RELEASE);
	result = real_sigaction(of->signal, &ours, NULL);
	if (result < 0) {
		of->flags = before.flags;
		__atomic_store_n(&of->handler, before.handler, __ATOMIC_RELEASE);
	}
	return result;
}

/* Under the lock. */
static int set(struct hidden *of, const struct sigaction *action)
{
	if (action->sa_handler == SIG_IGN)
		set_epoch(false); /* before the handler is gone */
	/* ours: it was asked for by a system call, and now comes back */
	if (action->sa_handler == SIG_IGN || is_ours(action))
		return real_sigaction(of->signal, action, NULL);
	return hide(of, action, (action->sa_flags & ALTERED) | SA_RESTORER);
}

bool ts_guard_has(int signal)
{
	return hidden_of(signal) && __atomic_load_n(&real_sigaction, __ATOMIC_ACQUIRE);
}

/* What the C library writes: of the mask, no more than the kernel knows. */
static void hand_out(const struct sigaction *action, struct sigaction *ret)
{
	ret->sa_sigaction = action->sa_sigaction;
	ret->sa_flags = action->sa_flags;
	ret->sa_restorer = action->sa_restorer;
	memcpy(&ret->sa_mask, &action->sa_mask, sizeof(uint64_t));
}

int ts_guard_sigaction(int signal, const struct sigaction *action, struct sigaction *ret_old,
		       bool guest)
{
	struct hidden *of = hidden_of(signal);
	struct sigaction wanted, old;
	uint64_t before;
	int result;

	if (action)
		wanted = *action;
	if (guest) {
		result = real_sigaction(signal, action ? &wanted : NULL, &old);
		if (result == 0)
			show(of, &old);
	} else {
		before = lock_hidden();
		result = real_sigaction(signal, NULL, &old);
		if (result == 0) {
			show(of, &old);
			if (action)
				result = set(of, &wanted);
		}
		set_epoch(ts_guarded_by_kernel());
		unlock_hidden(before);
	}
	if (result == 0 && ret_old)
		hand_out(&old, ret_old);
	return result;
}

uintptr_t ts_guard_program_handler(int signal, uintptr_t handler)
{
	return handler == (uintptr_t)ts_guard_entry && hidden_of(signal)
		       ? __atomic_load_n(&hidden_of(signal)->handler, __ATOMIC_RELAXED) & ~ONCE
		       : handler;
}

void ts_guard_look(void)
{
	uint64_t before;

	if (!ts_guard_has(SIGSEGV))
		return;
	before = lock_hidden();
	set_epoch(ts_guarded_by_kernel());
	unlock_hidden(before);
}

void ts_guard_start(ts_sigaction_fn *real)
{
	uint64_t before;

	if (ts_guard_has(SIGSEGV))
		return;
	before = lock_hidden();
	ts_guarded_handler = ts_guard_entry;
	__atomic_store_n(&real_sigaction, real, __ATOMIC_RELEASE);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		struct sigaction found;

		if (real(hidden[i].signal, NULL, &found) == 0 && found.sa_handler != SIG_IGN &&
		    !is_ours(&found))
			hide(&hidden[i], &found, found.sa_flags & ALTERED);
	}
	set_epoch(ts_guarded_by_kernel());
	unlock_hidden(before);
}
