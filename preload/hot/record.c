// SPDX-License-Identifier: Apache-2.0
/* What few begins and ends need. */

#include "record.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "hot.h"

/*
 * Now and then, while a thread has no ring or a full one: its next call takes the slow path, which looks for
 * another.
 */
bool ts_record_asks(struct ts_context *context)
{
	uint32_t calls = ++context->ring_retry;

	return !(calls & (calls - 1)) || calls % 1024 == 0;
}

void ts_record_lost(struct ts_context *context, enum ts_lost why)
{
	if (why == TS_LOST_RING_FULL && ts_record_asks(context))
		context->generation = TS_LOOK_AGAIN;
	if (context->ring)
		ts_ring_count_lost(context->ring, why);
	else if (ts_hot.process)
		__atomic_fetch_add(&ts_hot.process->lost[why], 1, __ATOMIC_RELAXED);
}

/*
 * Wakes the flusher; the kernel keeps every register but rax, rcx and r11. Where it could not be started
 * yet, or does not come, this thread's next call takes the slow path, which sees to it.
 */
void ts_record_wake(struct ts_context *context)
{
	struct ts_abi_process *process = ts_hot.process;
	long result;

	if (!ts_hot.flusher_runs || ts_ring_is_nearly_full(context->ring))
		context->generation = TS_LOOK_AGAIN;
	if (!ts_hot.flusher_runs)
		return;
	__atomic_fetch_add(&process->wake, 1, __ATOMIC_RELEASE);
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_futex), "D"(&process->wake), "S"(FUTEX_WAKE), "d"(1)
			 : "rcx", "r11", "memory");
	(void)result;
}

/* A ring that threads have left has its room for ends all the same. False: one owns it, or its pages are gone. */
static bool take_left(struct ts_ring *ring, uint32_t tid)
{
	uint32_t nobody = 0, state = TS_RING_FREE;

	/* acquire: pairs with the releases in lane.c and ts_record_give_ring */
	if (!__atomic_compare_exchange_n(&ring->tid, &nobody, tid, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	if (__atomic_compare_exchange_n(&ring->shared->state, &state, TS_RING_OWNED, false,
					__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return true;
	__atomic_store_n(&ring->tid, 0, __ATOMIC_RELEASE);
	return false;
}

/*
 * The process's own ring, for ends that find no room in a ring of the thread's; taken for one
 * event. False: it is full, or another thread holds it for longer than this one should wait.
 */
static bool take_overflow(struct ts_ring *ring)
{
	for (int i = 0; ring && i < 1000; i++) {
		if (__atomic_exchange_n(&ts_hot.overflow_taken, 1, __ATOMIC_ACQUIRE)) {
			__builtin_ia32_pause();
			continue;
		}
		if (ts_ring_room(ring, TS_EVENT_END_BYTES) >= TS_EVENT_END_BYTES)
			return true;
		__atomic_store_n(&ts_hot.overflow_taken, 0, __ATOMIC_RELEASE);
		break;
	}
	return false;
}

cold struct ts_ring *ts_record_take_ring(struct ts_context *context, const struct ts_frame *frame)
{
	if (take_left(frame->ring, context->tid))
		return frame->ring;
	if (take_overflow(ts_hot.overflow))
		return ts_hot.overflow;
	ts_record_lost(context, TS_LOST_END);
	return NULL;
}

cold void ts_record_give_ring(struct ts_ring *ring)
{
	if (ring == ts_hot.overflow) {
		__atomic_store_n(&ts_hot.overflow_taken, 0, __ATOMIC_RELEASE);
		return;
	}
	/* as in ts_lane_give */
	__atomic_store_n(&ring->shared->state, TS_RING_FREE, __ATOMIC_RELEASE);
	__atomic_store_n(&ring->tid, 0, __ATOMIC_RELEASE);
}
