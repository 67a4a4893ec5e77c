// SPDX-License-Identifier: Apache-2.0
/* Lanes: rings and frames, from thread to thread. */

#include "lane.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/uio.h>

#include "../hot/call.h"
#include "../system/log.h"
#include "../system/pages.h"
#include "spool.h"

#define RING_MOST   (1024 * 1024)
#define RING_LEAST  (64 * 1024)
#define BUDGET_MOST (64UL * 1024 * 1024)
#define MAX_LANES   TS_ABI_MAX_RINGS

struct lane {
	struct ts_ring ring;
	struct ts_pool pool;
	struct ts_context *owner; /* NULL while the lane changes hands */
};

static struct {
	struct lane *lanes[MAX_LANES];
	uint32_t n;
	uint32_t adding; /* a lock for those who make one */
	uint64_t budget; /* bytes of rings that may still be made; 0 with n == 0: not looked up */
	int64_t spare;   /* bytes of them for threads that have a ring, which is full */
	bool capped;     /* by what a program may have, not by what there is */
} lanes;

static bool told; /* that a thread has none; stays so in what is forked */

/*
 * Half of what the file system has left, within the cap: a container gives /dev/shm 64 MB in all.
 */
static uint64_t find_budget(void)
{
	struct statfs status;
	uint64_t half;

	if (ts_syscall(SYS_statfs, (long)ts_own_spool_folder(), (long)&status, 0, 0, 0, 0) < 0)
		return RING_MOST;
	half = (uint64_t)status.f_bavail * (uint64_t)status.f_bsize / 2;
	lanes.capped = half >= BUDGET_MOST;
	return lanes.capped ? BUDGET_MOST : half;
}

/*
 * 1 MB for the first eight threads, half of that for the next eight, and so on: room for hundreds. Of
 * what is left no more than a quarter: where there is little, many small rings serve better than a few.
 */
static uint64_t ring_bytes(void)
{
	uint64_t bytes = RING_MOST;

	for (uint32_t n = lanes.n / 8; n && bytes > RING_LEAST; n /= 2)
		bytes /= 2;
	while (bytes > lanes.budget / 4 && bytes > RING_LEAST)
		bytes /= 2;
	return bytes <= lanes.budget ? bytes : 0;
}

/* The file's pages, with the first of its data again behind the last: records never wrap. */
static char *map_ring(int fd, uint64_t bytes)
{
	uint64_t all = TS_ABI_PAGE + bytes + TS_RING_MIRROR;
	char *at = ts_sys_mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			       -1, 0);
	char *file, *mirror;

	if (ts_sys_failed(at))
		return NULL;
	file = ts_sys_mmap(at, TS_ABI_PAGE + bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			   fd, 0);
	mirror = ts_sys_mmap(at + TS_ABI_PAGE + bytes, TS_RING_MIRROR, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_FIXED, fd, TS_ABI_PAGE);
	if (ts_sys_failed(file) || ts_sys_failed(mirror)) {
		ts_sys_munmap(at, all);
		return NULL;
	}
	return at;
}

static int make_ring(struct ts_ring *ring, uint32_t index, uint64_t bytes)
{
	char path[4096];
	char *at = NULL;
	int fd, result;

	snprintf(path, sizeof(path), "%s/ring-%u", ts_own_spool_folder(), index);
	fd = ts_sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fd;
	result = ts_sys_fallocate(fd, 0, (long)(TS_ABI_PAGE + bytes));
	if (result == 0)
		at = map_ring(fd, bytes);
	ts_sys_close(fd);
	if (!at) {
		ts_sys_unlink(path);
		return result < 0 ? result : -ENOMEM;
	}
	ring->shared = (struct ts_abi_ring *)at;
	ring->data = at + TS_ABI_PAGE;
	ring->bytes = bytes;
	*ring->shared = (struct ts_abi_ring){
		.magic = TS_ABI_RING_MAGIC,
		.version = TS_ABI_VERSION,
		.index = index,
		.bytes = bytes,
		.state = TS_RING_OWNED,
	};
	return 0;
}

/* With a ring of so many bytes, or as many as the next has. 0; or a negative errno, -EDQUOT: a program has no more. */
static int make_lane(uint64_t bytes, struct lane **ret)
{
	struct lane *lane;
	int result;

	if (!lanes.n && !lanes.budget) {
		lanes.budget = find_budget();
		lanes.spare = (int64_t)lanes.budget / 4;
	}
	if (!bytes)
		bytes = ring_bytes();
	if (!bytes || lanes.n == MAX_LANES)
		return lanes.capped || lanes.n == MAX_LANES ? -EDQUOT : -ENOSPC;
	lane = ts_pages_new(sizeof(*lane));
	if (!lane)
		return -ENOMEM;
	result = make_ring(&lane->ring, lanes.n, bytes);
	if (result < 0) {
		ts_pages_free(lane, sizeof(*lane));
		return result;
	}
	lanes.budget -= bytes;
	*ret = lane;
	return 0;
}

/* 0, or as make_lane. */
static int add_lane(uint32_t tid, uint64_t bytes, struct lane **ret)
{
	int result;

	for (unsigned int turn = 0; __atomic_exchange_n(&lanes.adding, 1, __ATOMIC_ACQUIRE); turn++)
		ts_sys_give_way(turn);
	result = make_lane(bytes, ret);
	if (result == 0) {
		(*ret)->ring.tid = tid;
		lanes.lanes[lanes.n] = *ret;
		__atomic_store_n(&lanes.n, lanes.n + 1, __ATOMIC_RELEASE);
		/* release: the reader that sees the count finds the file */
		__atomic_store_n(&ts_hot.process->n_rings, lanes.n, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&lanes.adding, 0, __ATOMIC_RELEASE);
	return result;
}

/*
 * Has the owner ended without giving the lane back? One whose first wrapped call came when glibc
 * already took the thread apart (its free of the thread's memory, say) had no destructor left to do
 * so.
 */
static bool is_orphan(uint32_t tid)
{
	return ts_syscall(SYS_tgkill, ts_sys_getpid(), tid, 0, 0, 0, 0) == -ESRCH;
}

/* Pages for a ring whose own were given back; where the kernel knows no MADV_POPULATE_WRITE, by its path. */
static bool get_pages(const struct ts_ring *ring)
{
	char path[4096];
	int fd, result;

	if (ts_sys_madvise(ring->data, ring->bytes, MADV_POPULATE_WRITE) == 0)
		return true;
	snprintf(path, sizeof(path), "%s/ring-%u", ts_own_spool_folder(), ring->shared->index);
	fd = ts_sys_open(path, O_RDWR | O_NOFOLLOW, 0);
	if (fd < 0)
		return false;
	result = ts_sys_fallocate(fd, 0, (long)(TS_ABI_PAGE + ring->bytes));
	ts_sys_close(fd);
	return result == 0;
}

/* Makes the ring of a lane that is ours a thread's. False: it has no pages, or is about to lose them. */
static bool own_ring(struct ts_ring *ring)
{
	uint32_t *state = &ring->shared->state, seen = TS_RING_FREE;

	/* acquire: the reader has given back what it gave back */
	if (__atomic_compare_exchange_n(state, &seen, TS_RING_OWNED, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE) ||
	    seen == TS_RING_OWNED)
		return true;
	if (seen != TS_RING_RESTED || !get_pages(ring))
		return false;
	__atomic_store_n(state, TS_RING_OWNED, __ATOMIC_RELEASE);
	return true;
}

/*
 * A lane that nobody owns, or, with `orphans`, nobody any more; with room: a reader that lags must not
 * cost a new thread its spans.
 */
static struct lane *reuse_lane(uint32_t tid, bool orphans, uint64_t most_unread)
{
	uint32_t n = __atomic_load_n(&lanes.n, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++) {
		struct lane *lane = lanes.lanes[i];
		struct ts_abi_ring *shared = lane->ring.shared;
		uint32_t last = __atomic_load_n(&lane->ring.tid, __ATOMIC_ACQUIRE);

		if ((last && !(orphans && is_orphan(last))) ||
		    shared->head - __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE) >
			    shared->bytes / most_unread)
			continue;
		/* acquire: pairs with the release in ts_lane_give */
		if (!__atomic_compare_exchange_n(&lane->ring.tid, &last, tid, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		if (own_ring(&lane->ring))
			return lane;
		__atomic_store_n(&lane->ring.tid, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* The first event of each owner. */
static void write_thread(struct ts_ring *ring, uint32_t tid)
{
	struct ts_event_thread *thread = (struct ts_event_thread *)ts_ring_at_head(ring);

	if (ts_ring_room(ring, sizeof(*thread)) < sizeof(*thread))
		return;
	*thread = (struct ts_event_thread){
		.event = {.type = TS_EVENT_THREAD, .bytes = sizeof(*thread)},
		.tid = tid,
	};
	ts_syscall(SYS_prctl, PR_GET_NAME, (long)thread->name, 0, 0, 0, 0);
	ts_ring_commit(ring, sizeof(*thread));
}

bool ts_lanes_begin(void)
{
	/* the process's first thread is there as long as the process is, if only as a zombie */
	struct lane *lane;

	if (add_lane((uint32_t)ts_sys_getpid(), RING_LEAST, &lane) < 0)
		return false;
	lane->ring.shared->owner_tid = (uint32_t)ts_sys_getpid();
	ts_hot.overflow = &lane->ring;
	ts_hot.overflow_taken = 0;
	return true;
}

/* A thread goes unrecorded: once, for there may be thousands. */
static void tell(int why)
{
	const char *root = ts_own_spool_root();

	if (__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		return;
	if (why == -EDQUOT)
		ts_log(TS_LOG_INFO, /* a limit that is written down, and nothing to be done */
		       "%u threads have rings, more there cannot be: calls of others are not "
		       "traced",
		       lanes.n);
	else if (why == -ENOSPC)
		ts_log(TS_LOG_ERROR,
		       "no room for events in %s: calls are not traced; see df %s, or set "
		       "TRACESHIM_SPOOL",
		       root, root);
	else
		ts_log(TS_LOG_ERROR, "cannot make a ring in %s: calls are not traced: %s",
		       ts_own_spool_folder(), strerrordesc_np(-why));
}

/* So that no store on the fast path faults; kernels before 5.14 fault instead. 0, or as add_lane. */
static int add_touched(uint32_t tid, struct lane **ret)
{
	int result = add_lane(tid, 0, ret);

	if (result == 0)
		ts_sys_madvise((*ret)->ring.shared, TS_ABI_PAGE + (*ret)->ring.bytes,
			       MADV_POPULATE_WRITE);
	return result;
}

static void own(struct lane *lane, struct ts_context *context)
{
	lane->ring.shared->owner_tid = context->tid;
	__atomic_store_n(&lane->owner, context, __ATOMIC_RELEASE);
	context->ring = &lane->ring;
	context->pool = &lane->pool;
	write_thread(&lane->ring, context->tid);
}

bool ts_lane_take(struct ts_context *context)
{
	struct lane *lane = reuse_lane(context->tid, false, 2);
	int result = 0;

	if (!lane)
		lane = reuse_lane(context->tid, true, 2);
	if (!lane)
		result = add_touched(context->tid, &lane);
	if (result < 0)
		lane = reuse_lane(context->tid, true, 1);
	if (!lane) {
		tell(result);
		return false;
	}
	own(lane, context);
	return true;
}

/* A new lane out of what is spare. NULL: there is none. */
static struct lane *add_spare(uint32_t tid)
{
	int64_t left = __atomic_load_n(&lanes.spare, __ATOMIC_RELAXED);
	struct lane *lane;

	if (left < RING_MOST || add_touched(tid, &lane) < 0)
		return NULL;
	__atomic_fetch_sub(&lanes.spare, (int64_t)lane->ring.bytes, __ATOMIC_RELAXED);
	return lane;
}

void ts_lane_change(struct ts_context *context)
{
	const struct ts_failure *failure = &context->pool->failure;
	struct lane *lane;

	ts_ring_look_again(context->ring);
	if (context->ring->head - context->ring->tail < context->ring->bytes / 2)
		return;
	lane = reuse_lane(context->tid, false, 2);
	if (!lane)
		lane = add_spare(context->tid);
	if (!lane)
		return;
	lane->pool.failure = *failure;
	ts_lane_give(context);
	own(lane, context);
}

void ts_lane_give(struct ts_context *context)
{
	uint32_t n = __atomic_load_n(&lanes.n, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++) {
		struct lane *lane = lanes.lanes[i];

		if (&lane->ring != context->ring)
			continue;
		context->ring = NULL;
		context->pool = NULL;
		/* release: who gives its pages back sees head where it stays */
		__atomic_store_n(&lane->ring.shared->state, TS_RING_FREE, __ATOMIC_RELEASE);
		__atomic_store_n(&lane->owner, NULL, __ATOMIC_RELAXED);
		/* release: the next owner finds ring and pool as we left them */
		__atomic_store_n(&lane->ring.tid, 0, __ATOMIC_RELEASE);
		return;
	}
}

/*
 * Is its owner inside the shim? Its context may be gone with it, so the kernel is asked to read it.
 */
static bool is_busy(const struct lane *lane)
{
	struct ts_context *owner = __atomic_load_n(&lane->owner, __ATOMIC_ACQUIRE);
	uintptr_t guard = 0;
	struct iovec to = {&guard, sizeof(guard)};
	struct iovec from = {owner ? &owner->guard : NULL, sizeof(guard)};

	if (!owner || owner == &ts_context)
		return false;
	ts_syscall(SYS_process_vm_readv, ts_sys_getpid(), (long)&to, 1, (long)&from, 1, 0);
	return guard != 0;
}

/* Waits, briefly, until its owner is not inside the shim. */
static bool is_quiet(const struct lane *lane)
{
	for (int i = 0; i < 1000; i++) {
		if (!is_busy(lane))
			return true;
		ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	return false;
}

/* Calls that were not recorded. */
static uint64_t unrecorded(const uint64_t *lost)
{
	return lost[TS_LOST_RING_FULL] + lost[TS_LOST_NO_RING] + lost[TS_LOST_TOO_DEEP] +
	       lost[TS_LOST_REENTERED] + lost[TS_LOST_ABANDONED];
}

bool ts_lanes_drained(void)
{
	uint64_t begun = unrecorded(ts_hot.process->lost) +
			 __atomic_load_n(&ts_hot.process->wire[TS_WIRE_RECORDED], __ATOMIC_RELAXED);
	uint32_t n = __atomic_load_n(&lanes.n, __ATOMIC_ACQUIRE);

	if (ts_hot.process->lost[TS_LOST_END])
		return false; /* a call without an end: whoever takes the spool over says so */
	for (uint32_t i = 0; i < n; i++) {
		struct lane *lane = lanes.lanes[i];
		struct ts_ring *ring = &lane->ring;

		if (!is_quiet(lane) || ring->shared->lost[TS_LOST_END] ||
		    ring->reserved != __atomic_load_n(&ring->released, __ATOMIC_RELAXED) ||
		    ring->head != __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE) ||
		    ring->shared->begun != ring->shared->settled)
			return false;
		begun += ring->shared->begun + unrecorded(ring->shared->lost);
	}
	return begun == __atomic_load_n(&ts_hot.process->told, __ATOMIC_ACQUIRE);
}

void ts_lanes_forget(void)
{
	memset(&lanes, 0, sizeof(lanes));
	ts_hot.overflow = NULL;
}
