// SPDX-License-Identifier: Apache-2.0
/* Process and threads, from first event to last. */

#include "life.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../elf/walk.h"
#include "../hook/interpose.h"
#include "../hot/call.h"
#include "../report/report.h"
#include "../stacks/callers.h"
#include "../stacks/stacks.h"
#include "../system/log.h"
#include "../system/pages.h"
#include "../system/signals.h"
#include "flush.h"
#include "interposers.h"
#include "lane.h"
#include "module.h"
#include "spool.h"

#define MAIN_STACK_MOST (1UL << 30) /* what an unlimited stack is taken for */
/* arch_prctl of Linux 6.6, which Debian 12's headers do not have */
#define SHADOW_STATUS 0x5005 /* ARCH_SHSTK_STATUS */
#define SHADOW_ON     1UL    /* ARCH_SHSTK_SHSTK */

#define GUESSED_STACK (256UL * 1024)

enum process_state { NOT_BEGUN, IN_THE_MAKING, READY };

/* The page that fork wipes. */
struct life {
	uint64_t generation; /* random, never 0; the last to be written */
	uint32_t state;      /* enum process_state; a futex */
	uint32_t pid;
};

static struct life *life;
static pthread_key_t thread_end;
static uintptr_t main_stack_high;
static uint64_t main_stack_bytes;
/* By this thread's fork: the opening of modules, walks over the loaded objects, and over stacks. */
static __thread bool modules_held __attribute__((tls_model("initial-exec")));
static __thread bool hooks_held __attribute__((tls_model("initial-exec")));
static __thread bool walks_held __attribute__((tls_model("initial-exec")));
static __thread uint64_t mask_before_fork __attribute__((tls_model("initial-exec")));
static __thread uint64_t mask_of_fork __attribute__((tls_model("initial-exec")));
static __thread bool in_fork __attribute__((tls_model("initial-exec")));

void ts_life_stand_down(const char *why)
{
	__atomic_store_n(&ts_hot.passive, 1, __ATOMIC_RELEASE);
	ts_log(TS_LOG_ERROR, "standing down: %s", why);
	ts_report_passive(why);
}

/* Everything that fork copied and that is the parent's. */
static void forget_parent(void)
{
	if (!ts_hot.process)
		return;
	ts_hot.missed = 0;
	ts_flush_forget();
	ts_lanes_forget();
	ts_own_spool_forget();
}

/* What to do about it, where that is known. */
static const char *advice(int result)
{
	switch (result) {
	case -ENOSPC:
		return "; see df, or set TRACESHIM_SPOOL";
	case TS_NOT_OURS:
	case -ENOENT:
	case -ENOTDIR:
	case -EACCES:
	case -EROFS:
		return "; TRACESHIM_SPOOL names another folder";
	default:
		return "";
	}
}

static void make_process(void)
{
	int result;

	forget_parent();
	result = ts_own_spool_create();
	if (result < 0) {
		char why[4400];

		snprintf(why, sizeof(why), "cannot make a spool in %s: %s%s", ts_own_spool_root(),
			 result == TS_NOT_OURS ? "it is not ours alone"
			 : result == -EXDEV    ? "the program has changed its root"
					       : strerrordesc_np(-result),
			 advice(result));
		ts_life_stand_down(why);
		return;
	}
	ts_lanes_begin();
	do
		ts_sys_random(&life->generation, sizeof(life->generation));
	while (life->generation <= TS_LOOK_AGAIN);
	ts_report_reached(ts_hot.process->run_id);
}

/* Once a process; other threads wait for it. */
static void begin_process(void)
{
	uint32_t seen = NOT_BEGUN;

	if (__atomic_compare_exchange_n(&life->state, &seen, IN_THE_MAKING, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		make_process();
		__atomic_store_n(&life->state, READY, __ATOMIC_RELEASE);
		ts_syscall(SYS_futex, (long)&life->state, FUTEX_WAKE, INT_MAX, 0, 0, 0);
		return;
	}
	while (__atomic_load_n(&life->state, __ATOMIC_ACQUIRE) == IN_THE_MAKING)
		ts_syscall(SYS_futex, (long)&life->state, FUTEX_WAIT, IN_THE_MAKING, 0, 0, 0);
}

static void seed(struct ts_id_generator *ids)
{
	uint64_t random[2];

	ts_sys_random(random, sizeof(random));
	*ids = (struct ts_id_generator){.state = random[0], .gamma = random[1] | 1};
}

/*
 * Bounds of a stack that nobody told us: the main thread's, wherever it is now, or a guess around
 * where we are.
 */
static void find_stack(struct ts_context *context, uintptr_t slot)
{
	if (context->stack.high)
		return;
	if (context->tid == (uint32_t)ts_sys_getpid()) {
		context->stack.low = main_stack_high - main_stack_bytes;
		context->stack.high = main_stack_high;
		return;
	}
	context->stack.low = slot - GUESSED_STACK;
	context->stack.high = (slot | 0xffff) + 1;
}

static void begin_thread(struct ts_context *context, uintptr_t slot)
{
	context->tid = (uint32_t)ts_sys_gettid();
	context->error_number = __errno_location();
	find_stack(context, slot);
	seed(&context->ids);
	context->ring = NULL;
	context->pool = NULL;
	ts_lane_take(context);
	context->made_ready = life->generation;
	pthread_setspecific(thread_end, context);
}

bool ts_life_is_guest(void)
{
	uint32_t pid = (uint32_t)ts_sys_getpid();

	if (!life->pid)
		life->pid = pid;
	return life->pid != pid;
}

bool ts_life_has_begun(void)
{
	return life && life->generation && !ts_hot.passive && !ts_life_is_guest();
}

bool ts_life_is_ready(const struct ts_context *context)
{
	return context->ring && context->made_ready == life->generation;
}

/*
 * The child shares this thread's context. It must not find the thread ready: then its first wrapped call
 * takes the slow path, which finds another process there; the parent's next one is made ready again.
 */
void *ts_life_before_vfork(void)
{
	if (ts_interpose_init() < 0)
		return (void *)fork;
	if (life && !life->pid)
		life->pid = (uint32_t)ts_sys_getpid();
	if (ts_context.generation)
		ts_context.generation = TS_LOOK_AGAIN;
	return (void *)ts_real.vfork;
}

bool ts_life_make_ready_blocked(uintptr_t slot, uint64_t mask)
{
	struct ts_context *context = &ts_context;
	int error_number = errno;

	if (ts_life_is_guest())
		return false;
	context->guard = slot;
	if (!life->generation)
		begin_process();
	if (!ts_hot.passive) {
		ts_own_spool_count_missed();
		if (context->made_ready != life->generation || !context->ring)
			begin_thread(context, slot);
		else
			ts_lane_change(context);
		context->generation = life->generation;
		if (!ts_stack_of(context, slot))
			ts_stacks_find(slot);
		ts_flush_start(mask, slot);
	}
	context->guard = 0;
	errno = error_number;
	return !ts_hot.passive;
}

/*
 * Signals wait meanwhile: a handler that jumped out of here would leave the process half made for ever.
 */
bool ts_life_make_ready(uintptr_t slot)
{
	uint64_t before = ts_signals_block();
	bool ready = ts_life_make_ready_blocked(slot, before);

	ts_signals_restore(before);
	return ready;
}

/* The slow path: then the call begins as any other. */
static uintptr_t slow(const struct ts_thunk *thunk, uintptr_t slot)
{
	uintptr_t result = ts_life_make_ready(slot) ? ts_call_begin(thunk, slot) : 0;

	if (result != TS_SLOW)
		return result;
	__atomic_fetch_add(&ts_hot.process->lost[TS_LOST_NO_RING], 1, __ATOMIC_RELAXED);
	return 0;
}

/*
 * The thread's last act that we see (pthread_key_create(3)): calls still open were left with it.
 * What it calls after this, glibc freeing its memory for one, is no longer recorded, for nobody
 * would take its lane back.
 */
static void end_thread(void *value)
{
	struct ts_context *context = value;

	if (context->made_ready == life->generation)
		ts_call_thread_ends();
	context->untraced = true;
	context->inside = 0;
	context->stack.inherited.frame = NULL;
	context->generation = 0;
	if (context->ring)
		ts_lane_give(context);
}

void ts_life_thread_started(uintptr_t stack_high, uint64_t stack_bytes,
			    const struct ts_inherited *inherited)
{
	struct ts_context *context = &ts_context;

	context->stack.high = stack_high;
	context->stack.low = stack_high - stack_bytes;
	context->stack.inherited = *inherited;
	context->inside = inherited->frame != NULL;
}

/*
 * Beside our thread fork takes locks that it does not take in a program of one: a handler that forks in the
 * middle would wait for itself. So signals wait as long as the locks are held, but for a few instructions.
 */
static void before_fork(void)
{
	uint64_t mask = ts_signals_block();

	mask_before_fork = mask;
	/* the flusher first: it may be about to walk */
	ts_flush_hold();
	modules_held = ts_module_hold();
	hooks_held = ts_walk_hold();
	walks_held = ts_callers_hold();
}

static void after_fork_in_parent(void)
{
	ts_flush_go_on();
	ts_walk_go_on(hooks_held);
	ts_callers_go_on();
	ts_module_go_on(modules_held);
	ts_signals_restore(mask_before_fork);
}

/*
 * Little else: the wiped page sends the child's first call down the slow path. Where another thread was in the midst of
 * opening or closing a library, a dlopen would end this process (an assertion of glibc's), and a walk wait for ever.
 */
static void after_fork_in_child(void)
{
	bool idle = ts_walk_is_linker_idle();

	ts_flush_go_on_in_child(modules_held && idle);
	ts_walk_go_on_in_child(hooks_held && idle);
	ts_callers_go_on_in_child(walks_held);
	ts_module_go_on(modules_held && idle);
	ts_signals_restore(in_fork ? mask_of_fork : mask_before_fork);
}

/* The few instructions around the handlers, too; the child's mask is open before others' handlers run. */
__attribute__((visibility("default"))) pid_t fork(void)
{
	uint64_t before;
	pid_t result;

	if (ts_interpose_init() < 0) {
		errno = ENOSYS;
		return -1;
	}
	if (!ts_hot.flusher_runs)
		return ts_real.fork();
	before = ts_signals_block();
	mask_of_fork = before;
	in_fork = true;
	result = ts_real.fork();
	in_fork = false;
	ts_signals_restore(before);
	return result;
}

/* The kernel puts the program's file name at the very top of the main stack. */
static void find_main_stack(void)
{
	const char *top = (const char *)getauxval(AT_EXECFN);
	struct rlimit limit = {.rlim_cur = MAIN_STACK_MOST}; /* where nobody tells */

	ts_syscall(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)&limit, 0, 0);
	main_stack_high = ((uintptr_t)top + strlen(top) + 4096) & ~4095UL;
	main_stack_bytes = limit.rlim_cur < MAIN_STACK_MOST ? limit.rlim_cur : MAIN_STACK_MOST;
}

bool ts_life_on_shadow_stack(void)
{
	uint64_t status = 0; /* a filter may answer 0 and write nothing */

	return ts_syscall(SYS_arch_prctl, SHADOW_STATUS, (long)&status, 0, 0, 0, 0) == 0 &&
	       status & SHADOW_ON;
}

int ts_life_init(void)
{
	life = ts_pages_new(4096);
	if (!life)
		return -ENOMEM;
	if (ts_sys_madvise(life, 4096, MADV_WIPEONFORK) < 0)
		return -ENOSYS;
	life->pid = (uint32_t)ts_sys_getpid();
	ts_interposers_init();
	if (pthread_key_create(&thread_end, end_thread) ||
	    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child))
		return -ENOMEM;
	find_main_stack();
	ts_hot.generation = &life->generation;
	ts_hot.slow = slow;
	return 0;
}

/*
 * A call that began elsewhere set its guard before it read the generation; 50 us later that store
 * has long left its CPU's store buffer, and ts_lanes_drained sees it.
 */
static void meet_other_threads(void)
{
	struct timespec moment = {.tv_nsec = 50000};

	ts_syscall(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
}

/*
 * The folder goes once all it held is stored. Other threads may be in the midst of calls, though: then it stays, and
 * they write to it for as long as they live.
 */
void ts_life_end(void)
{
	uint64_t generation;

	if (!life || !life->generation || ts_life_is_guest())
		return;
	if (!ts_flush_stop() || !ts_lanes_drained())
		return;
	generation = life->generation;
	__atomic_store_n(&ts_hot.passive, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&life->generation, 0, __ATOMIC_SEQ_CST);
	meet_other_threads();
	if (ts_lanes_drained()) {
		ts_own_spool_remove();
	} else {
		__atomic_store_n(&life->generation, generation, __ATOMIC_SEQ_CST);
		__atomic_store_n(&ts_hot.passive, 0, __ATOMIC_SEQ_CST);
	}
}
