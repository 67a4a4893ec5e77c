// SPDX-License-Identifier: Apache-2.0
/*
 * The C library's functions that say what a signal does, for the two signals that the guard hides: it
 * answers for them as if it were not there. All other signals are passed on. And those that say which
 * signals a thread blocks: to know when a thread's faults may not reach the handler.
 *
 * What goes past these (system calls, a dlsym on the C library's handle, sigvec of old programs) is
 * noticed at the flusher's next tick.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../hook/interpose.h"
#include "../hot/guarded.h"
#include "../life/life.h"
#include "guard.h"

#define EXPORT __attribute__((visibility("default")))

/* The C library has been found, whoever calls first. */
static const struct ts_real *real(void)
{
	ts_interpose_init();
	return &ts_real;
}

/* A child that shares our memory has this variable in common with the thread that waits for it; hence it is
 * never said that the signals are open, only that one has to look. */
static void note_blocked(int how, const sigset_t *set)
{
	if (how != SIG_UNBLOCK && (sigismember(set, SIGSEGV) == 1 || sigismember(set, SIGBUS) == 1))
		ts_guarded_seen = 0;
}

static int set(int signal, const struct sigaction *action, struct sigaction *ret_old)
{
	return ts_guard_sigaction(signal, action, ret_old, ts_life_is_guest());
}

/* For a guarded signal: the handler that was, or SIG_ERR and errno. */
static __sighandler_t set_handler(int signal, __sighandler_t handler, int flags, bool blocks_itself)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	if (blocks_itself)
		sigaddset(&action.sa_mask, signal);
	return set(signal, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

/* --- handlers of other signals ---------------------------------------------------------------- */

enum guarded_mask { MASKED_SEGV = 1, MASKED_BUS = 2 };

/* Which of the two each signal's handler masks, as the program has it (enum guarded_mask). */
static uint8_t masked[_NSIG];

static uint8_t take_guarded(sigset_t *set)
{
	uint8_t taken = (uint8_t)((sigismember(set, SIGSEGV) == 1 ? MASKED_SEGV : 0) |
				  (sigismember(set, SIGBUS) == 1 ? MASKED_BUS : 0));

	if (taken & MASKED_SEGV)
		sigdelset(set, SIGSEGV);
	if (taken & MASKED_BUS)
		sigdelset(set, SIGBUS);
	return taken;
}

static void give_guarded(sigset_t *set, uint8_t taken)
{
	if (taken & MASKED_SEGV)
		sigaddset(set, SIGSEGV);
	if (taken & MASKED_BUS)
		sigaddset(set, SIGBUS);
}

/*
 * A handler that masks everything would mask the guard's faults, at which the kernel kills: it is run with
 * them open, and asked for it looks as the program set it. To a fault of the program's own in such a
 * handler the difference is that its handler is called instead of none.
 */
static int set_other(int signal, const struct sigaction *action, struct sigaction *ret_old)
{
	bool known = signal > 0 && signal < _NSIG && ts_interpose_active;
	uint8_t before = known ? masked[signal] : 0, taken = 0;
	struct sigaction open;
	int result;

	if (known && action) {
		open = *action;
		taken = take_guarded(&open.sa_mask);
		action = &open;
	}
	result = real()->sigaction(signal, action, ret_old);
	if (result < 0 || !known)
		return result;
	if (ret_old)
		give_guarded(&ret_old->sa_mask, before);
	if (action && !(taken == before || ts_life_is_guest()))
		masked[signal] = taken;
	return result;
}

EXPORT int sigaction(int signal, const struct sigaction *action, struct sigaction *ret_old)
{
	return ts_guard_has(signal) ? set(signal, action, ret_old)
				    : set_other(signal, action, ret_old);
}

/* --- older names ------------------------------------------------------------------------------ */

EXPORT __sighandler_t signal(int signal, __sighandler_t handler)
{
	return ts_guard_has(signal) ? set_handler(signal, handler, SA_RESTART, true)
				    : real()->signal(signal, handler);
}

__sighandler_t bsd_signal(int, __sighandler_t); /* the headers have it for old standards only */

EXPORT __sighandler_t bsd_signal(int signal, __sighandler_t handler)
{
	return ts_guard_has(signal) ? set_handler(signal, handler, SA_RESTART, true)
				    : real()->bsd_signal(signal, handler);
}

EXPORT __sighandler_t ssignal(int signal, __sighandler_t handler)
{
	return ts_guard_has(signal) ? set_handler(signal, handler, SA_RESTART, true)
				    : real()->ssignal(signal, handler);
}

#define ONCE_AND_OPEN (SA_RESETHAND | SA_NODEFER | SA_INTERRUPT)

EXPORT __sighandler_t sysv_signal(int signal, __sighandler_t handler)
{
	return ts_guard_has(signal) ? set_handler(signal, handler, ONCE_AND_OPEN, false)
				    : real()->sysv_signal(signal, handler);
}

EXPORT __sighandler_t __sysv_signal(int signal, __sighandler_t handler)
{
	return ts_guard_has(signal) ? set_handler(signal, handler, ONCE_AND_OPEN, false)
				    : real()->sysv_signal_alias(signal, handler);
}

/* System V's second: it also unblocks the signal, or blocks it and leaves the handler alone. */
EXPORT __sighandler_t sigset(int signal, __sighandler_t handler)
{
	sigset_t only, before;
	struct sigaction old;
	__sighandler_t was;

	if (!ts_guard_has(signal))
		return real()->sigset(signal, handler);
	sigemptyset(&only);
	sigaddset(&only, signal);
	if (handler == SIG_HOLD) {
		real()->sigprocmask(SIG_BLOCK, &only, &before);
		note_blocked(SIG_BLOCK, &only);
		was = set(signal, NULL, &old) < 0 ? SIG_ERR : old.sa_handler;
	} else {
		was = set_handler(signal, handler, 0, false);
		if (was == SIG_ERR)
			return SIG_ERR;
		real()->sigprocmask(SIG_UNBLOCK, &only, &before);
	}
	return sigismember(&before, signal) ? SIG_HOLD : was;
}

EXPORT int sigignore(int signal)
{
	if (!ts_guard_has(signal))
		return real()->sigignore(signal);
	return set_handler(signal, SIG_IGN, 0, false) == SIG_ERR ? -1 : 0;
}

/* --- masks ------------------------------------------------------------------------------------ */

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *ret_old)
{
	int result = real()->sigprocmask(how, set, ret_old);

	if (result == 0 && set)
		note_blocked(how, set);
	return result;
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *ret_old)
{
	int result = real()->pthread_sigmask(how, set, ret_old);

	if (result == 0 && set)
		note_blocked(how, set);
	return result;
}
