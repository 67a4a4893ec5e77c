// SPDX-License-Identifier: Apache-2.0
/* The flusher's thread. */

#include "flush.h"

#include <linux/close_range.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "../connection/conversation.h"
#include "../guard/guard.h"
#include "../guard/handler.h"
#include "../hook/hook.h"
#include "../hook/interpose.h"
#include "../hot/call.h"
#include "../stacks/callers.h"
#include "../system/log.h"
#include "../system/signals.h"
#include "../system/sys.h"
#include "../system/threads.h"
#include "interposers.h"
#include "module.h"
#include "spool.h"
#include "ticks.h"

#define STACK_LEAST (2UL * 1024 * 1024) /* of address space */
#define STACK_MOST  (64UL * 1024 * 1024)
#define HOLD_NS     50000000L
#define STOP_S      2
#define STAY_NS     200000000L

enum state { NOT_STARTED, STARTED, UNUSABLE };

static struct {
	uint32_t state; /* enum state: who changes it from NOT_STARTED starts the thread */
	struct ts_flusher_args args;
	uint64_t deadline;   /* of the stop, once it has been asked for */
	uint64_t generation; /* of the process that it runs in */
	uint32_t
		inside; /* it does what a fork must not copy half done; a child finds its own copy */
	int forked_pid; /* a child that fork made, with all that fork does; 0: none */
	bool may_start; /* in that child */
} flusher;

static __thread bool held __attribute__((tls_model("initial-exec"))); /* by this thread's fork */

static long futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout)
{
	return ts_syscall(SYS_futex, (long)word, operation, value, (long)timeout, 0, 0);
}

/*
 * Did the first thread end by pthread_exit, and all others, too? Then the process would end if it were not
 * for us: as the last of its threads, we end, and glibc calls exit(0).
 */
static bool is_alone(void)
{
	char first = 0;

	return ts_threads(&first) == 2 && first == 'Z';
}

/*
 * Does the flusher run in this very process? A child finds what its parent knew of it, and one that shares
 * our memory finds all of it.
 */
static bool is_running(void)
{
	struct ts_abi_process *process = ts_hot.process;

	return flusher.state == STARTED && process && flusher.generation == *ts_hot.generation &&
	       process->pid == (uint32_t)ts_sys_getpid();
}

static void stop_at_exit(void)
{
	if (ts_flush_stop() || !is_running())
		return;
	/* The deadline is over and libraries go: who still waits for a server must not come back to them. */
	__atomic_fetch_add(&ts_hot.process->hold, 1, __ATOMIC_SEQ_CST);
}

static void end_busy(void)
{
	__atomic_store_n(&flusher.inside, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&flusher.args.process->busy, 0, __ATOMIC_SEQ_CST);
	futex(&flusher.args.process->busy, FUTEX_WAKE, 1, NULL);
}

/* The flusher's side of ts_flush_hold: a fork in the middle of a dlopen leaves the child half an
 * object. */
static void begin_busy(void)
{
	struct ts_abi_process *process = flusher.args.process;
	uint32_t forks;

	for (;;) {
		__atomic_store_n(&process->busy, 1, __ATOMIC_SEQ_CST);
		forks = __atomic_load_n(&process->hold, __ATOMIC_SEQ_CST);
		if (!forks)
			break;
		end_busy();
		futex(&process->hold, FUTEX_WAIT, forks, NULL);
	}
	__atomic_store_n(&flusher.inside, 1, __ATOMIC_SEQ_CST);
}

/*
 * For a program that ends before the store has been opened. On the flusher's thread: one of the program's may hold the lock of
 * atexit (glibc 2.36 calls calloc under it). Not in a child: a fork may have left it taken.
 */
static void register_stop(void)
{
	if (flusher.forked_pid)
		return;
	begin_busy();
	atexit(stop_at_exit);
	end_busy();
}

/*
 * Handlers run in reverse: those registered once the store's libraries came, and again once they have made what they need, run
 * before theirs. A child has its parent's.
 */
static void opened(void)
{
	static unsigned registered;

	if (registered == 2)
		return;
	atexit(stop_at_exit);
	registered++;
}

static void tick(void)
{
	if (is_alone())
		__atomic_store_n(&ts_hot.process->stop, 1, __ATOMIC_SEQ_CST);
	ts_ticks_refine(ts_hot.process);
	ts_own_spool_count_missed();
	ts_conversation_tell();
	begin_busy(); /* it may open a module */
	ts_hook_refresh(true);
	ts_callers_open();
	end_busy();
	ts_guard_look();
}

/*
 * life_lock is this thread's until the program is gone, however that ends [L7]; so it must not end before,
 * unless it is the last.
 */
static void stay(void)
{
	const struct timespec period = {.tv_nsec = STAY_NS};

	while (!is_alone())
		ts_syscall(SYS_nanosleep, (long)&period, 0, 0, 0, 0, 0);
}

static void say_stopped(void)
{
	uint32_t *stopped = &flusher.args.process->stopped;

	__atomic_store_n(stopped, TS_STOPPED_DONE, __ATOMIC_RELEASE);
	futex(stopped, FUTEX_WAKE, 1, NULL);
}

/* A real-time priority is the program's: nothing of it waits for what is done here. */
static void be_ordinary(void)
{
	const struct sched_param none = {0};
	long policy = ts_syscall(SYS_sched_getscheduler, 0, 0, 0, 0, 0, 0);

	if (policy == SCHED_FIFO || policy == SCHED_RR)
		ts_syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, (long)&none, 0, 0, 0);
}

/*
 * Descriptors of its own, before the first is opened: the program's next one has the number that it would have, and one that
 * closes them all does not break the loading of a module.
 */
static void separate(void)
{
	flusher.args.shares = ts_interposers_may_be_here();
	if (!flusher.args.shares)
		ts_syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_UNSHARE, 0, 0, 0);
}

static void *run(void *unused)
{
	char why[256] = "";
	ts_flusher_run_fn *flush;

	pthread_mutex_lock((pthread_mutex_t *)flusher.args.process->life_lock);
	ts_context.untraced = true;
	ts_context.generation = 0;
	be_ordinary();
	register_stop();
	ts_syscall(SYS_prctl, PR_SET_NAME, (long)"traceshim", 0, 0, 0, 0);
	/*
	 * a root and a working directory of its own: the program's chroot shall not lead it astray
	 */
	ts_syscall(SYS_unshare, CLONE_FS, 0, 0, 0, 0, 0);
	separate();
	begin_busy();
	ts_callers_open();
	flush = (ts_flusher_run_fn *)ts_module_symbol("flusher", TS_FLUSHER_SYMBOL, why,
						      sizeof(why));
	end_busy();
	if (!flush || flush(&flusher.args) < 0) {
		ts_log(TS_LOG_ERROR, "traces stay in %s: %s", ts_own_spool_folder(),
		       flush ? "the flusher cannot run" : why);
		say_stopped();
	}
	stay();
	return unused;
}

/* The stack holds the program's thread-local storage, too, of which nobody tells how much it is. */
static int create(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	size_t bytes = STACK_LEAST;
	int result;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	do {
		pthread_attr_setstacksize(&attributes, bytes);
		result = ts_interpose_thread(&thread, &attributes, run, NULL);
		bytes *= 2;
	} while (result == EINVAL && bytes <= STACK_MOST);
	pthread_attr_destroy(&attributes);
	return result;
}

/* The thread inherits this one's mask: all signals are the program's. */
static int start_thread(void)
{
	uint64_t before;
	int result;

	flusher.args = (struct ts_flusher_args){
		.version = TS_ABI_VERSION,
		.log_level = ts_log_level(),
		.spool = ts_own_spool_folder(),
		.process = ts_hot.process,
		.module_symbol = ts_module_symbol,
		.opened = opened,
		.tick = tick,
		.inside = &flusher.inside,
	};
	flusher.generation = *ts_hot.generation;
	before = ts_signals_block();
	result = create();
	ts_signals_restore(before);
	return result;
}

bool ts_flush_start(uint64_t blocked, uintptr_t slot)
{
	uint32_t expected = NOT_STARTED;
	int result;

	if (flusher.state != NOT_STARTED)
		return flusher.state == STARTED;
	if (ts_may_be_in_handler(blocked, slot))
		return false;
	if (!__atomic_compare_exchange_n(&flusher.state, &expected, STARTED, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return true;
	result = start_thread();
	if (result) {
		flusher.state = UNUSABLE;
		ts_log(TS_LOG_INFO, "no flusher thread (error %d): traces stay in %s", result,
		       ts_own_spool_folder());
		return false;
	}
	ts_hot.flusher_runs = 1;
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Waits until *word is 0, or, where `set`, anything else; at most until `deadline`. */
static bool wait_for(uint32_t *word, bool set, uint64_t deadline)
{
	for (;;) {
		uint32_t seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		uint64_t now = now_ns();
		struct timespec left;

		if ((seen != 0) == set)
			return true;
		if (now >= deadline)
			return false;
		left.tv_sec = (time_t)((deadline - now) / 1000000000);
		left.tv_nsec = (long)((deadline - now) % 1000000000);
		futex(word, FUTEX_WAIT, seen, &left);
	}
}

/* Two flags, each side sets its own before it looks at the other's: one of them sees both. */
void ts_flush_hold(void)
{
	struct ts_abi_process *process = ts_hot.process;

	held = is_running();
	if (!held)
		return;
	__atomic_fetch_add(&process->hold, 1, __ATOMIC_SEQ_CST);
	wait_for(&process->busy, false, now_ns() + HOLD_NS);
}

void ts_flush_go_on(void)
{
	struct ts_abi_process *process = ts_hot.process;

	if (!held)
		return;
	held = false;
	__atomic_fetch_sub(&process->hold, 1, __ATOMIC_SEQ_CST);
	futex(&process->hold, FUTEX_WAKE, 1, NULL);
}

void ts_flush_go_on_in_child(bool may_start)
{
	held = false;
	flusher.forked_pid = ts_sys_getpid();
	flusher.may_start = may_start;
}

bool ts_flush_stop(void)
{
	struct ts_abi_process *process = ts_hot.process;

	if (!is_running())
		return false;
	__atomic_store_n(&process->stop, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&process->wake, 1, __ATOMIC_SEQ_CST);
	futex(&process->wake, FUTEX_WAKE, 1, NULL);
	futex(&process->stop, FUTEX_WAKE, 1, NULL); /* a collector waits at `wake` */
	if (!flusher.deadline)
		flusher.deadline = now_ns() + STOP_S * 1000000000ULL;
	wait_for(&process->stopped, true, flusher.deadline);
	return __atomic_load_n(&process->stopped, __ATOMIC_ACQUIRE) == TS_STOPPED_DONE;
}

/*
 * Where fork itself did not see to it (a raw clone), libc's locks may be as the parent's threads held
 * them: no thread is started there.
 */
void ts_flush_forget(void)
{
	bool usable = !flusher.inside && flusher.forked_pid == ts_sys_getpid() && flusher.may_start;

	flusher.state = usable ? NOT_STARTED : UNUSABLE;
	flusher.deadline = 0;
	flusher.inside = 0;
	ts_hot.flusher_runs = 0;
}
